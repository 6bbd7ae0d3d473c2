"""The fast tier's encoder: a text is the mean of its tokens' vectors, looked up in a table."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coder.model.encoder.stored import Stored

VECTORS = "vectors.safetensors"


class StaticEncoder(Stored):
    """See `coder.model.encoder.Encoder`. The table is int8 with a scale per token."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, VECTORS)

    @cached_property
    def _table(self) -> NDArray[np.float32]:
        from safetensors.numpy import load_file

        arrays = load_file(self.folder / VECTORS)
        table: NDArray[np.float32] = arrays["vectors"] * arrays["scale"][:, None]
        return table

    def _run(self, texts: Sequence[str]) -> NDArray[np.float32]:
        found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        ids = [one.ids for one in found]
        ends = np.concatenate([[0], np.cumsum([len(one) for one in ids])])
        flat = np.fromiter((i for one in ids for i in one), np.int32, int(ends[-1]))
        counts = sparse.csr_matrix(
            (np.ones(len(flat), np.float32), flat, ends), (len(ids), len(self._table))
        )
        sums: NDArray[np.float32] = counts @ self._table
        length = np.sqrt((sums.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
        unit: NDArray[np.float32] = (sums / np.maximum(length, 1e-9)).astype(np.float32)
        return unit
