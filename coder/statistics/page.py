"""The publication as one page: plots and tables of the latest period, series, metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from coder.figures.report import Column, Report, Section, Tile
from coder.figures.report import Table as Printed
from coder.figures.svg import Series, dot_plot, legend
from coder.figures.tables import Row, plain
from coder.statistics.dimensions import NOT_CODED, NOT_STATED, TOTAL
from coder.statistics.figures import ALL, FATAL, MEASURES, NON_FATAL, PERMANENT, TEMPORARY
from coder.statistics.figures import SUPPRESSED as SUPPRESSED_STATUS
from coder.statistics.run import Publication, Table
from coder.statistics.titles import spoken
from coder.statistics.write import flat

MOST_ROWS: Final = 200
MOST_DOTS: Final = 25
LONGEST_LABEL: Final = 24  # what a phone shows of a plot's labels
SUPPRESSED: Final = "suppressed"
_DECIMALS = {(m.outcome, m.name): m.decimals for m in MEASURES}
_HEADINGS = {
    (ALL, "cases"): "Cases",
    (ALL, "frequency_rate"): "Frequency rate",
    (ALL, "incidence_rate"): "Incidence rate",
    (NON_FATAL, "cases"): "Non-fatal",
    (FATAL, "cases"): "Fatal",
    (FATAL, "frequency_rate"): "Fatal, frequency rate",
    (FATAL, "incidence_rate"): "Fatal, incidence rate",
    (TEMPORARY, "severity_rate"): "Severity rate",
    (TEMPORARY, "severity_rate_per_days_worked"): "Severity rate, per days worked",
    (TEMPORARY, "days_lost"): "Days lost",
    (TEMPORARY, "mean_days"): "Days per case, mean",
    (TEMPORARY, "median_days"): "Days per case, median",
    (PERMANENT, "days_lost"): "Days lost, permanent or fatal",
}
_PLOTTED = (
    (ALL, "incidence_rate"),
    (ALL, "frequency_rate"),
    (ALL, "cases"),
    (TEMPORARY, "severity_rate"),
    (TEMPORARY, "mean_days"),
)
_ACCIDENTS = {
    "work": "Accidents at work",
    "commuting": "Commuting accidents",
    "neither": "Neither occupational accidents nor commuting",
    "abroad": "Accidents in another country",
}


def build_page(made: Publication, title: str) -> Report:
    """The page of a publication. Every plot has its table below it; commuting is apart."""
    sections = [section for table in made.tables for section in _table_sections(table, made.titles)]
    sections += [*_coding_sections(made.metadata), *_metadata_sections(made.metadata)]
    periods = made.metadata.get("periods")
    span = ", ".join(map(str, periods)) if isinstance(periods, list) and periods else "one period"
    return Report(
        title=title,
        subtitle=f"Statistics of occupational injuries, {span}; 16th ICLS resolution (1998).",
        tiles=_tiles(made.tables[0]),
        sections=sections,
        footer=[
            f"Made by narracoder {made.metadata['narracoder']}. Intervals are 95 %: sampling "
            "and coding error together."
        ],
    )


def _tiles(table: Table) -> list[Tile]:
    """The totals of the latest period."""
    last = max((str(row["period"]) for row in table.rows), default="")
    found = []
    for row in table.rows:
        own = row["period"] == last and row["accident"] == "work"
        heading = _HEADINGS.get((str(row["outcome"]), str(row["measure"])))
        if own and heading and all(row[d] == TOTAL for d in table.dimensions):
            found.append(Tile(heading, shown(row), f"{row['unit']}{f', {last}' if last else ''}"))
    return found[:6]


def shown(row: Row, name: str = "value") -> str:
    """A figure as printed: with its measure's decimals, "suppressed", or "–" without one."""
    if row["status"] == SUPPRESSED_STATUS:
        return SUPPRESSED
    value = plain(row[name])
    if not isinstance(value, (int, float)):
        return "–"
    decimals = _DECIMALS[str(row["outcome"]), str(row["measure"])]
    if row["measure"] == "cases" and row["status"] == "E":
        decimals = 1
    return f"{value:,.{decimals}f}".replace(",", " ")


