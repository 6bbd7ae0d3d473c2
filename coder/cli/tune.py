"""`coder tune`: from records that people coded to a policy that keeps a promise."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import click
import pyarrow as pa

from coder.batch import ReadOptions, open_source
from coder.cli.console import comma_separated, input_files, named_value, notice
from coder.cli.loading import TIER, EngineSpec
from coder.decide import Gold, Policy, TuneResult, one_of_each
from coder.decide import tune as find_policy
from coder.decide.policy import EVERYONE
from coder.decide.tuning import CurvePoint
from coder.errors import InputError, OutputError
from coder.model.model import Tier

_FILE = click.Path(path_type=Path, dir_okay=False)
GOLD_NAMES = ("gold", "gold_code", "verified_code", "code")
SEPARATORS = ("|", ";")
SHOWN = tuple(step / 10 for step in range(1, 11))  # shares at which the printed curve is read off


@click.command()
@click.argument("gold", nargs=-1, required=True, metavar="GOLD...")
@click.option("--scheme", required=True, help="Scheme of the codes, or the name given to --model.")
@click.option(
    "--target-accuracy",
    "targets",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    multiple=True,
    default=(0.95,),
    show_default=True,
    help="Share of automatic codes that must be right. Repeat for a file of several policies.",
)
@click.option(
    "--confidence",
    type=click.FloatRange(0.5, 1, max_open=True),
    default=0.95,
    show_default=True,
    help="How sure the promise must be.",
)
@click.option("--by", metavar="COLUMN", help="Thresholds for each value of this column.")
@click.option(
    "--level", "levels", type=click.IntRange(1), multiple=True, help="Only these levels; repeat."
)
@click.option(
    "--minimum-level",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="A record that is only safe above this level goes to review.",
)
@click.option("--model", metavar="NAME=PATH", help="Use the model in folder PATH.")
@click.option("--text", metavar="COL,COL", help="Text columns, the main one first.")
@click.option("--code", metavar="COL", help="Column of the gold code. Default: gold, code, ….")
@TIER
@click.option("--out", required=True, type=_FILE, metavar="FILE", help="Policy file (JSON).")
def tune(
    gold: tuple[str, ...],
    scheme: str,
    targets: tuple[float, ...],
    confidence: float,
    by: str | None,
    levels: tuple[int, ...],
    minimum_level: int,
    model: str | None,
    text: str | None,
    code: str | None,
    tier: Tier,
    out: Path,
) -> None:
    """Derive a policy from GOLD: files with text and the codes that people gave.

    Finds, per level, the lowest confidence at which automatic codes are right as often as asked,
    proven by an exact test. Two codes in a cell ("5.5|5.6") mean that either is right; an empty
    cell leaves the row out; a row that repeats another in every column is counted once. Next to
    the policy it writes the curve of share against accuracy (.curve.json, and .curve.svg where
    matplotlib is installed).
    """
    table, codes, places = read_gold(input_files(gold), scheme, code, by)
    named = () if model is None else (named_value(model, "--model"),)
    models = tuple((name, Path(path)) for name, path in named)
    engine = EngineSpec(models=models, schemes=(scheme,), tier=tier)()
    columns = comma_separated(text)
    p, signals = engine.probabilities(table, scheme, text=columns)
    checked = Gold.of(p.scheme, codes, places)
    results = [
        find_policy(
            p,
            checked,
            target,
            confidence,
            levels=levels or None,
            groups=None if by is None else table[by].to_pylist(),
            by=by,
            signals=signals,
            minimum_level=minimum_level,
            model=engine.model_hash(scheme),
        )
        for target in dict.fromkeys(targets)
    ]
    write(results, out)
    for line in report(results):
        click.echo(line)


def read_gold(
    paths: Sequence[Path], scheme: str, code: str | None, by: str | None
) -> tuple[pa.Table, list[tuple[str, ...]], list[str]]:
    """(rows with a gold code, the codes of each, where each stands). Raises InputError.

    All files must have the same columns; all columns come as text, empty cells as "".
    """
    tables, places = [], []
    for path in paths:
        for block in open_source(path, ReadOptions()).blocks(50_000):
            tables.append(block.table)
            places += [f"{path.name} row {row}" for row in block.rows.tolist()]
            if block.rejected:
                notice(f"{path.name}: {len(block.rejected)} rows cannot be read; left out")
    if not tables:
        raise InputError(f"{paths[0].name} has no rows", file=paths[0].name)
    try:
        table = pa.concat_tables(tables)
    except pa.ArrowInvalid as error:
        raise InputError("the gold files do not have the same columns") from error
    names = table.column_names
    column = code or next((name for name in (*GOLD_NAMES, scheme) if name in names), None)
    for wanted in (column, by):
        if wanted is not None and wanted not in names:
            raise InputError(f"there is no column {wanted}; there are: {', '.join(names)}")
    if column is None:
        raise InputError(f"name the column of the gold code with --code: {', '.join(names)}")
    text = pa.table({name: _text(table[name]) for name in names})
    rows, codes = _usable(text, column)
    kept = [places[i] for i in rows]
    # the engine must not see the answer
    return text.take(pa.array(rows, pa.int64())).drop_columns([column]), codes, kept


def _text(column: pa.ChunkedArray) -> pa.Array:
    return pa.array(["" if cell is None else str(cell) for cell in column.to_pylist()], pa.string())


def _usable(table: pa.Table, column: str) -> tuple[list[int], list[tuple[str, ...]]]:
    """Rows with a code that do not repeat an earlier row, and their codes."""
    rows, codes, empty = [], [], 0
    seen: set[tuple[str, ...]] = set()
    cells = zip(*(part.to_pylist() for part in table.columns), strict=True)
    for i, (row, cell) in enumerate(zip(cells, table[column].to_pylist(), strict=True)):
        parts = cell.replace(SEPARATORS[1], SEPARATORS[0]).split(SEPARATORS[0])
        given = tuple(part.strip() for part in parts if part.strip())
        empty += not given
        if given and row not in seen:
            seen.add(row)
            rows.append(i)
            codes.append(given)
    repeated = table.num_rows - empty - len(rows)
    if empty:
        notice(f"{empty} rows have no gold code; left out")
    if repeated:
        notice(
            f"{repeated} rows repeat another row in every column and are counted once; "
            "if they are records of their own, give each its id"
        )
    either = sum(len(given) > 1 for given in codes)
    if either:
        notice(f"{either} rows have several gold codes; either counts as right")
    return rows, codes


def write(results: Sequence[TuneResult], out: Path) -> None:
    """The policy (several: a set), the curve as JSON, and as SVG where matplotlib is installed."""
    curve = results[0].curve
    curve_path = out.with_name(f"{out.stem}.curve.json")
    points = {"curve": [asdict(point) for point in curve]}
    try:
        if len(results) == 1:
            results[0].policy.save(out)
        else:
            one_of_each([result.policy for result in results]).save(out)
        curve_path.write_text(json.dumps(points, indent=1) + "\n", encoding="utf-8")
        notice(f"wrote {out}, {curve_path.name}{_plot(results, out)}")
    except OSError as error:
        raise OutputError(
            f"cannot write {out}: {error.strerror or 'unknown reason'}", file=str(out)
        ) from error


def _plot(results: Sequence[TuneResult], out: Path) -> str:
    try:
        from coder.cli.tune_plot import draw
    except ImportError:
        return "; for the plot install narracoder[plot]"
    path = out.with_name(f"{out.stem}.curve.svg")
    draw([result.policy for result in results], results[0].curve, path)
    return f", {path.name}"


def report(results: Sequence[TuneResult]) -> Iterable[str]:
    """What to expect before coding: the curve, and what each policy promises."""
    policy = results[0].policy
    yield f"{policy.scheme}: {policy.provenance['gold_records']:,} gold records"
    yield ""
    yield (
        "automatic at one level alone, surest records first "
        f"({policy.confidence:.0%} interval of the accuracy)"
    )
    yield f"{'level':>5}  {'share':>6}  {'confidence':>10}  {'accuracy':>8}  interval"
    for point in _read_off(results[0].curve):
        yield (
            f"{point.level:>5}  {point.share:>6.1%}  {point.threshold:>10.4f}  "
            f"{point.accuracy:>8.3f}  {point.low:.3f}–{point.high:.3f}"
        )
    for result in results:
        yield ""
        yield from _promise(result.policy)
        yield from (f"note: {remark}" for remark in result.remarks)


def _read_off(curve: Sequence[CurvePoint]) -> Iterable[CurvePoint]:
    """Per level, finest first, the points next to each tenth of the records."""
    for level in sorted({point.level for point in curve}, reverse=True):
        points = [point for point in curve if point.level == level]
        near = [min(points, key=lambda point: abs(point.share - share)) for share in SHOWN]
        yield from dict.fromkeys(near)


def _promise(policy: Policy) -> Iterable[str]:
    yield (
        f"policy for accuracy ≥ {policy.target_accuracy:g}, promised at confidence "
        f"{policy.confidence:g}, per level and for all automatic codes together:"
    )
    for name, group in policy.groups.items():
        if not group.n:
            continue
        where = (
            "" if policy.by is None else f"{policy.by} {name}: " if name != EVERYONE else "other: "
        )
        for level, rule in sorted(group.levels.items(), reverse=True):
            if rule is None:
                yield f"  {where}level {level}: none"
            else:
                use = "" if level >= policy.minimum_level else " (settled part for clerks only)"
                yield (
                    f"  {where}level {level}: confidence ≥ {rule.threshold:.4f}; {rule.share:.1%} "
                    f"of records, accuracy {rule.accuracy:.3f}, "
                    f"at least {rule.lower_bound:.3f}{use}"
                )
    sets = policy.candidates
    yield f"  automatic: {policy.promised_share:.1%}; review: {1 - policy.promised_share:.1%}"
    if sets.measured_coverage is not None and sets.mean_size is not None:
        yield (
            f"  candidates for review: the right code among {sets.mean_size:.1f} on average, "
            f"in {sets.measured_coverage:.1%} of {sets.n} records"
        )
