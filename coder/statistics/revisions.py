"""Figures that differ from those released before are marked (paragraph 20)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coder.errors import InputError
from coder.figures.tables import DIGITS, Row, plain, read_table
from coder.statistics.figures import KEY

if TYPE_CHECKING:
    from coder.statistics.run import Table

#: How a figure stands to the earlier release.
REVISED, SAME, NEW = "revised", "same", "new"


def mark_revisions(tables: Sequence[Table], earlier: Path) -> dict[str, int]:
    """Mark every row as revised, same or new against the folder of an earlier release.

    Adds `revision` and, for a revised figure that is published in both, `previous`. Figures that
    the earlier release has and this one lacks are counted as `withdrawn`. Raises InputError when
    the folder holds none of the tables.
    """
    counts = {REVISED: 0, SAME: 0, NEW: 0, "withdrawn": 0}
    found = False
    for table in tables:
        path = earlier / f"{table.name}.csv"
        before = _figures(path, table.dimensions) if path.is_file() else {}
        found = found or path.is_file()
        for row in table.rows:
            key = _key(row, table.dimensions)
            previous = before.pop(key, None)
            kind = _kind(row, previous)
            row["revision"] = kind
            row["previous"] = float(previous) if kind == REVISED and previous else ""
            counts[kind] += 1
        counts["withdrawn"] += len(before)
    if not found:
        raise InputError(
            f"{earlier.name} holds none of the tables {', '.join(t.name for t in tables)}: give "
            "the folder of an earlier run with the same --by"
        )
    return counts


def _kind(row: Row, previous: str | None) -> str:
    if previous is None:
        return NEW
    now = plain(row["value"])
    if now is None or not previous:
        return SAME  # suppressed or undefined on one side: there is no figure to compare
    assert isinstance(now, (int, float))
    return REVISED if round(float(now) - float(previous), DIGITS - 1) else SAME


def _key(row: Row, dimensions: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in (*KEY, *dimensions))


def _figures(path: Path, dimensions: Sequence[str]) -> dict[tuple[str, ...], str]:
    table = read_table(path)
    names = (*KEY, *dimensions)
    missing = [name for name in (*names, "value") if name not in table.column_names]
    if missing:
        raise InputError(f"{path.name} of the earlier release lacks {', '.join(missing)}")
    keys = zip(*(table[name].to_pylist() for name in names), strict=True)
    values = table["value"].to_pylist()
    try:
        [float(value) for value in values if value]
    except ValueError:
        raise InputError(f"{path.name} of the earlier release: a value is no number") from None
    return {tuple(map(str, key)): str(v) for key, v in zip(keys, values, strict=True)}
