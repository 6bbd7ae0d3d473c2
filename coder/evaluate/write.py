"""Figures to disk: `metrics.json` and one tidy CSV per table, the same bytes for the same input."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from coder.errors import OutputError
from coder.evaluate.case import Row

Tables = dict[str, list[Row]]

DIGITS = 6
LONG_TABLES = frozenset({"matrix", "confusions"})  # in CSV only: they grow with the data


def plain(value: object) -> object:
    """JSON-ready: numpy scalars to Python, floats to six decimals, NaN and infinity to None."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, DIGITS) + 0.0 if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def table_csv(rows: Sequence[Row]) -> str:
    """Rows as CSV text; the columns are those of all rows in order of first appearance."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        cells = (plain(row.get(name)) for name in names)
        writer.writerow(["" if cell is None else cell for cell in cells])
    return buffer.getvalue()


def write_results(folder: Path, meta: Row, tables: Tables, report: str | None = None) -> list[Path]:
    """Write metrics.json, <table>.csv for every non-empty table, and report.html.

    Returns the paths written. Raises OutputError when the folder cannot be written.
    """
    short = {name: rows for name, rows in tables.items() if name not in LONG_TABLES}
    document = {**meta, "tables": short}
    files = {"metrics.json": json.dumps(plain(document), indent=1, ensure_ascii=False) + "\n"}
    files |= {f"{name}.csv": table_csv(rows) for name, rows in tables.items() if rows}
    if report is not None:
        files["report.html"] = report
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_text(content, encoding="utf-8", newline="")
    except OSError as error:
        raise OutputError(f"cannot write into {folder.name}: {error.strerror}") from error
    return [folder / name for name in files]
