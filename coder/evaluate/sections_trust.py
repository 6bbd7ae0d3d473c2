"""Report sections: calibration, automation, and parts of the data."""

from __future__ import annotations

from collections.abc import Sequence

from coder.evaluate.pick import levels_of, number, pick, printed_row
from coder.evaluate.write import Tables
from coder.figures.report import Column, Section, Table, interval, shown
from coder.figures.svg import Series, dot_plot, legend, share_plot
from coder.figures.tables import Row

SHARES_SHOWN = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def trust_sections(tables: Tables, system: str) -> list[Section]:
    """Calibration, automation and parts of the data for one system."""
    sections = []
    bins = pick(tables["reliability"], system=system)
    scores = [
        r for r in pick(tables["levels"], system=system) if r["metric"] in ("ece", "mce", "brier")
    ]
    if bins:
        sections.append(_calibration(bins, scores))
    curve = pick(tables["automation"], system=system)
    if curve:
        sections.append(_automation(curve))
    groups = pick(tables["groups"], system=system)
    if groups:
        sections.append(_groups(groups))
    return sections


def _calibration(bins: Sequence[Row], scores: Sequence[Row]) -> Section:
    kinds = list(dict.fromkeys((row["reading"], row["level"]) for row in bins))
    figures = []
    for reading, level in kinds:
        part = pick(bins, reading=reading, level=level)
        name = (
            "Automatic part, each code at its own level"
            if level == "own"
            else (f"All records, best suggestion at level {level}")
        )
        picture = share_plot(
            f"Reliability: {name}",
            "accuracy against confidence in bins of equal size; the dashed line is perfect",
            [
                Series(
                    name,
                    [number(r, "confidence") for r in part],
                    [number(r, "accuracy") for r in part],
                    [number(r, "low") for r in part],
                    [number(r, "high") for r in part],
                )
            ],
            "mean confidence",
            "accuracy",
            diagonal=True,
        )
        figures.append((f"{name}.", picture))
    return Section(
        "Can the confidence be believed?",
        [
            "Points on the dashed line mean that a confidence of 90 % is right nine times in ten; "
            "below it the system is overconfident."
        ],
        figures,
        [
            _score_table(scores),
            _bin_table(bins),
        ],
    )


def _bin_table(bins: Sequence[Row]) -> Table:
    printed: dict[object, Row] = {}
    columns = [Column("bin", "Bin")]
    for row in bins:
        key = f"{row['reading']} {row['level']}"
        if key not in [c.key for c in columns]:
            heading = "Automatic, own level" if row["level"] == "own" else f"Level {row['level']}"
            columns.append(Column(key, heading, "share", f"{key} note"))
        line = printed.setdefault(row["bin"], {"bin": row["bin"]})
        line[key] = row["accuracy"]
        sure, n = shown(row["confidence"], "share"), shown(row["n"], "number")
        line[f"{key} note"] = f"confidence {sure}, n = {n}"
    caption = "Reliability bins: accuracy, below it the mean confidence and the records."
    return Table(caption, columns, list(printed.values()), "reliability.csv")


def _score_table(scores: Sequence[Row]) -> Table:
    printed: dict[str, Row] = {}
    columns = [Column("what", "Score")]
    for row in scores:
        key = f"{row['reading']} {row['level']}"
        if key not in [c.key for c in columns]:
            heading = "Automatic, own level" if row["level"] == "own" else f"Level {row['level']}"
            columns.append(Column(key, heading, "figure", f"{key} interval"))
        cell = printed_row(row)
        line = printed.setdefault(str(row["metric"]), {"what": cell["what"]})
        line[key] = row["value"]
        line[f"{key} interval"] = f"{number(row, 'low'):.3f} to {number(row, 'high'):.3f}"
    caption = "Calibration scores (lower is better), with 95 % intervals."
    return Table(caption, columns, list(printed.values()), "levels.csv")


