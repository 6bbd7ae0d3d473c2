"""First pass of a run: every row read once, distinct texts numbered, bad rows set aside."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coder.batch.blocks import Block, Source
from coder.batch.cells import csv_header, csv_lines, texts
from coder.batch.cutting import Cutter, distinct_texts
from coder.batch.ids import Ids, Repeated, id_keys, places, source_and_row
from coder.batch.records import Rejected, printable
from coder.batch.seen import Ints, Seen
from coder.batch.store import BatchWriter, whole

#: Rows per block of the input and of the output.
BLOCK_ROWS: Final = 20_000
#: The internal column that ties a row to its text; no input column can hold NUL in its name.
TEXT_NUMBER: Final = "\0text"
REJECTED_COLUMNS: Final = ("source", "row", "reason", "raw")

_ID_NAMES: Final = ("id", "record_id", "case_id")


@dataclass(frozen=True, slots=True)
class Plan:
    """What intake needs to know of a run."""

    sources: tuple[Source, ...]
    schema: pa.Schema
    id_column: str | None
    text_columns: tuple[str, ...]
    batch_size: int
    redact: bool
    cell_limit: int | None


@dataclass(slots=True)
class Intake:
    """Counts of the first pass, per source where that says more."""

    read: list[int] = field(default_factory=list)
    rejected: list[int] = field(default_factory=list)
    texts: int = 0

    @property
    def kept(self) -> int:
        """Rows that will be coded."""
        return sum(self.read) - sum(self.rejected)


def find_id_column(names: Sequence[str], asked: str | None) -> str | None:
    """The column that identifies a record: the one asked for, else id, record_id or case_id."""
    if asked is not None:
        return asked
    return next((name for name in names if name.lower() in _ID_NAMES), None)


def take_in(plan: Plan, folder: Path) -> Intake:
    """Read all sources into rows.arrow, texts.arrow and rejected.csv of `folder`.

    A row is kept with the number of its text; a text is the values of all text columns
    together, and equal ones have one number. Row order is that of the inputs. Of records with one
    id the first is kept; where there are any, the sources are read a second time. Raises
    InputError for a file that turns out damaged; the folder then holds none of the three files.
    """
    with _without_collector():
        if plan.id_column is None:
            return _read(plan, folder)
        ids = Ids(folder / "ids")
        intake = _read(plan, folder, ids=ids)
        repeated = ids.repeated()
        return _read(plan, folder, repeated=repeated) if len(repeated) else intake


def _read(
    plan: Plan, folder: Path, *, ids: Ids | None = None, repeated: Repeated | None = None
) -> Intake:
    """One reading of all sources: ids go to `ids`, what is `repeated` is rejected."""
    text_schema = pa.schema([pa.field(name, pa.string()) for name in plan.text_columns])
    with (
        whole(folder / "rows.arrow") as rows_path,
        whole(folder / "texts.arrow") as texts_path,
        whole(folder / "rejected.csv") as rejected_path,
        BatchWriter(rows_path, plan.schema.append(pa.field(TEXT_NUMBER, pa.int64()))) as rows,
        BatchWriter(texts_path, text_schema) as numbered,
        rejected_path.open("wb") as rejects,
    ):
        rejects.write(csv_header(list(REJECTED_COLUMNS)))
        cutter = Cutter(numbered, plan.batch_size)
        texts_seen = _Texts(cutter)
        intake = Intake()
        for number, source in enumerate(plan.sources):
            intake.read.append(0)
            intake.rejected.append(0)
            for raw_block in source.blocks(BLOCK_ROWS):
                block = _prepared(raw_block, plan)
                intake.read[-1] += block.table.num_rows + len(block.rejected)
                if ids and plan.id_column:
                    _note_ids(ids, block, plan.id_column, number)
                if repeated:
                    block = _without_repeated(block, repeated, plan.sources, number)
                intake.rejected[-1] += len(block.rejected)
                rejects.write(_reject_lines(source.path, block.rejected))
                if block.table.num_rows:
                    numbers = texts_seen.number(_as_text(block.table, text_schema))
                    rows.write(block.table.append_column(TEXT_NUMBER, pa.array(numbers)))
        cutter.finish()
        intake.texts = numbered.rows
    return intake


def _note_ids(ids: Ids, block: Block, column: str, source: int) -> None:
    """Of the rows that have an id."""
    found = texts(block.table[column])
    named = np.flatnonzero(pc.not_equal(found, "").to_numpy(zero_copy_only=False))
    ids.add(id_keys(found.take(pa.array(named))), places(block, source)[named])


def _without_repeated(
    block: Block, repeated: Repeated, sources: Sequence[Source], source: int
) -> Block:
    """The block with second and later records of an id rejected."""
    why: dict[int, str] = {}
    for place, first in repeated.among(places(block, source)).items():
        other, row = source_and_row(first)
        file = f" of {sources[other].path.name}" if other != source else ""
        why[place] = f"duplicate id (first in row {row}{file})"
    return _set_aside(block, why)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Cells make no cycles, and looking for some among 20,000 rows takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _prepared(block: Block, plan: Plan) -> Block:
    """The block with the run's columns in order and, if asked, with names and numbers masked."""
    table = block.table.select(plan.schema.names)
    columns = [
        column if column.type == kind else texts(column)
        for column, kind in zip(table.columns, plan.schema.types, strict=True)
    ]
    rejected = block.rejected
    if plan.redact:
        columns = [
            _redacted(column) if kind == pa.string() and name != plan.id_column else column
            for name, kind, column in zip(
                plan.schema.names, plan.schema.types, columns, strict=True
            )
        ]
        rejected = [_redacted_reject(row) for row in rejected]
    table = pa.Table.from_arrays(columns, schema=plan.schema)
    prepared = Block(table, block.rows, rejected)
    return _without_long_cells(prepared, plan.cell_limit) if plan.cell_limit else prepared


