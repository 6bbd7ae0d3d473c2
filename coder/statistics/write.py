"""The publication on disk: CSV, SDMX-CSV, Excel, metadata and page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from coder.errors import OutputError
from coder.figures.tables import Row, plain, table_csv
from coder.statistics.coverage import Comparison
from coder.statistics.run import Publication
from coder.statistics.sdmx import sdmx_rows
from coder.statistics.sdmx_structure import structure_xml

# what a spreadsheet takes for a formula (OWASP, "CSV Injection"), numbers apart
_FORMULA: Final = re.compile("[ \u00a0]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:[.,]\d+)*|[.,]\d+)(?:[eE][+-]?\d+)?%?")
_SHEET_NAME: Final = 31


def write_publication(folder: Path, made: Publication, page: str | None, area: str) -> list[Path]:
    """Write a publication; returns the paths.

    Per table `<table>.csv` (tidy), `<table>.sdmx.csv` and its structure `<table>.sdmx.xml`, then
    figures.xlsx with a sheet per table, metadata.json and, with a page, statistics.html. Raises
    OutputError when the folder cannot be written.
    """
    texts = {f"{t.name}.csv": table_csv(_guarded(t.rows, t.dimensions)) for t in made.tables}
    for table in made.tables:
        texts[f"{table.name}.sdmx.csv"] = table_csv(sdmx_rows(table, made.titles, area))
        texts[f"{table.name}.sdmx.xml"] = structure_xml(table, made.titles, area)
    texts["metadata.json"] = _json(made.metadata)
    if page is not None:
        texts["statistics.html"] = page
    sheets = {table.name: _guarded(table.rows, table.dimensions) for table in made.tables}
    return _written(folder, texts, "figures.xlsx", sheets, made.metadata)


def write_comparison(folder: Path, made: Comparison, page: str | None) -> list[Path]:
    """Write a comparison of two sources: CSV files, coverage.xlsx, metadata.json, coverage.html.

    Returns the paths. Raises OutputError when the folder cannot be written.
    """
    sheets = {
        name: _guarded(rows, list(rows[0]) if rows else ())
        for name, rows in (
            ("coverage", made.coverage),
            ("agreement", made.agreement),
            ("differences", made.differences),
        )
    }
    texts = {f"{name}.csv": table_csv(rows) for name, rows in sheets.items() if rows}
    texts["metadata.json"] = _json(made.metadata)
    if page is not None:
        texts["coverage.html"] = page
    return _written(folder, texts, "coverage.xlsx", sheets, made.metadata)


def _written(
    folder: Path,
    texts: Mapping[str, str],
    book: str,
    sheets: Mapping[str, Sequence[Row]],
    metadata: Row,
) -> list[Path]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
        _workbook(folder / book, sheets, metadata)
    except OSError as error:
        raise OutputError(f"cannot write into {folder.name}: {error.strerror}") from error
    return [folder / name for name in (*texts, book)]


def _json(value: Row) -> str:
    return json.dumps(plain(value), indent=1, ensure_ascii=False) + "\n"


def _guarded(rows: Sequence[Row], names: Sequence[str]) -> list[Row]:
    """Rows whose texts of the named columns no spreadsheet executes."""
    return [{k: _safe(v) if k in names else v for k, v in row.items()} for row in rows]


def _safe(value: object) -> object:
    if not isinstance(value, str):
        return value
    return f"'{value}" if _FORMULA.match(value) and not _NUMBER.fullmatch(value) else value


def _workbook(path: Path, sheets: Mapping[str, Sequence[Row]], metadata: Row) -> None:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    for number, (title, rows) in enumerate(sheets.items(), 1):
        # a sheet's name is at most 31 characters, and no two may be equal
        sheet = book.create_sheet(f"{number} {title}"[:_SHEET_NAME])
        sheet.freeze_panes = "A2"
        names = list(dict.fromkeys(name for row in rows for name in row))
        sheet.append(names)
        for row in rows:
            sheet.append([plain(row.get(name)) for name in names])
    sheet = book.create_sheet("metadata")
    sheet.append(["what", "value"])
    for name, value in flat(metadata):
        sheet.append([name, value])
    book.save(path)


def flat(value: object, name: str = "") -> Sequence[tuple[str, object]]:
    """Nested data as (path, value) lines."""
    value = plain(value)
    if isinstance(value, Mapping):
        parts = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list):
        parts = [(str(i), item) for i, item in enumerate(value, 1)]
    else:
        return [(name, _safe(value))]
    return [line for key, item in parts for line in flat(item, f"{name}.{key}".strip("."))]