def _automation(rows: Sequence[Row]) -> Section:
    curves = pick(rows, kind="curve")
    series = []
    for level in levels_of(curves):
        part = pick(curves, level=level)
        xs, ys = [number(r, "share") for r in part], [number(r, "accuracy") for r in part]
        series.append(Series(f"level {level}", xs, ys, line=True))
    policy = pick(rows, kind="policy")
    for row in policy:
        share, right = [number(row, "share")], [number(row, "accuracy")]
        series.append(
            Series("the policy", share, right, [number(row, "low")], [number(row, "high")])
        )
    picture = share_plot(
        "Share automatic against accuracy",
        "accuracy of the records kept when the most confident ones are kept",
        series,
        "share coded without a person",
        "accuracy of that share",
    )
    return Section(
        "How much can be automated?",
        [
            "Each line keeps the most confident records first. The point of the policy counts each "
            "code at its own level, so it can lie above the line of the finest level.",
            "The shares at a wanted accuracy are chosen and measured on these same records and so "
            "flatter a little: tune a policy on other records than it is judged on.",
        ],
        [
            (
                "Share coded without a person against its accuracy.",
                picture + legend([s.name for s in series]),
            )
        ],
        [
            _reached_table(pick(rows, kind="reached")),
            _curve_table(curves, policy),
        ],
    )


def _reached_table(rows: Sequence[Row]) -> Table:
    printed: dict[object, Row] = {}
    for row in rows:
        line = printed.setdefault(row["wanted"], {"wanted": shown(row["wanted"], "share")})
        line[str(row["level"])] = row["share"]
        line[f"{row['level']} note"] = f"threshold {shown(row['threshold'], 'figure')}"
    columns = [Column("wanted", "Wanted accuracy")]
    columns += [Column(str(v), f"Level {v}", "share", f"{v} note") for v in levels_of(rows)]
    caption = "Largest share that reaches a wanted accuracy on these records."
    return Table(caption, columns, list(printed.values()), "automation.csv")


def _curve_table(curves: Sequence[Row], policy: Sequence[Row]) -> Table:
    printed: list[Row] = []
    levels = levels_of(curves)
    for wanted in SHARES_SHOWN:
        line: Row = {"share": f"{wanted:.0%}"}
        for level in levels:
            part = pick(curves, level=level)
            near = min(part, key=lambda r: abs(number(r, "share") - wanted))
            if abs(number(near, "share") - wanted) < 0.02:
                line[str(level)] = near["accuracy"]
                line[f"{level} note"] = interval(near)
        printed.append(line)
    columns = [Column("share", "Share automatic")]
    columns += [Column(str(v), f"Level {v}", "share", f"{v} note") for v in levels]
    if policy:
        columns.append(Column("own", "The policy, own level", "share", "own note"))
        for row in policy:
            share = shown(row["share"], "share")
            line = {"share": f"policy: {share}", "own": row["accuracy"], "own note": interval(row)}
            printed.append(line)
    return Table("Accuracy by share automatic.", columns, printed, "automation.csv")


def _groups(rows: Sequence[Row]) -> Section:
    printed = [
        {
            **row,
            "i_auto": interval(row, "low_automatic", "high_automatic"),
            "i_all": interval(row, "low_all", "high_all"),
        }
        for row in rows
    ]
    figures = []
    for grouping in dict.fromkeys(str(row["grouping"]) for row in rows):
        part = pick(rows, grouping=grouping)
        series = []
        for what, name in (("all", "all records"), ("automatic", "automatic part")):
            known = [i for i, r in enumerate(part) if number(r, f"n_{what}") > 0]
            series.append(
                Series(
                    name,
                    known,
                    [number(part[i], f"accuracy_{what}") for i in known],
                    [number(part[i], f"low_{what}") for i in known],
                    [number(part[i], f"high_{what}") for i in known],
                )
            )
        labels = [f"{r['group']} ({shown(r['n'], 'number')})" for r in part]
        picture = dot_plot(f"Accuracy by {grouping}", "dot and 95 % interval", labels, series)
        figures.append((f"By {grouping} (records).", picture + legend([s.name for s in series])))
    return Section(
        "Where is it better, where worse?",
        [
            "All records: best suggestion at the finest level. Automatic part: each code at its "
            "own level."
        ],
        figures,
        [
            Table(
                "Accuracy in parts of the data.",
                [
                    Column("group", "Group"),
                    Column("grouping", "By"),
                    Column("n", "n", "number"),
                    Column("accuracy_all", "All", "share"),
                    Column("i_all", "95 % interval", "number"),
                    Column("share_automatic", "Share automatic", "share"),
                    Column("accuracy_automatic", "Automatic", "share"),
                    Column("i_auto", "95 % interval", "number"),
                ],
                printed,
                "groups.csv",
            )
        ],
    )
