"""Reading an output folder of `coder code` (the file contract): coded, review and run files."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from coder.errors import InputError
from coder.review.export import unguard
from coder.review.ledger import canonical

FORMATS = ("csv", "parquet", "xlsx")
_ENDINGS = ("code", "title", "level", "confidence", "status", "suggestions")
_REVIEW_ONLY = ("reason", "candidates", "evidence")
_FIELD_LIMIT = 10_000_000


@dataclass(frozen=True, slots=True)
class MachineResult:
    """What the engine said of one record for one scheme. `evidence` has one entry per code, as
    in `7212: index: welder, weld`: the code, then the index term or the words that speak for it."""

    status: str
    code: str | None
    confidence: float | None
    suggestions: tuple[tuple[str, float], ...]
    reason: str | None
    candidates: tuple[str, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodedRow:
    """One record: its row number (from 1), its input columns, its result per scheme."""

    row: int
    fields: dict[str, str]
    results: dict[str, MachineResult]


@dataclass(frozen=True, slots=True)
class Coded:
    """An output folder: input columns, schemes, manifest, and a fingerprint of the coded file."""

    columns: tuple[str, ...]
    schemes: tuple[str, ...]
    manifest: Mapping[str, Any]
    fingerprint: str
    rows: Sequence[CodedRow]


def read_folder(folder: Path) -> Coded:
    """Read `folder`. Raises InputError when a file is missing or is not what the contract says."""
    path = next((p for f in FORMATS if (p := folder / f"coded.{f}").is_file()), None)
    if path is None:
        raise InputError(
            f"{folder} holds no coded file: give an output folder of `coder code`",
            file=str(folder),
        )
    header, rows = _table(path)
    schemes = tuple(
        c.removesuffix("_status")
        for c in header
        if c.endswith("_status") and c.removesuffix("_status") + "_suggestions" in header
    )
    if not schemes:
        raise InputError(f"{path.name} has no <scheme>_status column", file=path.name)
    own = {f"{s}_{e}" for s in schemes for e in (*_ENDINGS, *_REVIEW_ONLY, "side")}
    columns = tuple(c for c in header if c not in own)
    more = _review_columns(folder, columns, schemes)
    read = [
        CodedRow(
            row=number,
            fields={c: row[c] for c in columns},
            results={s: _result(row, s, more, columns, number) for s in schemes},
        )
        for number, row in enumerate(rows, start=1)
    ]
    return Coded(columns, schemes, _manifest(folder), _fingerprint(path), read)


def _manifest(folder: Path) -> Mapping[str, Any]:
    try:
        manifest = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{folder} holds no run.json", file=str(folder)) from None
    except ValueError:
        raise InputError("run.json is not JSON", file="run.json") from None
    if not isinstance(manifest, dict):
        raise InputError("run.json is not a JSON object", file="run.json")
    return manifest


def _fingerprint(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _table(path: Path) -> tuple[tuple[str, ...], Iterator[dict[str, str]]]:
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        return tuple(table.column_names), _from_arrow(table)
    if path.suffix == ".xlsx":
        cells = read_sheet(path)
        top = tuple(next(cells, []))
        return top, (dict(zip(top, [*row, *[""] * len(top)], strict=False)) for row in cells)
    csv.field_size_limit(_FIELD_LIMIT)
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file), [])
    if len(set(header)) != len(header):
        raise InputError(f"{path.name} has a column twice", file=path.name)
    return tuple(unguard(c) for c in header), _from_csv(path, len(header))


def _from_csv(path: Path, width: int) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        for number, row in enumerate(reader, start=1):
            if len(row) != width:
                raise InputError(
                    f"{path.name} row {number} has {len(row)} fields, the header {width}",
                    file=path.name,
                    row=number,
                )
            yield {unguard(k): unguard(v) for k, v in zip(header, row, strict=True)}


def _from_arrow(table: pa.Table) -> Iterator[dict[str, str]]:
    for batch in table.to_batches():
        for row in batch.to_pylist():
            yield {k: "" if v is None else str(v) for k, v in row.items()}


def read_sheet(path: Path) -> Iterator[list[str]]:
    """The rows of a workbook's first sheet as texts. Raises InputError for another file."""
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError, OSError):
        raise InputError(f"{path.name} cannot be read as a spreadsheet", file=path.name) from None
    try:
        for row in book.worksheets[0].iter_rows(values_only=True):
            yield [unguard("" if v is None else str(v)) for v in row]
    finally:
        book.close()


def _identity(row: Mapping[str, str], columns: Sequence[str]) -> str:
    return canonical([row.get(c, "") for c in columns])


def _review_columns(
    folder: Path, columns: Sequence[str], schemes: Sequence[str]
) -> dict[str, dict[str, str]]:
    """The columns that only the review file has, by the content of the input columns.

    The review file is in another order and holds no row number; equal input columns have equal
    results, because `code_table` is pure.
    """
    path = folder / "review.csv"
    if not path.is_file():
        return {}
    header, rows = _table(path)
    wanted = [c for s in schemes for e in _REVIEW_ONLY if (c := f"{s}_{e}") in header]
    if missing := [c for c in columns if c not in header]:
        raise InputError(f"review.csv lacks the column {missing[0]}", column=missing[0])
    return {_identity(row, columns): {c: row[c] for c in wanted} for row in rows}


def _result(
    row: Mapping[str, str],
    scheme: str,
    more: Mapping[str, Mapping[str, str]],
    columns: Sequence[str],
    number: int,
) -> MachineResult:
    status = row[f"{scheme}_status"]
    if status not in {"auto", "review", "uncodable"}:
        raise InputError(
            f"row {number}: {scheme}_status must be auto, review or uncodable",
            row=number,
            column=f"{scheme}_status",
        )
    extra = more.get(_identity(row, columns), {}) if status == "review" else {}
    try:
        confidence = row.get(f"{scheme}_confidence", "")
        return MachineResult(
            status=status,
            code=row.get(f"{scheme}_code") or None,
            confidence=float(confidence) if confidence else None,
            suggestions=parse_suggestions(row[f"{scheme}_suggestions"]),
            reason=extra.get(f"{scheme}_reason") or None,
            candidates=_parts(extra.get(f"{scheme}_candidates", "")),
            evidence=_parts(extra.get(f"{scheme}_evidence", ""), ";"),
        )
    except ValueError:
        raise InputError(
            f"row {number}: {scheme}_suggestions or {scheme}_confidence is not as `coder code` "
            "writes it",
            row=number,
            scheme=scheme,
        ) from None


def _parts(joined: str, separator: str = "|") -> tuple[str, ...]:
    return tuple(p.strip() for p in joined.split(separator) if p.strip())


def parse_suggestions(joined: str) -> tuple[tuple[str, float], ...]:
    """`8.1:0.6123|8.2:0.2000` as pairs. Raises ValueError when it is written otherwise."""
    pairs = []
    for part in _parts(joined):
        code, separator, probability = part.rpartition(":")
        if not separator:
            raise ValueError("no colon")
        pairs.append((code, float(probability)))
    return tuple(pairs)
