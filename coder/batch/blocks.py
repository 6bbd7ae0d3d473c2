"""What an input file is to the rest of batch: a schema and a stream of blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coder.batch.records import Record, Rejected
from coder.errors import InputError

#: A block ends at this many characters even when it has fewer rows than asked for.
BLOCK_CHARACTERS: Final = 1 << 25


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the caller knows about the files; None means: find out."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Rows read together: a table, the source row number of each, and what was rejected."""

    table: pa.Table
    rows: npt.NDArray[np.int64]
    rejected: list[Rejected]


class Source(Protocol):
    """One opened input file."""

    path: Path
    schema: pa.Schema

    def blocks(self, size: int) -> Iterator[Block]:
        """Blocks of at most `size` rows, in file order. Raises InputError for damage."""

    def facts(self) -> dict[str, object]:
        """What the manifest says about the file besides its name and hash."""


def unreadable(path: Path, error: OSError) -> InputError:
    """The one line for a file that the system does not let us read."""
    return InputError(f"cannot read {path}: {error.strerror or 'damaged file'}", file=str(path))


def file_sha256(path: Path) -> str:
    """SHA-256 of the file's bytes, in hex. Raises InputError."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from None


def header_names(cells: Sequence[str], path: Path) -> tuple[str, ...]:
    """Column names from a header row: trimmed, an empty one named `column_N`, all distinct.

    A name that recurs gets `_2`, `_3`, … Raises InputError for an unreadable header.
    """
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        base = cell.removeprefix("\ufeff").strip() or f"column_{number}"
        if "\0" in base or any("\ud800" <= character <= "\udfff" for character in base):
            raise InputError(
                f"{path}: the header's column {number} is not readable text; "
                "name the file's --encoding",
                file=str(path),
                column=number,
            )
        name, again = base, 2
        while name in names:
            name, again = f"{base}_{again}", again + 1
        names.append(name)
    return tuple(names)


def text_schema(names: Iterable[str]) -> pa.Schema:
    """Every column as text."""
    return pa.schema([pa.field(name, pa.string()) for name in names])


def text_blocks(schema: pa.Schema, rows: Iterable[Record | Rejected], size: int) -> Iterator[Block]:
    """Group records into blocks of at most `size` rows and BLOCK_CHARACTERS characters."""
    good: list[Record] = []
    rejected: list[Rejected] = []
    characters = 0
    for row in rows:
        if isinstance(row, Record):
            good.append(row)
        else:
            rejected.append(row)
        characters += len(row.raw)
        if len(good) >= size or len(rejected) >= size or characters >= BLOCK_CHARACTERS:
            yield _block(schema, good, rejected)
            good, rejected, characters = [], [], 0
    if good or rejected:
        yield _block(schema, good, rejected)


def _block(schema: pa.Schema, good: list[Record], rejected: list[Rejected]) -> Block:
    columns = list(zip(*(row.cells for row in good), strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, pa.string()) for column in columns]
    rows = np.array([row.row for row in good], dtype=np.int64)
    return Block(pa.Table.from_arrays(arrays, schema=schema), rows, rejected)
