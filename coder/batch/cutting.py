"""Texts cut into batches: so many texts, or fewer where they are long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coder.batch.cells import texts
from coder.batch.seen import Hashes, Ints, hashes
from coder.batch.store import BatchWriter

_BATCH_CHARACTERS: Final = 1 << 23


class Cutter:
    """Takes tables of texts and writes them as batches of `size`."""

    def __init__(self, writer: BatchWriter, size: int) -> None:
        self._writer = writer
        self._size = size
        self._waiting: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        """Append texts; full batches are written."""
        if table.num_rows:
            self._waiting.append(table)
            self._write(everything=False)

    def finish(self) -> None:
        """Write what is waiting for a full batch."""
        if self._waiting:
            self._write(everything=True)

    def _write(self, *, everything: bool) -> None:
        waiting = pa.concat_tables(self._waiting).combine_chunks()
        start = 0
        for stop in _cuts(waiting, self._size):
            if stop < waiting.num_rows or everything or stop - start == self._size:
                self._writer.write(waiting.slice(start, stop - start))
                start = stop
        self._waiting = [waiting.slice(start)] if start < waiting.num_rows else []


class Distinct(NamedTuple):
    """The distinct rows of a table of texts, in order of appearance.

    keys are their hashes, first where each comes first, number which of them each row is.
    """

    keys: Hashes
    first: Ints
    number: Ints


def distinct_texts(table: pa.Table) -> Distinct:
    """Two rows are the same when all cells are equal."""
    # cells hold no NUL, so joining with it keeps different rows different
    found = _joined(table.columns).dictionary_encode()
    number = found.indices.to_numpy().astype(np.int64)
    first = np.empty(len(found.dictionary), np.int64)
    first[number[::-1]] = np.arange(len(number))[::-1]  # of several, the last written stays
    return Distinct(hashes(found.dictionary.to_pylist()), first, number)


def text_keys(table: pa.Table) -> Hashes:
    """The hash of each row."""
    found = distinct_texts(table)
    keys: Hashes = found.keys[found.number]
    return keys


def _joined(columns: Sequence[pa.ChunkedArray]) -> pa.Array:
    arrays = [texts(column) for column in columns]
    return pc.binary_join_element_wise(*arrays, "\0") if len(arrays) > 1 else arrays[0]


def _cuts(table: pa.Table, size: int) -> list[int]:
    """Where batches end: after `size` texts, or earlier after _BATCH_CHARACTERS characters."""
    lengths = pc.utf8_length(_joined(table.columns)).to_numpy(zero_copy_only=False)
    total = np.cumsum(lengths)
    cuts: list[int] = []
    start, before = 0, 0
    while start < len(total):
        by_length = int(np.searchsorted(total, before + _BATCH_CHARACTERS, side="right"))
        stop = max(min(start + size, by_length), start + 1)
        cuts.append(stop)
        start, before = stop, int(total[stop - 1])
    return cuts
