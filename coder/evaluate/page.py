"""The report page: all sections in order, with comparisons, effects and definitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import getdoc

from coder.evaluate import distribution, trust
from coder.evaluate.case import Case
from coder.evaluate.distribution import VARIANTS
from coder.evaluate.pick import NAMES, levels_of, number, pick
from coder.evaluate.sections import level_sections, tiles
from coder.evaluate.sections_codes import code_sections
from coder.evaluate.sections_trust import trust_sections
from coder.evaluate.write import Tables
from coder.figures.report import Column, Report, Section, Table, interval, shown
from coder.figures.svg import Series, dot_plot, legend
from coder.figures.tables import Row
from coder.measures import agreement

MOST_DIFFERENCES = 25

GLOSSARY: dict[str, Callable[..., object]] = {
    "Accuracy": agreement.accuracy,
    "Balanced accuracy": agreement.balanced_accuracy,
    "Macro-F1, codes in the gold": agreement.macro_f1_truth,
    "Macro-F1, codes in the gold or predicted": agreement.macro_f1_all,
    "Cohen's kappa": agreement.cohen_kappa,
    "Krippendorff's alpha": agreement.krippendorff_alpha,
    "Expected calibration error": trust.expected_calibration_error,
    "Maximum calibration error": trust.maximum_calibration_error,
    "Brier score": trust.brier,
    "Index of dissimilarity": distribution.dissimilarity,
}


def effect_sections(tables: Tables, system: str) -> list[Section]:
    """The published distribution under each way of coding, against human coding."""
    index = pick(tables["dissimilarity"], system=system)
    rows = pick(tables["distribution"], system=system)
    if not index:
        return []
    first = levels_of(rows)[0]
    names = [v for v in VARIANTS if pick(rows, level=first, variant=v)]
    shown_variants = [v for v in ("best_suggestion", "mixed", "mixed_corrected") if v in names]
    codes = [str(r["code"]) for r in pick(rows, level=first, variant="best_suggestion")]
    series = []
    for variant in shown_variants:
        part = [r for r in pick(rows, level=first, variant=variant) if str(r["code"]) in codes]
        series.append(
            Series(
                variant.replace("_", " "),
                [codes.index(str(r["code"])) for r in part],
                [number(r, "difference") for r in part],
                [number(r, "low") for r in part],
                [number(r, "high") for r in part],
            )
        )
    titles = {str(r["code"]): str(r["title"]) for r in rows if r["level"] == first}
    picture = dot_plot(
        f"Difference from human coding at level {first}",
        "percentage points per code with 95 % interval",
        [f"{c} {titles[c]}".strip() for c in codes],
        series,
        around_zero=True,
    )
    return [
        Section(
            "Effect on the statistics",
            [f"{name.replace('_', ' ')}: {VARIANTS[name]}." for name in names],
            [
                (
                    f"Level {first}: share of each code minus its share under human coding, in "
                    "percentage points.",
                    picture + legend([s.name for s in series]),
                )
            ],
            _effect_tables(rows, index),
        )
    ]


def _effect_tables(rows: Sequence[Row], index: Sequence[Row]) -> list[Table]:
    columns = [
        Column("code", "Code"),
        Column("title", "Title"),
        Column("variant", "Coding"),
        Column("human_share", "Human", "share"),
        Column("share", "This coding", "share"),
        Column("difference", "Difference, points", "difference"),
        Column("i", "95 % interval", "number"),
    ]
    lines: dict[str, Row] = {}
    for r in index:
        line = lines.setdefault(_words(r), {"variant": _words(r)})
        line[str(r["level"])], line[f"{r['level']} i"] = r["value"], interval(r)
    levels = [Column(str(v), f"Level {v}", "share", f"{v} i") for v in levels_of(index)]
    tables = [
        Table(
            "Index of dissimilarity from human coding (share of records that would have to move).",
            [Column("variant", "Coding"), *levels],
            list(lines.values()),
            "dissimilarity.csv",
        )
    ]
    for level in levels_of(rows):
        part = sorted(pick(rows, level=level), key=lambda r: -abs(number(r, "difference")))
        printed = [{**r, "variant": _words(r), "i": interval(r)} for r in part[:MOST_DIFFERENCES]]
        caption = f"Level {level}: the {len(printed)} largest differences from human coding."
        tables.append(Table(caption, columns, printed, "distribution.csv"))
    return tables


def _words(row: Row) -> str:
    return str(row["variant"]).replace("_", " ")


def comparison_sections(tables: Tables) -> list[Section]:
    """Systems side by side with paired differences."""
    rows = tables["comparison"]
    if not rows:
        return []
    printed: list[Row] = []
    for r in rows:
        printed.append({**r, "what": NAMES[str(r["metric"])], "i": interval(r)})
    pairs = list(dict.fromkeys((str(r["first"]), str(r["second"])) for r in rows))
    levels = levels_of(rows)
    series = []
    for first, second in pairs:
        part = pick(rows, first=first, second=second, metric="accuracy")
        series.append(
            Series(
                f"{second} minus {first}",
                [levels.index(r["level"]) for r in part],
                [number(r, "difference") for r in part],
                [number(r, "low") for r in part],
                [number(r, "high") for r in part],
            )
        )
    picture = dot_plot(
        "Difference in accuracy",
        "percentage points per level with 95 % interval; right of 0 the other system is better",
        [f"level {v}" for v in levels],
        series,
        around_zero=True,
    )
    return [
        Section(
            "Systems compared on the same records",
            ["Reading “all”. Differences are paired: both systems coded the same records."],
            [
                (
                    "Difference in accuracy, percentage points.",
                    picture + legend([s.name for s in series]),
                )
            ],
            [
                Table(
                    "Paired differences.",
                    [
                        Column("second", "System"),
                        Column("first", "Compared with"),
                        Column("what", "Measure"),
                        Column("level", "Level", "number"),
                        Column("value_second", "Value", "share"),
                        Column("value_first", "Compared", "share"),
                        Column("difference", "Difference, points", "difference"),
                        Column("i", "95 % interval", "number"),
                        Column("only_second_right", "Only it right", "number"),
                        Column("only_first_right", "Only other right", "number"),
                        Column("p_mcnemar", "McNemar p", "p"),
                    ],
                    printed,
                    "comparison.csv",
                )
            ],
        )
    ]


def glossary() -> Section:
    """What the measures mean, from the docstrings that specify them."""
    rows: list[Row] = [
        {"name": name, "meaning": " ".join((getdoc(function) or "").split())}
        for name, function in GLOSSARY.items()
    ]
    columns = [Column("name", "Measure"), Column("meaning", "Definition")]
    return Section("How to read this", (), (), [Table("Measures.", columns, rows)])


def build_report(meta: Row, tables: Tables, cases: Sequence[Case]) -> Report:
    """The evaluation report of one or several schemes."""
    sections: list[Section] = []
    headline = []
    for case in cases:
        own = {
            name: [row for row in rows if row["scheme"] == case.tree.name]
            for name, rows in tables.items()
        }
        system = case.systems[0].name
        parts = [
            *level_sections(own),
            *comparison_sections(own),
            *trust_sections(own, system),
            *effect_sections(own, system),
            *code_sections(own, system, case.tree.number),
        ]
        if len(cases) == 1:
            headline = tiles(own, system)
            sections += parts
        else:
            text = [f"{t.name}: {t.value} ({t.note})." for t in tiles(own, system)]
            sections.append(Section(f"{case.tree.name}: {case.tree.title}", text))
            sections += [Section(p.title, p.text, p.figures, p.tables, 3) for p in parts]
    sections.append(glossary())
    names = ", ".join(s.name for s in cases[0].systems)
    return Report(
        title="Evaluation: " + ", ".join(case.tree.name for case in cases),
        subtitle=f"{names}: {shown(cases[0].gold.n, 'number')} records with gold codes",
        tiles=headline,
        sections=sections,
        footer=_footer(meta, cases),
    )


def _footer(meta: Row, cases: Sequence[Case]) -> list[str]:
    lines = []
    for case in cases:
        counts = ", ".join(
            f"{str(name).replace('_', ' ')} {shown(value, 'number')}"
            for name, value in case.counts.items()
            if not isinstance(value, dict)
        )
        lines.append(f"{case.tree.name}: {counts}.")
    inputs = meta["inputs"]
    if isinstance(inputs, list):
        lines += [f"{i['role']}: {i['file']}, SHA-256 {i['sha256']}" for i in inputs]
    lines.append(
        f"narracoder {meta['narracoder']}, seed {meta['seed']}, "
        f"{meta['bootstrap_replicates']} bootstrap replicates."
    )
    return lines
