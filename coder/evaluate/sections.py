"""Report sections: the headline figures, accuracy and agreement per level."""

from __future__ import annotations

from collections.abc import Sequence

from coder.evaluate.measure import READINGS
from coder.evaluate.pick import levels_of, number, pick, printed_row
from coder.evaluate.write import Tables
from coder.figures.report import Column, Section, Table, Tile, interval, shown
from coder.figures.svg import Series, dot_plot, legend
from coder.figures.tables import Row


def tiles(tables: Tables, system: str) -> list[Tile]:
    """The four headline figures of a system."""
    rows = pick(tables["levels"], system=system)
    own = pick(rows, level="own", reading="automatic")
    finest = levels_of(rows)[-1]
    found: list[Tile] = []
    for name, metric in (
        ("Coded without a person", "share"),
        ("Accuracy of that part", "accuracy"),
    ):
        for row in pick(own, metric=metric):
            note = f"95 % interval {interval(row)}, n = {shown(row['n'], 'number')}"
            if metric == "accuracy":
                note += ", each code at its own level"
            found.append(Tile(name, shown(row["value"], "share"), note))
    for metric, name in (("accuracy", "Accuracy, all records"), ("macro_f1_truth", "Macro-F1")):
        for row in pick(rows, level=finest, reading="all", metric=metric):
            note = f"95 % interval {interval(row)}, best suggestion at level {finest}"
            found.append(Tile(name, shown(row["value"], "share"), note))
    return found


def level_sections(tables: Tables) -> list[Section]:
    """Accuracy and agreement per level, all systems side by side."""
    rows = [r for r in tables["levels"] if r["metric"] not in ("ece", "mce", "brier")]
    systems = list(dict.fromkeys(str(row["system"]) for row in rows))
    groups = [(s, r) for s in systems for r in READINGS]
    names, series, labels = [], [], [f"level {v}" for v in levels_of(rows)]
    for system, reading in groups:
        points = [
            r
            for r in pick(rows, system=system, reading=reading, metric="accuracy")
            if r["level"] != "own"
        ]
        if not points or (reading == "automatic" and not _differs(rows, system)):
            continue
        names.append(_series_name(systems, system, reading))
        series.append(
            Series(
                names[-1],
                [labels.index(f"level {r['level']}") for r in points],
                [number(r, "value") for r in points],
                [number(r, "low") for r in points],
                [number(r, "high") for r in points],
            )
        )
    picture = dot_plot(
        "Accuracy per level", "one row per level, dot and 95 % interval", labels, series
    )
    return [
        Section(
            "Accuracy and agreement per level",
            [
                f"“all”: {READINGS['all']}. “automatic”: {READINGS['automatic']}; “own” "
                "judges each code at the level at which it was given.",
                "Shares carry Wilson intervals, the other measures bootstrap intervals by record "
                "(95 %). “≥”: the file lists too few suggestions to know more.",
            ],
            [("Accuracy per level, with 95 % intervals.", picture + legend(names))],
            [
                _level_table(rows, system, reading, _series_name(systems, system, reading))
                for system, reading in groups
                if reading == "all" or _differs(rows, system)
            ],
        )
    ]


def _level_table(rows: Sequence[Row], system: str, reading: str, name: str) -> Table:
    """Measures down, levels across, each with its interval below."""
    part = pick(rows, system=system, reading=reading)
    levels = list(dict.fromkeys(str(row["level"]) for row in part))
    printed: dict[str, Row] = {"n": {"what": "Records"}}
    for row in part:
        level, cell = str(row["level"]), printed_row(row)
        line = printed.setdefault(str(row["metric"]), {"what": cell["what"]})
        line[level] = ("≥ " if row.get("note") else "") + str(cell["shown"])
        line[f"{level} interval"] = cell["interval"]
        if row["metric"] == "accuracy":
            printed["n"][level] = row["n"]
    columns = [Column("what", "Measure")]
    columns += [
        Column(v, v if v == "own" else f"Level {v}", "number", f"{v} interval") for v in levels
    ]
    return Table(f"Measures, {name}.", columns, list(printed.values()), "levels.csv")


def _differs(rows: Sequence[Row], system: str) -> bool:
    """Does the automatic part leave records out anywhere?"""
    shares = pick(rows, system=system, reading="automatic", metric="share")
    return any(number(row, "value") < 1 for row in shares)


def _series_name(systems: Sequence[str], system: str, reading: str) -> str:
    what = "automatic part" if reading == "automatic" else "all records"
    return f"{system}, {what}" if len(systems) > 1 else what
