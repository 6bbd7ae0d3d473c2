"""Linear weights, and how they lie on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coder.model.softmax import Floats

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Linear:
    """Quantised weights. Scores are X @ sparse + E @ dense + bias, (n, k).

    `sparse` is (features, k) CSR float32, `dense` (dims, k), `bias` (k,). `context` is how much
    the scores of the context fields count beside the main text's.
    """

    sparse: sparse.csr_matrix
    dense: Floats
    bias: Floats
    context: float

    def stored(self) -> Linear:
        """The weights as they will be read back, so that what is measured is what is shipped."""
        return unpack(pack(self), self.dense.shape[1], self.context)


def pack(linear: Linear, prefix: str = "") -> dict[str, NDArray[Any]]:
    """The arrays on disk: sparse weights as int8 with one scale per feature, dense as float16."""
    value = linear.sparse.data
    counts = np.diff(linear.sparse.indptr)
    rows = np.repeat(np.arange(len(counts)), counts)
    scale = np.zeros(len(counts), np.float32)
    np.maximum.at(scale, rows, np.abs(value))
    scale /= 127
    narrow = np.uint8 if linear.sparse.shape[1] <= 256 else np.uint16
    arrays = {
        "sparse.count": counts.astype(np.uint16),
        "sparse.column": linear.sparse.indices.astype(narrow),
        "sparse.value": np.rint(value / scale[rows]).astype(np.int8),
        "sparse.scale": scale,
        "dense": linear.dense.astype(np.float16),
        "bias": linear.bias,
    }
    return {prefix + name: array for name, array in arrays.items()}


def unpack(arrays: Arrays, codes: int, context: float, prefix: str = "") -> Linear:
    """The inverse of `pack`. Raises KeyError or ValueError for arrays that do not fit."""
    count = arrays[prefix + "sparse.count"].astype(np.int64)
    scale = np.repeat(arrays[prefix + "sparse.scale"], count)
    weights = sparse.csr_matrix(
        (
            (arrays[prefix + "sparse.value"] * scale).astype(np.float32),
            arrays[prefix + "sparse.column"].astype(np.int32),
            np.concatenate([[0], np.cumsum(count)]).astype(np.int32),
        ),
        shape=(len(count), codes),
    )
    dense = arrays[prefix + "dense"].astype(np.float32)
    return Linear(weights, dense, arrays[prefix + "bias"], context)
