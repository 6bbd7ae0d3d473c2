"""An encoder that remembers on disk: training again on the same texts costs no embedding."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from joblib import Memory
from numpy.typing import NDArray

from coder.model.encoder import Encoder


class CachedEncoder:
    """See `coder.model.encoder.Encoder`. `cache` holds vectors only, no texts."""

    def __init__(self, encoder: Encoder, cache: Path) -> None:
        self._encoder = encoder
        self.name, self.fingerprint = encoder.name, encoder.fingerprint
        self.folder = encoder.folder
        self.dimensions = encoder.dimensions
        self._remember = Memory(cache, verbose=0).cache(_encode, ignore=["encoder", "texts"])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embeddings (n, dimensions), computed or remembered."""
        key = hashlib.sha256("\0".join([self.fingerprint, *texts]).encode()).hexdigest()
        found: NDArray[np.float32] = self._remember(key=key, encoder=self._encoder, texts=texts)
        return found


def _encode(key: str, encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float32]:  # noqa: ARG001  # the key is what joblib remembers by
    return encoder.encode(texts)
