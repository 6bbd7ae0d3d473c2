"""What has been seen before, in 24 bytes each: for identical texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


def hashes(keys: Sequence[str]) -> Hashes:
    """A 128-bit BLAKE2b hash of each key, as an (n, 2) array."""
    joined = b"".join(
        hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        for key in keys
    )
    return np.frombuffer(joined, dtype="<u8").reshape(-1, 2).astype(np.uint64)


def joined(parts: Iterable[Ints]) -> Ints:
    """All parts after one another; there may be none."""
    return np.concatenate([np.zeros(0, np.int64), *parts])


class _Run(NamedTuple):
    """Sorted first halves with their second halves and values."""

    first: Hashes
    second: Hashes
    values: Ints


class Seen:
    """A growing map from hash to a number, looked up and extended a block at a time.

    Sorted runs are merged when they reach similar size, so n keys cost O(n log n) in all and
    memory stays at 24 bytes a key. Two keys are the same when all 128 bits agree; where only
    the first 64 do, the later key may count as new again, never as the other one.
    """

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    def __len__(self) -> int:
        return sum(len(run.values) for run in self._runs)

    def find(self, keys: Hashes) -> Ints:
        """The value of each key, -1 where it is new."""
        result = np.full(len(keys), -1, dtype=np.int64)
        for run in self._runs:
            place = np.searchsorted(run.first, keys[:, 0])
            place[place == len(run.first)] = 0
            hit = (run.first[place] == keys[:, 0]) & (run.second[place] == keys[:, 1])
            result[hit] = run.values[place[hit]]
        return result

    def add(self, keys: Hashes, values: Ints) -> None:
        """Add keys that are new and distinct, each with a value of 0 or more."""
        if not len(keys):
            return
        order = np.argsort(keys[:, 0], kind="stable")
        self._runs.append(_Run(keys[order, 0], keys[order, 1], values[order]))
        while len(self._runs) > 1 and len(self._runs[-2].values) <= 2 * len(self._runs[-1].values):
            later, earlier = self._runs.pop(), self._runs.pop()
            self._runs.append(_merged(earlier, later))


def _merged(one: _Run, other: _Run) -> _Run:
    first = np.concatenate([one.first, other.first])
    order = np.argsort(first, kind="stable")
    return _Run(
        first[order],
        np.concatenate([one.second, other.second])[order],
        np.concatenate([one.values, other.values])[order],
    )
