"""The working folder of a run: Arrow files written whole or not at all, read by batch."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coder.errors import OutputError

WORK: Final = ".work"
_PART: Final = ".part"

Rows = TypeVar("Rows")
#: Batches of which a few rows are taken, until their pages are given back.
_KEPT: Final = 32


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block succeeds."""
    part = path.with_name(path.name + _PART)
    try:
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: object) -> None:
    """Write JSON whole or not at all, keys in the given order, one trailing line end."""
    with whole(path) as part:
        text = json.dumps(content, indent=2, ensure_ascii=False)
        part.write_text(text + "\n", encoding="utf-8")


def write_table(path: Path, table: pa.Table) -> None:
    """Write one table as an Arrow file, whole or not at all."""
    with whole(path) as part, BatchWriter(part, table.schema) as writer:
        writer.write(table)


def to_bytes(table: pa.Table, compression: str | None = None) -> bytes:
    """The table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    out: bytes = sink.getvalue().to_pybytes()
    return out


def from_bytes(stream: bytes) -> pa.Table:
    """The table of an Arrow stream."""
    return pa.ipc.open_stream(stream).read_all()


class Writer(ABC, Generic[Rows]):
    """Takes rows of one schema; the file is complete when the block ends."""

    @abstractmethod
    def write(self, rows: Rows) -> None:
        """Append rows."""

    @abstractmethod
    def close(self) -> None:
        """Complete the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class BatchWriter(Writer[pa.Table]):
    """An Arrow file to which tables are appended, each as one batch."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = pa.ipc.new_file(str(path), schema)
        self._schema = schema
        self.rows = 0

    def write(self, rows: pa.Table) -> None:
        """Append a table of the file's schema as one batch."""
        self.rows += rows.num_rows
        self._file.write_table(rows.combine_chunks().cast(self._schema))

    def close(self) -> None:
        self._file.close()


class BatchFile:
    """An Arrow file, mapped into memory: batches by number, rows by position."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._reader = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(self._map)))
        sizes = [self._batch(n).num_rows for n in range(len(self))]
        self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.schema: pa.Schema = self._reader.schema

    def __len__(self) -> int:
        return int(self._reader.num_record_batches)

    @property
    def rows(self) -> int:
        """Rows in all batches together."""
        return int(self.starts[-1])

    def batch(self, number: int) -> pa.Table:
        """One batch as a table, without copying."""
        self._forget()
        return pa.Table.from_batches([self._batch(number)])

    def numbers(self, name: str) -> Iterator[npt.NDArray[np.int64]]:
        """A column of whole numbers, batch by batch."""
        for number in range(len(self)):
            yield self.batch(number)[name].to_numpy().astype(np.int64, copy=False)

    def distinct(self, positions: npt.NDArray[np.int64]) -> tuple[pa.Table, pa.Array]:
        """The rows at these positions, each once, and which of them stands at each position."""
        wanted, back = np.unique(positions, return_inverse=True)
        batches = np.searchsorted(self.starts, wanted, side="right") - 1
        parts = []
        for turn, number in enumerate(np.unique(batches)):
            if turn % _KEPT == 0:
                self._forget()
            local = wanted[batches == number] - self.starts[number]
            parts.append(self._batch(int(number)).take(pa.array(local)))
        table = pa.Table.from_batches(parts, self.schema).combine_chunks()
        return table, pa.array(back.reshape(-1))

    def take(self, positions: npt.NDArray[np.int64]) -> pa.Table:
        """The rows at these positions, in this order; a position may recur."""
        table, which = self.distinct(positions)
        return table.take(which)

    def _batch(self, number: int) -> pa.RecordBatch:
        return self._reader.get_batch(number)

    def _forget(self) -> None:
        """Give back the pages read so far; the system brings them again where they are used."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)


def batch_rows(path: Path) -> int | None:
    """Rows in an Arrow file, or None when it is missing or was not finished."""
    try:
        return BatchFile(path).rows
    except (OSError, ValueError, pa.ArrowException):  # an empty file cannot be mapped
        return None


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for one run at a time; the system lets go when the process ends.

    Raises OutputError when another process holds it. On systems without `fcntl` (Windows)
    nothing is held.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(
                f"another run is writing to {folder.parent}: wait for it", folder=str(folder.parent)
            ) from None
        yield


def remove(path: Path) -> None:
    """Remove a file or folder if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
