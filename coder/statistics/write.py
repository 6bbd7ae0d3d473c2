"""The publication on disk: CSV, SDMX-CSV, Excel, metadata and page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from coder.errors import OutputError
from coder.figures.tables import Row, plain, table_csv
from coder.statistics.run import Publication, Table
from coder.statistics.sdmx import sdmx_rows

# what a spreadsheet takes for a formula (OWASP, "CSV Injection"), numbers apart
_FORMULA: Final = re.compile("[ \u00a0]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:[.,]\d+)*|[.,]\d+)(?:[eE][+-]?\d+)?%?")
_SHEET_NAME: Final = 31


def write_publication(folder: Path, made: Publication, page: str | None, area: str) -> list[Path]:
    """Write a publication; returns the paths.

    Per table `<table>.csv` (tidy) and `<table>.sdmx.csv`, then figures.xlsx with a sheet per
    table, metadata.json and, with a page, statistics.html. Raises OutputError when the folder
    cannot be written.
    """
    texts = {f"{t.name}.csv": table_csv(_guarded(t)) for t in made.tables}
    texts |= {f"{t.name}.sdmx.csv": table_csv(sdmx_rows(t, area)) for t in made.tables}
    texts["metadata.json"] = json.dumps(plain(made.metadata), indent=1, ensure_ascii=False) + "\n"
    if page is not None:
        texts["statistics.html"] = page
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
        _workbook(folder / "figures.xlsx", made)
    except OSError as error:
        raise OutputError(f"cannot write into {folder.name}: {error.strerror}") from error
    return [folder / name for name in (*texts, "figures.xlsx")]


def _guarded(table: Table) -> list[Row]:
    """Rows whose group values no spreadsheet executes."""
    return [
        {name: _safe(v) if name in table.dimensions else v for name, v in row.items()}
        for row in table.rows
    ]


def _safe(value: object) -> object:
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else value


def _workbook(path: Path, made: Publication) -> None:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    for number, table in enumerate(made.tables, 1):
        # a sheet's name is at most 31 characters, and no two may be equal
        sheet = book.create_sheet(f"{number} {table.name}"[:_SHEET_NAME])
        sheet.freeze_panes = "A2"
        names = list(dict.fromkeys(name for row in table.rows for name in row))
        sheet.append(names)
        for row in _guarded(table):
            sheet.append([plain(row.get(name)) for name in names])
    sheet = book.create_sheet("metadata")
    sheet.append(["what", "value"])
    for name, value in flat(made.metadata):
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
        return [(name, _safe(value) if isinstance(value, str) else value)]
    return [line for key, item in parts for line in flat(item, f"{name}.{key}".strip("."))]
