"""Embeddings remembered on disk, so that a text is embedded once for all benchmarks and seeds.

A file holds vectors and hashes of the texts, no texts. It imports nothing of narracoder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Encode = Callable[[Sequence[str]], npt.NDArray[np.float32]]
STEP = 1000  # texts between two writes: a run that is cut short goes on from here


class Vectors:
    """`encode` with a memory in the folder `store`; `name` tells encoders apart."""

    def __init__(self, encode: Encode, store: Path, name: str) -> None:
        self._encode, self._folder = encode, store / name
        self._known: dict[bytes, npt.NDArray[np.float32]] = {}
        for path in sorted(self._folder.glob("*.npz")):
            with np.load(path) as found:
                keys = found["keys"].reshape(-1, 32)
                rows = zip(keys, found["vectors"], strict=True)
                self._known.update({key.tobytes(): vector for key, vector in rows})

    def of(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors (n, dimensions), computed or remembered."""
        keys = [hashlib.sha256(text.encode()).digest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        waiting = sorted(new.items(), key=lambda one: len(one[1]))
        for start in range(0, len(waiting), STEP):
            self._add(waiting[start : start + STEP])
        return np.stack([self._known[key] for key in keys])

    def _add(self, part: Sequence[tuple[bytes, str]]) -> None:
        vectors = self._encode([text for _, text in part])
        found = [key for key, _ in part]
        self._known.update(zip(found, vectors, strict=True))
        self._folder.mkdir(parents=True, exist_ok=True)
        packed = np.frombuffer(b"".join(found), np.uint8)
        path = self._folder / f"{hashlib.sha256(packed.tobytes()).hexdigest()[:16]}.npz"
        np.savez(path, keys=packed, vectors=vectors)
