"""One page per benchmark, drawn from its results file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from score import paired

from coder.figures.report import Column, Report, Section, Table, Tile, interval, render, shown
from coder.figures.svg import Series, dot_plot, legend
from coder.figures.tables import Row


def _mean(values: Sequence[float | None]) -> float:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else float("nan")


def _spread(values: Sequence[float | None]) -> str:
    known = [v for v in values if v is not None]
    if len(known) < 2 or max(known) == min(known):
        return ""
    return f"{100 * min(known):.1f} to {100 * max(known):.1f}"


def write_page(results: Path) -> None:
    """<benchmark>.html beside <benchmark>.json."""
    found = json.loads(results.read_text(encoding="utf-8"))
    levels = [row["level"] for row in next(iter(found["systems"].values()))["seeds"][0]["levels"]]
    main = levels.index(found["level"])
    names = sorted(found["systems"], key=lambda n: -_level(found["systems"][n], main, "accuracy"))
    best = names[0]
    top = found["systems"][best]
    report = Report(
        title=f"Benchmark: {found['title']}",
        subtitle=f"{found['split']}. {shown(found['train_records'], 'number')} training and "
        f"{shown(found['test_records'], 'number')} test records, {found['codes']} codes, "
        f"field {found['field']}.",
        tiles=[
            Tile("Most accurate", best, f"of {len(names)} systems in this file"),
            Tile(
                "Its accuracy",
                shown(_level(top, main, "accuracy"), "share"),
                f"95 % interval {interval(top['seeds'][0]['levels'][main])}, first seed",
            ),
        ],
        sections=[
            _accuracy(found, names, levels, main),
            *_paired(found, names),
            _automatic(found, names),
            _cost(found, names),
        ],
        footer=[f"{name}: {_made(found['systems'][name])}" for name in names]
        + [f"Machine: {found['machine']}."],
    )
    results.with_suffix(".html").write_text(render(report), encoding="utf-8", newline="")


def _level(system: Row, place: int, key: str) -> float:
    return _mean([s["levels"][place][key] for s in system["seeds"]])  # type: ignore[index, attr-defined]


def _made(system: Row) -> str:
    cost = system["cost"]
    assert isinstance(cost, dict)
    versions = ", ".join(f"{k} {v}" for k, v in cost["versions"].items())
    return f"{system['date']}, Python {cost['python']}, {versions}"


def _accuracy(found: Row, names: Sequence[str], levels: Sequence[int], main: int) -> Section:
    systems = found["systems"]
    assert isinstance(systems, dict)
    series, printed = [], []
    for place, level in enumerate(levels):
        firsts = [systems[n]["seeds"][0]["levels"][place] for n in names]
        series.append(
            Series(
                f"level {level}",
                range(len(names)),
                [f["accuracy"] for f in firsts],
                [f["low"] for f in firsts],
                [f["high"] for f in firsts],
            )
        )
    for name in names:
        row: Row = {"system": name, "n": systems[name]["test_records"]}
        for place, level in enumerate(levels):
            values = [s["levels"][place]["accuracy"] for s in systems[name]["seeds"]]
            row[f"a{level}"] = _mean(values)
            row[f"i{level}"] = _spread(values) or interval(
                systems[name]["seeds"][0]["levels"][place]
            )
        row["f1"] = _level(systems[name], main, "macro_f1")
        row["ece"] = _level(systems[name], main, "ece")
        printed.append(row)
    columns = [Column("system", "System"), Column("n", "Test records", "number")]
    columns += [Column(f"a{v}", f"Accuracy, level {v}", "share", f"i{v}") for v in levels]
    columns += [Column("f1", "Macro-F1", "share"), Column("ece", "ECE", "figure")]
    text = [
        "Fitted on all training rows. Mean of the seeds; below it the range over seeds, or the "
        "Wilson interval where the seed changes nothing. Macro-F1 (codes in the gold) and expected "
        "calibration error are at the level by which systems are ranked here."
    ]
    if found["published"]:
        text.append(f"For comparison, {found['published']}.")
    picture = dot_plot("Accuracy per system", "dot and 95 % interval", list(names), series)
    picture += legend([one.name for one in series])
    caption = "Accuracy, first seed, with 95 % intervals."
    return Section("Accuracy", text, [(caption, picture)], [Table("Scores.", columns, printed)])


OWN = "narracoder"


def _paired(found: Row, names: Sequence[str]) -> Iterator[Section]:
    systems = found["systems"]
    assert isinstance(systems, dict)
    if OWN not in systems:
        return
    printed: list[Row] = []
    for name in names:
        if name != OWN:
            gap = paired(systems[OWN], systems[name])
            row: Row = {"system": name, "n": gap["n"], "gap": f"{100 * gap['difference']:+.1f}"}
            row["interval"] = f"{100 * gap['low']:+.1f} to {100 * gap['high']:+.1f}"
            row["ours"], row["theirs"] = gap["only_first_right"], gap["only_second_right"]
            row["p"] = "< 0.0001" if gap["p_mcnemar"] < 1e-4 else f"{gap['p_mcnemar']:.4f}"
            printed.append(row)
    columns = [
        Column("system", "Compared with"),
        Column("n", "Records", "number"),
        Column("gap", "Points ahead", "number", "interval"),
        Column("ours", f"Only {OWN} right", "number"),
        Column("theirs", "Only the other right", "number"),
        Column("p", "McNemar p", "number"),
    ]
    text = [
        f"Accuracy of {OWN} minus that of each other system on the same records, in percentage "
        "points with the paired 95 % interval; first seed.",
        f"The encoder of {OWN} was tuned beforehand on the fitting rows of all our sources, "
        "other ones than this too, but on no row of this test.",
    ]
    yield Section(f"{OWN} beside each system", text, (), [Table("Paired.", columns, printed)])


def _automatic(found: Row, names: Sequence[str]) -> Section:
    systems = found["systems"]
    assert isinstance(systems, dict)
    printed = []
    for name in names:
        row: Row = {"system": name}
        for place, wanted in enumerate((90, 95)):
            cells = [s["automatic"][place] for s in systems[name]["seeds"]]
            for key in ("share", "achieved"):
                values = [c[key] for c in cells]
                row[f"{key}{wanted}"], row[f"{key}{wanted} i"] = _mean(values), _spread(values)
        printed.append(row)
    columns = [Column("system", "System")]
    for wanted in (90, 95):
        columns.append(
            Column(f"share{wanted}", f"Share at {wanted} %", "share", f"share{wanted} i")
        )
        columns.append(Column(f"achieved{wanted}", "Achieved", "share", f"achieved{wanted} i"))
    text = [
        "For each seed "
        f"{shown(found['set_apart_for_thresholds'], 'number')} training rows are set apart, the "
        "system is fitted on the rest, and the threshold that reaches the wanted accuracy on the "
        "rows set apart is applied to the test. Mean and range over seeds."
    ]
    table = Table("Share coded without a person, and its accuracy.", columns, printed)
    return Section("How much can be automated", text, (), [table])


def _cost(found: Row, names: Sequence[str]) -> Section:
    systems = found["systems"]
    assert isinstance(systems, dict)
    printed: list[Row] = []
    for name in names:
        cost = systems[name]["cost"]
        row: Row = {"system": name}
        row["ms"] = f"{_mean([r['ms_per_record'] for r in cost['runs']]):.3f}"
        row["cpu"] = f"{_mean([r['cpu_ms_per_record'] for r in cost['runs']]):.3f}"
        row["fit"] = _mean([r["fit_seconds"] for r in cost["runs"]])
        row["memory"], row["install"] = cost["peak_memory_mb"], cost["install_mb"]
        printed.append(row)
    columns = [
        Column("system", "System"),
        Column("ms", "ms per record", "number"),
        Column("cpu", "Processor ms", "number"),
        Column("fit", "Fitting, s", "number"),
        Column("memory", "Peak memory, MB", "number"),
        Column("install", "Installed, MB", "number"),
    ]
    text = [
        "Wall clock on a machine that did other work too; processor time counts all threads and is "
        "the fairer figure. Memory includes fitting."
    ]
    return Section("Cost", text, (), [Table("Cost.", columns, printed)])
