"""Report sections: codes, confusions, and sets of codes."""

from __future__ import annotations

from collections.abc import Mapping

from coder.evaluate.pick import levels_of, number, pick
from coder.evaluate.write import Tables
from coder.figures.report import Column, Section, Table, interval
from coder.figures.svg import heat_map
from coder.figures.tables import Row

MOST_CODES = 40
MOST_CONFUSIONS = 20


def code_sections(tables: Tables, system: str, order: Mapping[str, int]) -> list[Section]:
    """Codes, confusions and sets for one system; `order` is the official order of the codes."""
    codes = pick(tables["codes"], system=system, reading="all")
    levels = list(dict.fromkeys([*levels_of(codes)[:2], levels_of(codes)[-1]]))
    printed: list[Row] = []
    for level in levels:
        part = sorted(
            pick(codes, level=level), key=lambda r: (-number(r, "gold_n"), str(r["code"]))
        )
        printed.extend(part[:MOST_CODES])
    code_tables = [
        Table(
            f"Level {level}: the {len(pick(printed, level=level))} most frequent codes.",
            [
                Column("code", "Code"),
                Column("title", "Title"),
                Column("gold_n", "Gold n", "number"),
                Column("predicted_n", "Predicted n", "number"),
                Column("precision", "Precision", "share"),
                Column("recall", "Recall", "share"),
                Column("i", "95 % interval", "number"),
                Column("f1", "F1", "share"),
                Column("confused_with", "Most often given instead"),
            ],
            [
                {**r, "i": interval(r, "recall_low", "recall_high")}
                for r in pick(printed, level=level)
            ],
            "codes.csv",
        )
        for level in levels
    ]
    missing = pick(tables["missing"], system=system)
    if missing:
        code_tables.append(
            Table(
                "Codes in the gold that were never predicted or not in training.",
                [
                    Column("code", "Code"),
                    Column("title", "Title"),
                    Column("level", "Level", "number"),
                    Column("reason", "Reason"),
                    Column("gold_n", "Gold n", "number"),
                ],
                sorted(missing, key=lambda r: -number(r, "gold_n"))[:MOST_CODES],
                "missing.csv",
            )
        )
    sections = [
        Section(
            "Per code",
            ["Reading “all”. The interval is that of the recall. Both readings are in codes.csv."],
            (),
            code_tables,
        )
    ]
    confusions = _confusions(tables, system, order)
    return [*sections, *([confusions] if confusions else []), *_sets(tables, system)]


def _confusions(tables: Tables, system: str, order: Mapping[str, int]) -> Section | None:
    rows = pick(tables["confusions"], system=system)
    matrix = pick(tables["matrix"], system=system)
    figures = []
    for level in levels_of(matrix):
        part = pick(matrix, level=level)
        seen = {str(r[side]) for r in part for side in ("gold", "predicted") if r[side]}
        names = sorted(seen, key=lambda code: order[code])
        place: Mapping[str, int] = {name: i for i, name in enumerate(names)}
        cells = [
            (place[str(r["gold"])], place[str(r["predicted"])], number(r, "share_of_gold"))
            for r in part
            if r["predicted"]
        ]
        picture = heat_map(
            f"Confusion at level {level}",
            f"{len(names)} codes, gold down, given across; darker is a larger share of the gold",
            cells,
            names,
        )
        figures.append(
            (
                f"Level {level}: {len(names)} codes from {names[0]} to {names[-1]}; "
                "agreement on the diagonal, confusions beside it.",
                picture,
            )
        )
    if not matrix:
        return None
    matrix_tables = [
        Table(
            f"Level {level}: the {MOST_CONFUSIONS} most frequent confusions.",
            [
                Column("gold", "Gold"),
                Column("gold_title", "Title"),
                Column("predicted", "Given"),
                Column("predicted_title", "Title"),
                Column("n", "n", "number"),
                Column("share_of_gold", "Share of the gold code", "share"),
            ],
            pick(rows, level=level)[:MOST_CONFUSIONS],
            "confusions.csv, matrix.csv" if level in levels_of(matrix) else "confusions.csv",
        )
        for level in levels_of(rows)
    ]
    return Section("What is confused with what", (), figures, matrix_tables)


def _sets(tables: Tables, system: str) -> list[Section]:
    rows = [r for r in pick(tables["sets"], system=system) if number(r, "n") > 0]
    if not any(r["gold"] == "many" or r["predicted"] == "many" for r in rows):
        return []
    columns = [
        Column("gold", "Gold codes"),
        Column("predicted", "Predicted codes"),
        Column("level", "Level", "number"),
        Column("n", "n", "number"),
        Column("first", "First is acceptable", "share"),
        Column("any", "Any is acceptable", "share"),
        Column("equal", "Same set", "share"),
        Column("jaccard", "Common part", "share"),
    ]
    text = [
        "A code counts at its own level and all coarser ones. A record leaves the denominator of "
        "a level when any of its acceptable gold codes is too coarse for it."
    ]
    return [
        Section(
            "Several acceptable codes", text, (), [Table("Four cells.", columns, rows, "sets.csv")]
        )
    ]