def _between(row: Row) -> str:
    if row["status"] == SUPPRESSED_STATUS or plain(row["low"]) is None:
        return ""
    mark = "revised; " if row.get("revision") == "revised" else ""
    return f"{mark}{shown(row, 'low')} to {shown(row, 'high')}"


def _table_sections(table: Table, titles: Mapping[str, Mapping[str, str]]) -> list[Section]:
    heading = ", ".join(map(spoken, table.dimensions))
    found = []
    for accident, name in _ACCIDENTS.items():
        rows = [row for row in table.rows if row["accident"] == accident]
        if not rows:
            continue
        periods = sorted({str(row["period"]) for row in rows})
        latest = [row for row in rows if row["period"] == periods[-1]]
        when = f", {periods[-1]}" if periods[-1] else ""
        found.append(
            Section(
                f"{name} by {heading}{when}" if table.dimensions else f"{name}{when}",
                _text(latest),
                _plots(latest, table, titles),
                [_printed(latest, table, titles, when), *_series(rows, table, periods)],
            )
        )
    return found


def _text(rows: Sequence[Row]) -> list[str]:
    text = ["Under each figure its 95\u00a0% interval, sampling and coding error together."]
    if any(row["status"] == SUPPRESSED_STATUS for row in rows):
        text.append(
            f"“{SUPPRESSED}”: not published, so that no person or establishment is disclosed "
            "(paragraph 23)."
        )
    return text


def _label(row: Row, name: str, titles: Mapping[str, Mapping[str, str]]) -> str:
    """The code and title of a row on the dimension `name`."""
    value = str(row[name])
    title = titles.get(name, {}).get(value, value)
    return value if title == value else f"{value}\u00a0{title}"


def _plots(
    rows: Sequence[Row], table: Table, titles: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, str]]:
    """Dots with intervals per value of the first dimension, the other dimensions at their total."""
    if not table.dimensions:
        return []
    found: list[tuple[str, str]] = []
    for outcome, measure in _PLOTTED:
        own = [
            row
            for row in rows
            if (row["outcome"], row["measure"]) == (outcome, measure)
            and row[table.dimensions[0]] not in (TOTAL, NOT_CODED, NOT_STATED)
            and all(row[name] == TOTAL for name in table.dimensions[1:])
            and plain(row["value"]) is not None
        ]
        own = sorted(own, key=lambda row: -_float(row, "value"))[:MOST_DOTS]
        if len(own) < 2 or (found and measure == "cases"):
            continue
        unit = "" if measure in ("cases", "mean_days") else f", {own[0]['unit']}"
        caption = f"{_HEADINGS[outcome, measure]}{unit}, with 95\u00a0% intervals"
        picture = dot_plot(
            caption,
            f"one row per {spoken(table.dimensions[0])}, dot and interval",
            [_cut(_label(row, table.dimensions[0], titles)) for row in own],
            [
                Series(
                    measure,
                    list(range(len(own))),
                    [_float(row, "value") for row in own],
                    [_float(row, "low", "value") for row in own],
                    [_float(row, "high", "value") for row in own],
                )
            ],
            amounts=True,
        )
        found.append((f"{caption}.", picture))
    return found


