"""From files to a publication: read, check, count, protect, mark, describe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from coder.errors import InputError
from coder.figures.tables import Row, read_table
from coder.statistics.cases import Cases, column, read_cases
from coder.statistics.cube import build_cube
from coder.statistics.denominators import Denominators, read_denominators
from coder.statistics.dimensions import Dimension, read_dimension
from coder.statistics.figures import figure_rows, shortened, table_name
from coder.statistics.metadata import describe
from coder.statistics.options import Options
from coder.statistics.protect import protect_tables
from coder.statistics.revisions import mark_revisions
from coder.statistics.titles import titles_of

CODED = ("coded.csv", "coded.parquet", "coded.xlsx")


@dataclass(frozen=True, slots=True)
class Table:
    """One table as published: its dimensions, and one row per cell and measure."""

    name: str
    dimensions: tuple[str, ...]
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Publication:
    """Everything a run makes: tables, metadata (paragraphs 21 and 22), titles of the codes."""

    tables: tuple[Table, ...]
    metadata: Row
    titles: dict[str, dict[str, str]]


def coded_file(path: Path) -> Path:
    """The coded file of a folder of `coder code`, or the file itself. Raises InputError."""
    if not path.is_dir():
        return path
    for name in CODED:
        if (path / name).is_file():
            return path / name
    raise InputError(f"{path.name} holds no coded file: give a folder that `coder code` wrote")


def make_statistics(
    source: Path,
    denominators: Path | None,
    options: Options,
    earlier: Path | None = None,
    described: Row | None = None,
) -> Publication:
    """All tables of `options` from a coded file.

    `described` is what the user says of sources and concepts. Raises InputError for files that
    contradict the rules of docs/statistics.md, naming row and column.
    """
    path = coded_file(source)
    cases = read_cases(read_table(path), options, path.name)
    specs = dict.fromkeys(name for table in options.tables for name in table)
    amounts = None if denominators is None else read_table(denominators)
    dimensions = {
        spec: read_dimension(spec, cases, options, path.name, _values(amounts, spec))
        for spec in specs
    }
    below = None
    if amounts is not None and denominators is not None:
        every = list(dimensions.values())
        below = read_denominators(amounts, cases, every, options, denominators.name)
    tables = [
        _table([dimensions[spec] for spec in specs], cases, below, options)
        for specs in options.tables
    ]
    protect_tables(tables, cases, list(dimensions.values()), options, path.name)
    revised = mark_revisions(tables, earlier) if earlier is not None else None
    metadata = describe(path, denominators, cases, list(dimensions.values()), below, options)
    metadata |= {"described": described or {}, "revised_figures": revised}
    return Publication(tuple(tables), metadata, titles_of(list(dimensions.values())))


def _values(amounts: pa.Table | None, name: str) -> list[str]:
    """The groups of a column of the denominators, if it has it."""
    if amounts is None or name not in amounts.column_names:
        return []
    return column(amounts, name, "the denominators")


def _table(
    dimensions: Sequence[Dimension], cases: Cases, below: Denominators | None, options: Options
) -> Table:
    cube = build_cube(cases, dimensions, options)
    names = tuple(d.name for d in dimensions)
    rows = shortened(figure_rows(cube, below, cases.notes), names, below)
    return Table(table_name(names), names, rows)
