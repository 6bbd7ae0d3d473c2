"""Small files for the tests of statistics, written where a test asks for them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from coder.figures.tables import Row
from coder.statistics.options import Options
from coder.statistics.run import Publication, make_statistics


def write_csv(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.DictWriter(stream, names, restval="", lineterminator="\n")
        out.writeheader()
        out.writerows(rows)
    return path


def published(
    folder: Path,
    cases: Sequence[Mapping[str, object]],
    denominators: Sequence[Mapping[str, object]] | None = None,
    options: Options | None = None,
    earlier: Path | None = None,
) -> Publication:
    """The publication of rows of cases and, if any, of denominators."""
    source = write_csv(folder / "cases.csv", cases)
    below = None
    if denominators is not None:
        below = write_csv(folder / "workers.csv", denominators)
    return make_statistics(source, below, options or Options(), earlier)


def figure(made: Publication, measure: str, outcome: str = "all", **where: object) -> Row:
    """The one row of the first table with this measure, outcome and values.

    Dimensions that are not named are at their total; `column__level` stands for `column:level`.
    """
    table = made.tables[0]
    wanted: dict[str, object] = dict.fromkeys(table.dimensions, "total")
    wanted |= {"accident": "work", "measure": measure, "outcome": outcome}
    wanted |= {name.replace("__", ":").replace("_of_", "-"): v for name, v in where.items()}
    found = [row for row in table.rows if all(row[k] == v for k, v in wanted.items())]
    assert len(found) == 1, (wanted, len(found))
    return found[0]


def value(made: Publication, measure: str, outcome: str = "all", **where: object) -> float:
    found = figure(made, measure, outcome, **where)["value"]
    assert isinstance(found, float)
    return found
