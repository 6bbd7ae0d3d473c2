"""The fast tier's encoder: a text is the mean of its tokens' vectors, looked up in a table."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coder.model.encoder.stored import Stored

VECTORS = "vectors.safetensors"
_REMEMBERED = 200_000  # words whose tokens are kept


class StaticEncoder(Stored):
    """See `coder.model.encoder.Encoder`. The table is int8 with a scale per token."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, VECTORS)
        self._known: dict[str, list[int]] = {}  # a word's tokens

    @cached_property
    def _table(self) -> NDArray[np.float32]:
        from safetensors.numpy import load_file

        arrays = load_file(self.folder / VECTORS)
        table: NDArray[np.float32] = arrays["vectors"] * arrays["scale"][:, None]
        return table

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_known": {}}  # words of texts stay in this process

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each text; texts repeat their words, and a word has the same everywhere."""
        known = self._known if len(self._known) < _REMEMBERED else {}
        words = [text.split(" ") for text in texts]
        new = list(dict.fromkeys(w for some in words for w in some if w not in known))
        found = self._tokenizer.encode_batch_fast(new, add_special_tokens=False)
        known |= {word: one.ids for word, one in zip(new, found, strict=True)}
        self._known = known
        most = self._max_tokens
        return [list(chain.from_iterable(map(known.__getitem__, some)))[:most] for some in words]

    def _run(self, texts: Sequence[str]) -> NDArray[np.float32]:
        ids = self._tokens(texts)
        ends = np.concatenate([[0], np.cumsum([len(one) for one in ids])])
        flat = np.fromiter(chain.from_iterable(ids), np.int32, int(ends[-1]))
        counts = sparse.csr_matrix(
            (np.ones(len(flat), np.float32), flat, ends), (len(ids), len(self._table))
        )
        sums: NDArray[np.float32] = counts @ self._table
        length = np.sqrt((sums.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
        unit: NDArray[np.float32] = (sums / np.maximum(length, 1e-9)).astype(np.float32)
        return unit
