"""The comparison of two sources as a page."""

from __future__ import annotations

from coder.figures.report import Column, Report, Section, Table, Tile, shown
from coder.figures.svg import Series, dot_plot, legend
from coder.figures.tables import Row, plain
from coder.statistics.coverage import Comparison
from coder.statistics.dimensions import TOTAL
from coder.statistics.titles import spoken

MOST_DIFFERENCES = 40


def coverage_page(made: Comparison) -> Report:
    """Coverage with intervals, agreement of codes, differences, assumptions."""
    meta, total = made.metadata, made.coverage[-1]
    files = (str(meta["first"]), str(meta["second"]))
    sections = [_coverage(made, files)]
    if made.agreement:
        sections.append(_agreement(made))
    assumptions = meta["assumptions"]
    assert isinstance(assumptions, tuple)
    sections.append(Section("What this assumes", [str(line) for line in assumptions]))
    return Report(
        title="Two sources side by side",
        subtitle=f"First source: {files[0]}. Second source: {files[1]}.",
        tiles=[
            Tile("Cases in both", shown(total["both"], "number"), f"of {total['seen']} seen"),
            Tile(
                "Estimated cases",
                shown(total["estimated_total"], "number"),
                f"95\u00a0% interval {_between(total)}",
            ),
            Tile("Not reported, first", shown(total["under_reporting_first"], "share"), files[0]),
            Tile("Not reported, second", shown(total["under_reporting_second"], "share"), files[1]),
        ],
        sections=sections,
    )


def _between(row: Row) -> str:
    if plain(row["high"]) is None:
        return f"{shown(row['low'], 'number')} or more"
    return f"{shown(row['low'], 'number')} to {shown(row['high'], 'number')}"


def _strata(row: Row) -> str:
    names = list(row)[: list(row).index("first")]
    values = [str(row[name]) for name in names]
    return TOTAL if set(values) == {TOTAL} else " · ".join(values) or "all cases"


def _coverage(made: Comparison, files: tuple[str, str]) -> Section:
    rows: list[Row] = []
    for row in made.coverage:
        rows.append({**row, "stratum": _strata(row), "between": _between(row)})
    labels = [str(row["stratum"])[:24] for row in rows]
    series = [
        Series(
            f"coverage of {file}",
            list(range(len(rows))),
            [_number(row, f"coverage_{which}") for row in rows],
            [_number(row, f"coverage_{which}_low") for row in rows],
            [min(_number(row, f"coverage_{which}_high"), 1.0) for row in rows],
        )
        for which, file in zip(("first", "second"), files, strict=True)
    ]
    picture = dot_plot("Coverage", "share of the estimated cases, 95 % interval", labels, series)
    caption = "Share of the estimated cases that each source holds."
    columns = [
        Column("stratum", "Stratum"),
        Column("first", "First source", "number"),
        Column("second", "Second source", "number"),
        Column("both", "In both", "number"),
        Column("estimated_total", "Estimated cases", "number", "between"),
        Column("coverage_first", "Coverage, first", "share"),
        Column("coverage_second", "Coverage, second", "share"),
    ]
    if any(row["note"] for row in rows):
        columns.append(Column("note", "Note"))
    return Section(
        "Coverage",
        [
            "Cases are estimated from the overlap (Chapman's estimator, strata added up); the "
            "coverage of a source is its share of them, under-reporting the rest (paragraph 25)."
        ],
        [(caption, picture + legend([s.name for s in series]))],
        [Table("Coverage and estimated cases.", columns, rows, "coverage.csv")],
    )  # fmt: skip


def _number(row: Row, name: str) -> float:
    value = row[name]
    return float(value) if isinstance(value, (int, float)) and value == value else 0.0


def _said(row: Row) -> Row:
    """The row with its column of codes called as readers call it."""
    return {**row, "column": spoken(str(row["column"]).removesuffix("_code"))}


def _agreement(made: Comparison) -> Section:
    rows: list[Row] = []
    for row in made.agreement:
        low, high = shown(row["low"], "share"), shown(row["high"], "share")
        rows.append({**_said(row), "between": f"{low} to {high}"})
    columns = [
        Column("column", "Codes"),
        Column("level", "Level", "number"),
        Column("compared", "Compared", "number"),
        Column("share_same", "Same code", "share", "between"),
    ]
    unlike = [
        Column("column", "Codes"),
        Column("level", "Level", "number"),
        Column("first", "First source"),
        Column("first_title", "Title"),
        Column("second", "Second source"),
        Column("second_title", "Title"),
        Column("n", "Cases", "number"),
    ]
    tables = [Table("Linked cases with the same code.", columns, rows, "agreement.csv")]
    if made.differences:
        part = sorted(made.differences, key=lambda row: -_number(row, "n"))[:MOST_DIFFERENCES]
        told = [_said(row) for row in part]
        tables.append(Table("The commonest differences.", unlike, told, "differences.csv"))
    return Section("Where the codes differ", (), (), tables)
