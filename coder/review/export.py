"""The store's records with their final codes and where each code came from, as a file."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from sqlalchemy.orm import Session

from coder.errors import OutputError
from coder.review.models import Batch, Item, Record, Result
from coder.review.store import Store

FORMATS = ("csv", "xlsx", "parquet")
SOURCES = ("automatic", "one clerk", "two agreeing", "adjudicated", "supervisor", "pending")
_CHUNK = 5000
_SHEET_ROWS = 1_048_575
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def guard(value: str) -> str:
    """`value` so that a spreadsheet reads it as text: a possible formula gets a leading '.

    Numbers stay as they are. `unguard` takes the mark off again.
    """
    start = value.lstrip(" \u00a0\u200b\ufeff")
    if start.startswith(_FORMULA) and not _NUMBER.fullmatch(value):
        return "'" + value
    return value


def unguard(value: str) -> str:
    """What `guard` was given."""
    return value[1:] if value.startswith("'") and guard(value[1:]) == value else value


def export(store: Store, path: Path, form: str | None = None) -> int:
    """Write every record with its codes to `path` and return the number of records.

    Columns: all input columns, then per scheme `<scheme>_code`, `_title`, `_level` (1 is the
    coarsest), `_confidence` (automatic codes only, 0 to 1), `_status` (auto, decided, review,
    uncodable), `_source` (one of SOURCES). `form` is csv, xlsx or parquet; by default the ending
    of `path`. In csv, text that a spreadsheet would take for a formula is marked with a leading '.
    Raises OutputError for another format, and when the file cannot be written.
    """
    chosen = form or path.suffix.lstrip(".").lower()
    if chosen not in FORMATS:
        raise OutputError(f"unknown format '{chosen}': use {', '.join(FORMATS)}")
    with store.read() as session:
        columns = _columns(session)
        schemes = list(session.scalars(sa.select(Result.scheme).distinct().order_by(Result.scheme)))
        header = [*columns, *(f"{s}_{e}" for s in schemes for e in ENDINGS)]
        return write_rows(path, chosen, header, _rows(store, session, columns, schemes))


ENDINGS = ("code", "title", "level", "confidence", "status", "source")


def _columns(session: Session) -> list[str]:
    found: dict[str, None] = {}
    for columns in session.scalars(sa.select(Batch.columns).order_by(Batch.id)):
        found.update(dict.fromkeys(columns))
    return list(found)


def _rows(
    store: Store, session: Session, columns: Sequence[str], schemes: Sequence[str]
) -> Iterator[dict[str, Any]]:
    last = 0
    while True:
        records = session.execute(
            sa.select(Record.id, Record.fields)
            .where(Record.id > last)
            .order_by(Record.id)
            .limit(_CHUNK)
        ).all()
        if not records:
            return
        first, last = records[0][0], records[-1][0]
        results = _final(store, session, first, last)
        for number, fields in records:
            row: dict[str, Any] = {c: (fields or {}).get(c, "") for c in columns}
            for scheme in schemes:
                final = results.get((number, scheme), {})
                row.update({f"{scheme}_{e}": final.get(e) for e in ENDINGS})
            yield row


def _final(
    store: Store, session: Session, first: int, last: int
) -> dict[tuple[int, str], dict[str, Any]]:
    query = (
        sa.select(Result, Item.state, Item.final_verdict, Item.final_code, Item.final_source)
        .outerjoin(Item, Item.id == Result.item_id)
        .where(Result.record_id.between(first, last))
    )
    found = {}
    for result, state, verdict, code, source in session.execute(query):
        final: dict[str, Any]
        if state == "decided" or verdict is not None:
            final = {"code": code, "source": source}
            final["status"] = "decided" if verdict == "code" else "uncodable"
        elif result.status == "review":
            final = {"code": None, "status": "review", "source": "pending"}
        else:
            final = {"code": result.code, "status": result.status, "source": "automatic"}
            final["confidence"] = result.confidence
        if final["code"]:
            entry = store.scheme(result.scheme)[final["code"]]
            final["title"], final["level"] = entry.title, entry.level
        found[result.record_id, result.scheme] = final
    return found


def write_rows(
    path: Path, form: str, header: Sequence[str], rows: Iterator[Mapping[str, Any]]
) -> int:
    """Write dictionaries as csv, xlsx or parquet; the file appears only when it is complete."""
    partial = path.with_name(path.name + ".partial")
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _WRITERS[form](partial, header) as write:
            for row in rows:
                write([row.get(c) for c in header])
                count += 1
        partial.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path.name} cannot be written: {error.strerror}", file=path.name
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return count


@contextmanager
def _csv(path: Path, header: Sequence[str]) -> Iterator[Callable[[list[Any]], None]]:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow([guard(c) for c in header])
        yield lambda row: out.writerow(
            [guard(v) if isinstance(v, str) else "" if v is None else v for v in row]
        )


@contextmanager
def _xlsx(path: Path, header: Sequence[str]) -> Iterator[Callable[[list[Any]], None]]:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("records")
    written = 0

    def cell(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(sheet, value=None)
        made.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:32767]
        made.data_type = "s"  # a text that starts with = must not become a formula
        return made

    def write(row: list[Any]) -> None:
        nonlocal written
        if written >= _SHEET_ROWS:
            raise OutputError("more records than a spreadsheet holds: export csv or parquet")
        sheet.append([cell(v) for v in row])
        written += 1

    sheet.append([cell(c) for c in header])
    yield write
    book.save(path)


@contextmanager
def _parquet(path: Path, header: Sequence[str]) -> Iterator[Callable[[list[Any]], None]]:
    kinds = {"level": pa.int32(), "confidence": pa.float64()}
    own = [c.rpartition("_")[2] if c.rpartition("_")[2] in kinds else "" for c in header]
    schema = pa.schema([(c, kinds.get(o, pa.string())) for c, o in zip(header, own, strict=True)])
    waiting: list[list[Any]] = []
    with pq.ParquetWriter(path, schema) as out:

        def flush() -> None:
            columns = list(zip(*waiting, strict=True)) or [()] * len(header)
            arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
            out.write_table(pa.table(arrays, schema=schema))
            waiting.clear()

        def write(row: list[Any]) -> None:
            waiting.append(row)
            if len(waiting) >= _CHUNK:
                flush()

        yield write
        flush()


_WRITERS = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet}
