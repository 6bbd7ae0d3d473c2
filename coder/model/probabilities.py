"""The class axis as a type: probabilities that never travel without their codes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from coder.schemes import Scheme

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Probabilities:
    """Calibrated probabilities of n records over codes of one scheme that exclude each other.

    `codes` are leaves of the scheme, or, after `at_level`, the codes of that level (and the
    leaves that are coarser than it). `values` is float32 of shape (n, len(codes)); each row
    sums to 1, or to 0 where nothing could be said.
    """

    scheme: Scheme
    codes: tuple[str, ...]
    values: Floats

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.codes):
            raise ValueError(
                f"{self.values.shape} probabilities do not fit {len(self.codes)} codes"
            )

    def __len__(self) -> int:
        return int(self.values.shape[0])

    @cached_property
    def column(self) -> dict[str, int]:
        """Column number of each code."""
        return {code: i for i, code in enumerate(self.codes)}

    def at_level(self, level: int) -> Probabilities:
        """The same probabilities at a coarser level: a parent has the sum of its children.

        A leaf that is itself coarser than `level` (injury-type 4 has no children) is kept.
        """
        parents = [self.scheme.ancestor(code, level) for code in self.codes]
        codes = tuple(dict.fromkeys(parents))
        if len(codes) == len(self.codes):
            return Probabilities(self.scheme, codes, self.values)
        place = {code: i for i, code in enumerate(codes)}
        target = np.array([place[code] for code in parents])
        # sort columns by parent once: reduceat sums neighbours without a dense incidence matrix
        order = np.argsort(target, kind="stable")
        starts = np.searchsorted(target[order], np.arange(len(codes)))
        values = np.add.reduceat(self.values[:, order], starts, axis=1)
        return Probabilities(self.scheme, codes, values.astype(np.float32))

    def top(self, k: int) -> tuple[NDArray[np.intp], Floats]:
        """Column numbers and probabilities of the k best codes per record, best first.

        Both of shape (n, min(k, codes)). Ties go to the earlier code, so that the answer does
        not depend on the machine.
        """
        k = min(k, len(self.codes))
        if k < len(self.codes) // 2:
            part = np.argpartition(-self.values, k - 1, axis=1)[:, :k]
            part.sort(axis=1)
        else:
            part = np.broadcast_to(np.arange(len(self.codes)), self.values.shape)
        values = np.take_along_axis(self.values, part, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(part, order, axis=1), np.take_along_axis(values, order, axis=1)

    def take(self, rows: NDArray[np.intp]) -> Probabilities:
        """The same for some rows, in the order given."""
        return Probabilities(self.scheme, self.codes, self.values[rows])