def _cut(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def _float(row: Row, *names: str) -> float:
    for name in names:
        value = plain(row[name])
        if isinstance(value, (int, float)):
            return float(value)
    return 0.0


def _printed(
    rows: Sequence[Row], table: Table, titles: Mapping[str, Mapping[str, str]], when: str
) -> Printed:
    """One line per cell, one column per measure."""
    lines: dict[tuple[str, ...], Row] = {}
    used: dict[tuple[str, str], None] = {}
    for row in rows:
        key = (str(row["outcome"]), str(row["measure"]))
        if key not in _HEADINGS:
            continue
        if row["value"] or key != (PERMANENT, "days_lost"):
            used[key] = None
        labels = {name: _label(row, name, titles) for name in table.dimensions}
        line = lines.setdefault(tuple(labels.values()), dict(labels) or {"cell": "All cases"})
        line[_HEADINGS[key]] = shown(row)
        line[f"{_HEADINGS[key]} interval"] = _between(row)
    columns = [Column(d, spoken(d).capitalize()) for d in table.dimensions]
    columns = columns or [Column("cell", "Group")]
    columns += [
        Column(heading, heading, "number", f"{heading} interval")
        for key, heading in _HEADINGS.items()
        if key in used
    ]
    cut = f", the first {MOST_ROWS} rows" if len(lines) > MOST_ROWS else ""
    caption = f"Figures{when}{cut}. Fatal and non-fatal cases as paragraph 13 tells them apart."
    return Printed(caption, columns, list(lines.values())[:MOST_ROWS], f"{table.name}.csv")


def _series(rows: Sequence[Row], table: Table, periods: Sequence[str]) -> list[Printed]:
    """The totals of every period (paragraph 20), with revised figures marked."""
    if len(periods) < 2:
        return []
    lines: dict[str, Row] = {period: {"period": period} for period in reversed(periods)}
    used: dict[str, None] = {}
    for row in rows:
        heading = _HEADINGS.get((str(row["outcome"]), str(row["measure"])))
        if heading and all(row[name] == TOTAL for name in table.dimensions):
            if row["value"] or row["outcome"] != PERMANENT:
                used[heading] = None
            line = lines[str(row["period"])]
            line[heading], line[f"{heading} interval"] = shown(row), _between(row)
    columns = [Column("period", "Period")]
    columns += [Column(name, name, "number", f"{name} interval") for name in used]
    return [
        Printed("Time series of the totals.", columns, list(lines.values()), f"{table.name}.csv")
    ]


def _coding_sections(metadata: Row) -> list[Section]:
    """How the codes came about, and what error is to be expected."""
    coding = metadata["coding"]
    if not isinstance(coding, list) or not coding:
        return []
    columns = [
        Column("dimension", "Codes"),
        Column("records", "Records", "number"),
        Column("share_automatic", "Automatic", "share"),
        Column("share_people", "By people", "share"),
        Column("share_undecided", "Undecided", "share"),
        Column("share_uncodable_or_empty", "No code", "share"),
        Column("expected_error", "Expected error of automatic codes", "share"),
    ]
    text = [
        "The expected error is the mean probability, by the model's own account, that an "
        "automatic code is wrong at this level. Codes that people gave carry no coding error here.",
    ]
    names = [spoken(str(row["dimension"])) for row in coding]
    coding = [{**row, "dimension": name} for row, name in zip(coding, names, strict=True)]
    table = Printed("How the records were coded.", columns, coding, "metadata.json")
    shares = ("automatic", "people", "undecided", "uncodable_or_empty")
    series = [
        Series(
            share.replace("_", " "),
            list(range(len(coding))),
            [_float(row, f"share_{share}") for row in coding],
        )
        for share in shares
    ]
    picture = dot_plot("Shares of records", "per code, by who coded", names, series)
    figure = ("Shares of records by who coded them.", picture + legend([s.name for s in series]))
    return [Section("How the codes came about", text, [figure], [table])]


def _metadata_sections(metadata: Row) -> list[Section]:
    """Concepts, sources, classifications and models (21), divergences (22)."""
    divergences = metadata["divergences"]
    assert isinstance(divergences, list)
    names = ("described", "sources", "classifications", "models", "policies", "file", "disclosure")
    lines: list[Row] = [
        {"what": name, "value": value}
        for part in names
        for name, value in flat(metadata.get(part), part)
    ]
    concepts: list[Row] = [
        {"what": name, "value": value} for name, value in flat(metadata["concepts"])
    ]
    columns = [Column("what", "What"), Column("value", "Value")]
    return [
        Section(
            "Divergences from the standard (paragraph 22)",
            [str(line) for line in divergences] or ["None that the program can see."],
        ),
        Section(
            "Concepts, sources and methods (paragraph 21)",
            (),
            (),
            [
                Printed("Concepts.", columns, concepts, "metadata.json"),
                Printed("Sources, classifications, models.", columns, lines, "metadata.json"),
            ],
        ),
    ]
