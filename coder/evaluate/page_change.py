"""The pages of a model change and of a verified sample."""

from __future__ import annotations

from collections.abc import Sequence

from coder.evaluate.change import READINGS
from coder.evaluate.pick import levels_of, number, pick
from coder.evaluate.tree import Tree
from coder.evaluate.verify import Estimate
from coder.evaluate.write import Tables
from coder.figures.report import Column, Report, Section, Table, Tile, interval, shown
from coder.figures.svg import Series, dot_plot, legend
from coder.figures.tables import Row

MOST = 30


def change_page(meta: Row, tables: Tables, trees: Sequence[Tree]) -> Report:
    """What a new model changes, one part per scheme."""
    sections: list[Section] = []
    for tree in trees:
        own = {name: pick(rows, scheme=tree.name) for name, rows in tables.items()}
        parts = _change_sections(own)
        if len(trees) > 1:
            sections.append(Section(f"{tree.name}: {tree.title}"))
            parts = [Section(p.title, p.text, p.figures, p.tables, 3) for p in parts]
        sections += parts
    records, inputs = meta["records"], meta["inputs"]
    in_both = records["in_both"] if isinstance(records, dict) else ""
    footer = [f"{i['role']}: {i['file']}, SHA-256 {i['sha256']}" for i in _rows(inputs)]
    footer.append(f"narracoder {meta['narracoder']}, seed {meta['seed']}.")
    return Report(
        title="Changes: " + ", ".join(tree.name for tree in trees),
        subtitle=f"{shown(in_both, 'number')} records coded twice, old and new",
        tiles=_change_tiles(tables) if len(trees) == 1 else (),
        sections=sections,
        footer=footer,
    )


def _rows(value: object) -> list[Row]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _change_tiles(tables: Tables) -> list[Tile]:
    rows = pick(tables["changes"], reading="all")
    return [
        Tile(
            f"Changed at level {row['level']}",
            shown(row["value"], "share"),
            f"95 % interval {interval(row)}",
        )
        for row in rows
    ]


def _change_sections(tables: Tables) -> list[Section]:
    changes = tables["changes"]
    levels = levels_of(changes)
    lines = []
    for reading in READINGS:
        line: Row = {"reading": reading}
        for row in pick(changes, reading=reading):
            line[str(row["level"])], line[f"{row['level']} i"] = row["value"], interval(row)
        lines.append(line)
    across = [Column(str(v), f"Level {v}", "share", f"{v} i") for v in levels]
    status = [
        Column("old", "Old"),
        Column("new", "New"),
        Column("value", "Share of records", "share"),
        Column("n", "Records", "number"),
    ]
    first = Section(
        "How much changes",
        [f"“{name}”: {meaning}." for name, meaning in READINGS.items()],
        (),
        [
            Table("Share of records whose code changes.", [Column("reading", "Codes"), *across],
                  lines, "changes.csv"),
            Table("Who decides.", status, [{**r, "n": _count(r)} for r in tables["status"]],
                  "status.csv"),
        ],
    )  # fmt: skip
    return [first, _distribution(tables, levels[0]), _flows(tables, levels)]


def _count(row: Row) -> float:
    return number(row, "value") * number(row, "n")


def _distribution(tables: Tables, level: object) -> Section:
    rows = pick(tables["shares"], reading="all", level=level)
    labels = [f"{r['code']} {r['title']}".strip() for r in rows]
    series = Series(
        "new minus old",
        range(len(rows)),
        [number(r, "difference") for r in rows],
        [number(r, "low") for r in rows],
        [number(r, "high") for r in rows],
    )
    picture = dot_plot(
        f"Change in the share of each code at level {level}",
        "percentage points with 95 % interval",
        labels,
        [series],
        around_zero=True,
    )
    columns = [
        Column("code", "Code"),
        Column("title", "Title"),
        Column("level", "Level", "number"),
        Column("old_share", "Old", "share"),
        Column("new_share", "New", "share"),
        Column("difference", "Difference, points", "difference"),
        Column("i", "95 % interval", "number"),
    ]
    every = sorted(
        pick(tables["shares"], reading="all"), key=lambda r: -abs(number(r, "difference"))
    )
    printed = [[{**r, "i": interval(r)} for r in part] for part in (rows, every[:MOST])]
    index = [{**r, "i": interval(r)} for r in pick(tables["dissimilarity"], reading="all")]
    return Section(
        "Effect on the distribution",
        (),
        [(f"Level {level}: new share minus old share, in percentage points.", picture)],
        [
            Table(f"Level {level}.", columns, printed[0], "shares.csv"),
            Table(f"The {MOST} largest differences.", columns, printed[1], "shares.csv"),
            Table("Index of dissimilarity between old and new.",
                  [Column("level", "Level"), Column("value", "Index", "share", "i")],
                  index, "dissimilarity.csv"),
        ],
    )  # fmt: skip


def _flows(tables: Tables, levels: Sequence[object]) -> Section:
    columns = [
        Column("from", "Old"),
        Column("from_title", "Title"),
        Column("to", "New"),
        Column("to_title", "Title"),
        Column("n", "Records", "number"),
    ]
    printed = [
        Table(
            f"Level {level}: the most frequent moves.",
            columns,
            pick(tables["flows"], reading="all", level=level)[:MOST],
            "flows.csv",
        )
        for level in levels
    ]
    return Section("From which code to which", (), (), [t for t in printed if t.rows])


def verified_page(found: Estimate, scheme: str, file: Row) -> Report:
    """The error of the automatic part, estimated from a verified sample."""
    columns = [
        Column("stratum", "Stratum"),
        Column("records", "Automatic records", "number"),
        Column("verified", "Verified", "number"),
        Column("wrong", "Wrong", "number"),
        Column("error", "Error", "share", "i"),
    ]
    series = Series(
        "error",
        range(len(found.strata)),
        [1 - number(r, "error") for r in found.strata],
        [1 - number(r, "high") for r in found.strata],
        [1 - number(r, "low") for r in found.strata],
    )
    labels = [f"stratum {r['stratum']} ({shown(r['records'], 'number')})" for r in found.strata]
    picture = dot_plot("Accuracy per stratum", "dot and 95 % interval", labels, [series])
    whole: Row = {"low": found.low, "high": found.high}
    return Report(
        title=f"Verified sample: {scheme}",
        subtitle=f"{shown(found.verified, 'number')} of "
        f"{shown(found.population, 'number')} automatic records verified by hand",
        tiles=[
            Tile("Error of the automatic part", shown(found.error, "share"),
                 f"95 % interval {interval(whole)}"),
            Tile("Verified", shown(found.verified, "number"),
                 f"{found.not_verified} not yet, {found.not_judged} too coarse to judge"),
        ],
        sections=[
            Section(
                "By stratum",
                ["Strata are bands of confidence, the least sure first. Each stratum counts with "
                 "its share of the automatic part, not with its share of the sample."],
                [("Accuracy per stratum, with 95 % intervals.", picture + legend(["accuracy"]))],
                [Table("Strata.", columns,
                       [{**r, "i": interval(r)} for r in found.strata], "strata.csv")],
            )
        ],
        footer=[f"{file['role']}: {file['file']}, SHA-256 {file['sha256']}"],
    )  # fmt: skip