def _without_long_cells(block: Block, limit: int) -> Block:
    """The block without rows that have a text cell over `limit` characters."""
    why: dict[int, str] = {}
    for number, column in enumerate(block.table.columns, 1):
        long = pc.greater(pc.utf8_length(texts(column)), limit)
        reason = f"cell over {limit:,} characters in column {number}, more than Excel holds"
        why |= dict.fromkeys(pc.indices_nonzero(long).to_pylist(), reason)
    return _set_aside(block, why)


def _set_aside(block: Block, why: Mapping[int, str]) -> Block:
    """The block with the rows at these places rejected for these reasons."""
    if not why:
        return block
    keep = np.setdiff1d(np.arange(block.table.num_rows), np.array(list(why)))
    rejected = [
        Rejected(int(block.rows[place]), reason, _row_text(block.table, place))
        for place, reason in why.items()
    ]
    return Block(
        block.table.take(pa.array(keep)),
        block.rows[keep],
        sorted(block.rejected + rejected, key=lambda row: row.row),
    )


def _row_text(table: pa.Table, place: int) -> str:
    """A row that was read as JSON."""
    values = table.slice(place, 1).to_pylist()[0].values()
    return json.dumps(list(values), ensure_ascii=False, default=str)


def _as_text(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The text columns; numbers become text and null becomes ""."""
    return pa.Table.from_arrays([texts(table[name]) for name in schema.names], schema=schema)


def _redacted(column: pa.ChunkedArray) -> pa.Array:
    from coder.text import redact

    values = column.to_pylist()
    masked = {value: redact(value) for value in set(values) if value}
    return pa.array([masked.get(value, value) for value in values], pa.string())


def _redacted_reject(row: Rejected) -> Rejected:
    from coder.text import redact

    return Rejected(row.row, row.reason, redact(printable(row.raw)))


def _reject_lines(path: Path, rejected: Iterable[Rejected]) -> bytes:
    rows = [(path.name, row.row, row.reason, printable(row.raw)) for row in rejected]
    if not rows:
        return b""
    columns = zip(*rows, strict=True)
    return csv_lines(pa.table(dict(zip(REJECTED_COLUMNS, map(list, columns), strict=True))))


class _Texts:
    """Gives each distinct text a number, and writes new texts in batches."""

    def __init__(self, cutter: Cutter) -> None:
        self._cutter = cutter
        self._seen = Seen()
        self._count = 0

    def number(self, table: pa.Table) -> Ints:
        """The number of each row's text; the table has the text columns only, as text."""
        found = distinct_texts(table)
        numbers = self._seen.find(found.keys)
        new = np.flatnonzero(numbers < 0)
        numbers[new] = np.arange(self._count, self._count + len(new))
        self._seen.add(found.keys[new], numbers[new])
        self._count += len(new)
        self._cutter.add(table.take(pa.array(found.first[new])))
        return numbers[found.number]
