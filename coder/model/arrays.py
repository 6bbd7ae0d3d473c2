"""Linear weights, and how they lie on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coder.model.softmax import Floats

Arrays = Mapping[str, NDArray[Any]]

_BLOCK: Final = 256


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
    """The arrays on disk: sparse weights as int8 with one scale per feature, dense as float16.

    Codes come in blocks of 256, so that a column takes one byte: `sparse.count` (features,
    blocks) says how many weights each feature has in each.
    """
    features, codes = linear.sparse.shape
    held = linear.sparse.sorted_indices()
    value, column = held.data, held.indices
    rows = np.repeat(np.arange(features), np.diff(held.indptr))
    scale = np.zeros(features, np.float32)
    np.maximum.at(scale, rows, np.abs(value))
    scale /= 127
    blocks = -(-codes // _BLOCK)
    count = np.bincount(rows * blocks + column // _BLOCK, minlength=features * blocks)
    arrays = {
        "sparse.count": count.reshape(features, blocks).astype(np.uint16),
        "sparse.column": (column % _BLOCK).astype(np.uint8),
        "sparse.value": np.rint(value / scale[rows]).astype(np.int8),
        "sparse.scale": scale,
        "dense": linear.dense.astype(np.float16),
        "bias": linear.bias,
    }
    return {prefix + name: array for name, array in arrays.items()}


def unpack(arrays: Arrays, codes: int, context: float, prefix: str = "") -> Linear:
    """The inverse of `pack`. Raises KeyError or ValueError for arrays that do not fit.

    Before format 3 there was one block, of any number of codes.
    """
    found = arrays[prefix + "sparse.count"].astype(np.int64)
    blocks = found.reshape(len(found), -1)
    count = blocks.sum(axis=1)
    first = np.tile(np.arange(blocks.shape[1], dtype=np.int32) * _BLOCK, len(found))
    scale = np.repeat(arrays[prefix + "sparse.scale"], count)
    weights = sparse.csr_matrix(
        (
            (arrays[prefix + "sparse.value"] * scale).astype(np.float32),
            arrays[prefix + "sparse.column"].astype(np.int32) + np.repeat(first, blocks.ravel()),
            np.concatenate([[0], np.cumsum(count)]).astype(np.int32),
        ),
        shape=(len(count), codes),
    )
    dense = arrays[prefix + "dense"].astype(np.float32)
    return Linear(weights, dense, arrays[prefix + "bias"], context)
