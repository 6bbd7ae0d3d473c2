"""Figures to disk: `metrics.json` and one tidy CSV per table, the same bytes for the same input."""

from __future__ import annotations

import json
from pathlib import Path

from coder.errors import OutputError
from coder.figures.tables import Row, plain, table_csv

Tables = dict[str, list[Row]]

LONG_TABLES = frozenset({"matrix", "confusions"})  # in CSV only: they grow with the data


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
