"""`coder train`: a model from records that people coded."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coder.cli.console import comma_separated, input_files, notice, phase_bar
from coder.cli.review import STORE, open_store
from coder.errors import InputError, OutputError, SchemeError, TrainingError

if TYPE_CHECKING:
    from coder.batch import Block
    from coder.decide import PolicySet
    from coder.model.model import Model
    from coder.model.scores import Score
    from coder.model.train import Progress, Rows
    from coder.schemes import Scheme

_PATH = click.Path(path_type=Path)
_BLOCK = 20_000


@click.command()
@click.argument("scheme")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--code", "code_column", metavar="COL", help="Column of the code in the FILEs.")
@click.option(
    "--text", metavar="COL,COL", help="Text columns, the main one first. Default: by name."
)
@click.option("--out", required=True, type=_PATH, metavar="DIR", help="Folder for the model.")
@click.option("--encoder", type=_PATH, metavar="DIR", help="Sentence encoder. Default: shipped.")
@click.option(
    "--part",
    metavar="COL",
    help="Column that says fit, calibrate, tune or test. Default: dealt by the text.",
)
@click.option("--from-review", is_flag=True, help="Learn from what clerks decided.")
@STORE
@click.option(
    "--current",
    type=_PATH,
    metavar="DIR",
    help="The model to improve. Default: the one in --out, else the shipped one.",
)
@click.option("--epochs", type=click.IntRange(1), default=8, show_default=True, help="Passes.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Random seed.")
@click.option("--skip-unknown", is_flag=True, help="Leave out rows whose code is not in SCHEME.")
@click.option("--force", is_flag=True, help="Replace the model that DIR holds.")
@click.option("--progress", is_flag=True, help="Show progress even when stderr is not a terminal.")
def train(
    scheme: str,
    files: tuple[str, ...],
    code_column: str | None,
    text: str | None,
    out: Path,
    encoder: Path | None,
    part: str | None,
    from_review: bool,
    location: str,
    current: Path | None,
    epochs: int,
    seed: int,
    skip_unknown: bool,
    force: bool,
    progress: bool,
) -> None:
    """Train a model for SCHEME from coded FILEs (CSV, Parquet, Excel), and measure it.

    SCHEME is a shipped scheme or a CSV file with the columns code, title, parent. Two codes in a
    cell ("5.5|5.6") mean that either is right; a coarser code counts for all below it. A tenth
    of the texts is kept apart for the score that is printed and written into the model card,
    another for the policies that decide what is coded automatically.

    With --from-review the model in --out (or the shipped one) is taught what clerks decided, and
    replaces it only if it is not worse on decisions held out, the random sample of automatic
    codes among them. With FILEs, too, a new model is trained from both together. Earlier models
    stay: coder models list DIR, coder models restore DIR.
    """
    if bool(files) != (code_column is not None):
        raise click.UsageError("FILEs and --code go together: what is coded, and in which column")
    if not (files or from_review):
        raise click.UsageError("nothing to learn from: give FILEs, or --from-review")
    from coder.model.encoder import STATIC, load_encoder
    from coder.model.train import Settings
    from coder.model.train import train as fit
    from coder.resources import shipped
    from coder.schemes import list_schemes, load_scheme

    if not from_review and out.exists() and not force and (out.is_file() or any(out.iterdir())):
        raise OutputError(f"{out} is not empty: choose another --out, or --force", folder=str(out))
    target, columns = load_scheme(scheme), comma_separated(text)
    rows = None
    if code_column is not None:
        paths = input_files(files)
        rows = read_rows(paths, target, code_column, columns, part, skip=skip_unknown)

    def from_rows(rows: Rows, tell: Progress) -> tuple[Model, list[Score]]:
        how = Settings(epochs=epochs, seed=seed)
        ours = scheme in list_schemes()
        static = load_encoder(shipped("models", STATIC))
        return fit(target, rows, load_encoder(encoder), how, tell, ours, static)

    if from_review:
        from coder.cli import learn

        lesson = learn.Lesson(open_store(location), target, columns, current, out, seed)
        with phase_bar(always=progress) as tell:
            learned = learn.learn(lesson, rows, from_rows, tell)
        learn.settle(learned, out, policies)
        return
    assert rows is not None
    with phase_bar(always=progress) as tell:
        model, scores = from_rows(rows, tell)
    _write(out, model, scores, rows)


def _write(out: Path, model: Model, scores: Sequence[Score], rows: Rows) -> None:
    """Put the model in the place of what was there, and say how right it is."""
    from coder.engine.loading import POLICIES
    from coder.model.card import card

    fresh = out.with_name(out.name + ".part")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        model.save(fresh, card(model, scores))
        tuned = policies(model, rows)
        if tuned is not None:
            tuned.save(fresh / POLICIES)
        if out.exists():
            shutil.rmtree(out)
        fresh.replace(out)
    except OSError as error:
        raise OutputError(f"cannot write {out}: {error.strerror}", folder=str(out)) from error
    for line in score_table(scores):
        click.echo(line)
    name = model.scheme.name
    if tuned is None:
        notice(f"too few rows to promise anything: {name} goes to review until coder tune")
    notice(f"model written to {out}: use it with --model {name}={out}")


def policies(model: Model, rows: Rows) -> PolicySet | None:
    """Policies for the usual targets from the tuning rows, None where they are too few."""
    from coder.decide import Gold, one_of_each, tune
    from coder.decide.gold import SMALLEST
    from coder.decide.policy import TARGETS
    from coder.model.train import TUNE

    chosen = rows.where(TUNE).tolist()
    if len(chosen) < SMALLEST:
        return None
    p = model.probabilities([rows.prepared[i] for i in chosen])
    gold = Gold.of(p.scheme, [sorted(rows.labels[i]) for i in chosen])
    return one_of_each([tune(p, gold, target, model=model.hash).policy for target in TARGETS])


def read_rows(
    paths: Sequence[Path],
    scheme: Scheme,
    code_column: str,
    text: Sequence[str] | None,
    part: str | None,
    *,
    skip: bool = False,
) -> Rows:
    """The coded rows of the files, prepared as the engine prepares records.

    Rows without a code or without text are left out, and counted in a notice. Raises InputError
    for a missing column and TrainingError, naming file and row, for a code that the scheme
    lacks (unless `skip`) and a part that is none.
    """
    from coder.batch import ReadOptions, open_source
    from coder.model.train import Rows

    rows = Rows([], [], [], [])
    left_out = {"unreadable": 0, "without code": 0, "without text": 0, "with unknown code": 0}
    for path in paths:
        source = open_source(path, ReadOptions())
        for name in (code_column, *([part] if part else [])):
            if name not in source.schema.names:
                raise InputError(
                    f"{path} has no column '{name}'; found: {', '.join(source.schema.names)}",
                    column=name,
                )
        for block in source.blocks(_BLOCK):
            left_out["unreadable"] += len(block.rejected)
            _add(rows, block, path, scheme, (code_column, text, part), left_out, skip=skip)
    for why, count in left_out.items():
        if count:
            notice(f"{count:,} rows {why}: left out")
    return rows


def _add(
    rows: Rows,
    block: Block,
    path: Path,
    scheme: Scheme,
    columns: tuple[str, Sequence[str] | None, str | None],
    left_out: dict[str, int],
    *,
    skip: bool,
) -> None:
    from coder.evidence import prepare_records
    from coder.model.labels import read_label
    from coder.model.train import PARTS, deal
    from coder.text import resolve_fields

    code_column, text, part_column = columns
    names = [name for name in block.table.column_names if name not in (code_column, part_column)]
    fields = resolve_fields(names, scheme.name, text)
    cells = {name: _texts(block, name) for name in {*fields.names, code_column}}
    prepared = prepare_records(fields.texts(cells), scheme.name)
    parts = _texts(block, part_column) if part_column else [deal(p.main) for p in prepared]
    for one, code, part, row in zip(prepared, cells[code_column], parts, block.rows, strict=True):
        where = f"{path.name} row {row}, column {code_column}"
        if not code.strip():
            left_out["without code"] += 1
            continue
        if one.absent is not None:
            left_out["without text"] += 1
            continue
        if part not in PARTS:
            raise TrainingError(
                f"{path.name} row {row}: column {part_column} must say {', '.join(PARTS)}"
            )
        try:
            label = read_label(code, scheme, where)
        except TrainingError as error:
            if not (skip and isinstance(error.__cause__, SchemeError)):
                raise
            left_out["with unknown code"] += 1
            continue
        rows.add(one, label, path.stem, part)


def _texts(block: Block, name: str) -> list[str]:
    values = block.table[name].to_pylist()
    return ["" if value is None else str(value) for value in values]


def score_table(scores: Sequence[Score]) -> list[str]:
    """The held-out score of all rows, a line per level."""
    lines = [
        f"{'level':>5}  {'n':>9}  {'top 1':>6}  {'95 % interval':>13}  {'top 5':>6}  {'ECE':>6}"
    ]
    lines += [
        f"{s.level:>5}  {s.n:>9,}  {s.top1:>6.3f}  {f'{s.low:.3f}–{s.high:.3f}':>13}  "
        f"{s.top5:>6.3f}  {s.ece:>6.3f}"
        for s in scores
        if s.source == "all"
    ]
    return lines
