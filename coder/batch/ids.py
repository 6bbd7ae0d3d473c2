"""Ids that recur, found on disk: memory does not grow with the number of records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coder.batch.blocks import Block
from coder.batch.seen import Hashes, Ints, hashes, joined
from coder.batch.store import remove

#: Files that ids are dealt to by their key; one at a time is sorted in memory.
BUCKETS: Final = 256
#: Ids held until they are dealt.
_HELD: Final = 1 << 19
_ROW_BITS: Final = 40
_WIDTH: Final = 3  # two halves of a key and a place
_SHORT: Final = 16  # bytes
#: Spreads keys over the buckets (Knuth, Fibonacci hashing): ids often begin alike.
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)


def id_keys(ids: pa.Array) -> Hashes:
    """128 bits for each id (n, 2): its UTF-8 bytes where they fit, else their hash.

    Ids hold no NUL, so a short one and its padding cannot be another one.
    """
    lengths = pc.binary_length(ids).to_numpy(zero_copy_only=False)
    keys = np.zeros((len(ids), _SHORT), np.uint8)
    short = np.flatnonzero(lengths <= _SHORT)
    held = np.arange(_SHORT) < lengths[short, None]
    some = ids.take(pa.array(short)).cast(pa.large_binary())
    _, starts, data = some.buffers()
    ends = np.frombuffer(starts, np.int64)[: len(some) + 1]
    letters = np.zeros((len(short), _SHORT), np.uint8)
    letters[held] = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]] if held.any() else 0
    keys[short] = letters
    out: Hashes = keys.view("<u8")
    long = np.flatnonzero(lengths > _SHORT)
    out[long] = hashes(ids.take(pa.array(long)).to_pylist())
    return out


def places(block: Block, source: int) -> Ints:
    """Where each row of a block stands: larger for later sources and for later rows."""
    return (source << _ROW_BITS) | block.rows


def source_and_row(place: int) -> tuple[int, int]:
    """What `places` made of a source and a row."""
    return place >> _ROW_BITS, place & ((1 << _ROW_BITS) - 1)


@dataclass(frozen=True, slots=True)
class Repeated:
    """Records whose id an earlier record has: their places, ascending, and the first one's."""

    later: Ints
    first: Ints

    def __len__(self) -> int:
        return len(self.later)

    def among(self, at: Ints) -> dict[int, int]:
        """Of the records at these places, by number those that are repeated: the first's place."""
        found = np.searchsorted(self.later, at)
        found[found == len(self.later)] = 0
        here = np.flatnonzero(self.later[found] == at) if len(self) else np.zeros(0, np.int64)
        return dict(zip(here.tolist(), self.first[found[here]].tolist(), strict=True))


class Ids:
    """Takes the keys of ids in reading order, and says in the end which came twice."""

    def __init__(self, folder: Path) -> None:
        remove(folder)
        folder.mkdir()
        self._folder = folder
        self._waiting: list[Hashes] = []
        self._count = 0

    def add(self, keys: Hashes, at: Ints) -> None:
        """The keys (n, 2) of ids and the places (n,) of their records."""
        self._waiting.append(np.column_stack([keys, at.astype(np.uint64)]))
        self._count += len(keys)
        if self._count >= _HELD:
            self._deal()

    def repeated(self) -> Repeated:
        """All records but the first of each id; the files are gone afterwards."""
        self._deal()
        found = [_repeated(np.fromfile(path, np.uint64)) for path in self._folder.iterdir()]
        remove(self._folder)
        later, first = (joined(pair[n] for pair in found) for n in (0, 1))
        order = np.argsort(later)
        return Repeated(later[order], first[order])

    def _deal(self) -> None:
        if not self._count:
            return
        entries = np.concatenate(self._waiting)
        mixed = entries[:, 0] ^ entries[:, 1] * _SPREAD
        bucket = ((mixed ^ mixed >> np.uint64(32)) * _SPREAD >> np.uint64(48)) % BUCKETS
        order = np.argsort(bucket, kind="stable")
        ends = np.searchsorted(bucket[order], np.arange(BUCKETS + 1))
        entries = entries[order]
        for number in np.flatnonzero(np.diff(ends)).tolist():
            with (self._folder / str(number)).open("ab") as file:
                entries[ends[number] : ends[number + 1]].tofile(file)
        self._waiting, self._count = [], 0


def _repeated(numbers: Hashes) -> tuple[Ints, Ints]:
    """Of one bucket: places of records after the first of their id, and that first one's."""
    entries = numbers.reshape(-1, _WIDTH)
    entries = entries[np.lexsort(entries.T[::-1])]
    again = np.zeros(len(entries), np.bool_)
    again[1:] = (entries[1:, :2] == entries[:-1, :2]).all(axis=1)
    starts = np.maximum.accumulate(np.where(again, 0, np.arange(len(entries))))
    at = entries[:, 2].astype(np.int64)
    return at[again], at[starts[again]]
