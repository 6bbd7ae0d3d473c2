"""`coder train --from-review`: what clerks decided goes back into the model, if it helps."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coder.cli.console import notice
from coder.errors import ModelError, OutputError, TrainingError

if TYPE_CHECKING:
    import pyarrow as pa

    from coder.decide import PolicySet
    from coder.model.model import Model
    from coder.model.rivals import Comparison
    from coder.model.scores import Score
    from coder.model.train import Progress, Rows
    from coder.review.store import Store
    from coder.schemes import Scheme
    from coder.text import Prepared

    Train = Callable[[Rows, Progress], tuple[Model, list[Score]]]

REVIEW, SAMPLE = "held-out decisions", "random sample of automatic codes"


@dataclass
class Decisions:
    """What people decided: `rows` in the parts fit, calibrate and test, and `group`, which says
    per row whether it is held out (REVIEW), of the random sample (SAMPLE), or learned from ("")."""

    rows: Rows
    group: list[str]

    @property
    def held(self) -> list[int]:
        """Row numbers that no model may learn from."""
        return [i for i, group in enumerate(self.group) if group]


@dataclass(frozen=True)
class Lesson:
    """What to learn from, and where the model is: `current` or else `out` or the shipped one."""

    store: Store
    scheme: Scheme
    text: Sequence[str] | None
    current: Path | None
    out: Path
    seed: int


@dataclass(frozen=True)
class Learned:
    """The current model, read from `folder`, the new one, and what it learned from."""

    current: Model
    folder: Path
    new: Model
    decisions: Decisions
    coded: Rows | None


def read_decisions(store: Store, scheme: str, text: Sequence[str] | None) -> Decisions:
    """The decided texts of a store, prepared as the engine prepares records.

    The random sample is held out, and so is the tenth of the other decisions that `decided` marks
    for tuning. Raises TrainingError when nothing is decided, InputError without text columns.
    """
    from coder.model.train import TEST, TUNE, Rows
    from coder.review.learning import decided

    found = decided(store, scheme)
    out = Decisions(Rows([], [], [], []), [])
    for table, name in ((found.training, REVIEW), (found.sample, SAMPLE)):
        prepared = _prepared(table, scheme, text)
        columns = _column(table, "code"), _column(table, "part")
        for one, code, part in zip(prepared, *columns, strict=True):
            if one.absent is not None:
                continue
            held = part in (TUNE, TEST)
            out.rows.add(one, frozenset([code]), "review", TEST if held else part)
            out.group.append(name if held else "")
    return out


def _prepared(table: pa.Table, scheme: str, text: Sequence[str] | None) -> list[Prepared]:
    from coder.evidence import prepare_records
    from coder.text import resolve_fields

    names = [n for n in table.column_names if n not in ("code", "source", "part", "records")]
    fields = resolve_fields(names, scheme, text)
    return prepare_records(fields.texts({n: _column(table, n) for n in fields.names}), scheme)


def _column(table: pa.Table, name: str) -> list[str]:
    values: list[str] = table[name].to_pylist()
    return values


def current_folder(scheme: Scheme, out: Path, named: Path | None) -> Path:
    """The model that is current: the one named, else the one in `out`, else the shipped one.

    Raises ModelError when there is none.
    """
    from coder.resources import shipped

    if named is not None:
        return named
    for folder in (out, shipped("models", scheme.name)):
        if (folder / "manifest.json").is_file():
            return folder
    raise ModelError(f"there is no model for {scheme.name} to teach: name one with --current DIR")


def join(coded: Rows, decisions: Decisions) -> tuple[Rows, int]:
    """Coded rows and decisions together; how many coded rows were left out.

    A coded row whose text is held out among the decisions would give the comparison away.
    """
    held = {decisions.rows.prepared[i].main for i in decisions.held}
    out = type(coded)([], [], [], [])
    for rows in (coded, decisions.rows):
        for one in zip(rows.prepared, rows.labels, rows.source, rows.part, strict=True):
            if rows is decisions.rows or one[0].main not in held:
                out.add(*one)
    return out, len(coded) + len(decisions.rows) - len(out)


def learn(lesson: Lesson, coded: Rows | None, train: Train, tell: Progress) -> Learned:
    """The new model: trained from the coded rows and the decisions together, or, without coded
    rows, the current one taught the decisions."""
    from coder.model.adapt import Adaptation, adapt
    from coder.model.model import Model
    from coder.review.learning import undecided

    scheme = lesson.scheme
    folder = current_folder(scheme, lesson.out, lesson.current)
    current = Model.load(folder)
    if current.scheme.version_hash != scheme.version_hash:
        raise ModelError(f"model {folder.name} is for {current.scheme.name}, not {scheme.name}")
    decisions = read_decisions(lesson.store, scheme.name, lesson.text)
    if coded is None:
        waiting = undecided(lesson.store, scheme.name)
        texts = _prepared(waiting, scheme.name, lesson.text) if waiting.num_rows else []
        new = adapt(current, decisions.rows, Adaptation(seed=lesson.seed), tell, texts)
        return Learned(current, folder, new, decisions, None)
    rows, left_out = join(coded, decisions)
    if left_out:
        notice(f"{left_out:,} rows whose text is held out among the decisions: left out")
    new, _ = train(rows, tell)
    new.manifest["parent"] = current.hash
    return Learned(current, folder, new, decisions, coded)


def settle(learned: Learned, out: Path, tune: Callable[[Model, Rows], PolicySet | None]) -> None:
    """Compare on the held-out decisions; promote the new model, or refuse and say why.

    Raises TrainingError when the new model is not promoted; it is then kept in `OUT.rejected`.
    """
    from coder.engine.loading import POLICIES
    from coder.model.card import card
    from coder.model.rivals import compare, objection
    from coder.model.scores import measure
    from coder.model.train import TEST
    from coder.model.versions import promote, store_of

    new, rows, held = learned.new, learned.decisions.rows, learned.decisions.held
    found = compare(
        learned.current,
        new,
        [rows.prepared[i] for i in held],
        [rows.labels[i] for i in held],
        [learned.decisions.group[i] for i in held],
    )
    scores = measure(new, rows.prepared, rows.labels, rows.source, rows.where(TEST))
    new.manifest["metrics"] = [score.as_dict() for score in scores]
    for line in comparison_table(found):
        click.echo(line)
    why = objection(found)
    kept = out.with_name(out.name + (".part" if why is None else ".rejected"))
    tuned = None if learned.coded is None else tune(new, learned.coded)
    try:
        shutil.rmtree(kept, ignore_errors=True)
        new.save(kept, card(new, scores, _story(new, found)))
        if tuned is not None:
            tuned.save(kept / POLICIES)
    except OSError as error:
        raise OutputError(f"cannot write {kept}: {error.strerror}", folder=str(kept)) from error
    if why is not None:
        raise TrainingError(f"not promoted: {why}. The current model stays; see {kept}")
    version = promote(kept, out, learned.folder)
    notice(f"promoted: {out} is now version {version.name}; earlier ones are in {store_of(out)}")
    if tuned is None:
        name = new.scheme.name
        notice(f"nothing is promised of it yet: {name} goes to review until coder tune")


def comparison_table(found: Sequence[Comparison]) -> list[str]:
    """A line per group of held-out texts: both shares right, and the difference."""
    width = max([len(one.name) for one in found] or [0])
    head = (
        f"{'right on':<{width}}  {'n':>6}  {'current':>7}  {'new':>6}  difference (95 % interval)"
    )
    return [
        head,
        *(
            f"{one.name:<{width}}  {one.n:>6,}  {one.current:>7.3f}  {one.new:>6.3f}  "
            f"{one.difference:+.3f} ({one.low:+.3f} to {one.high:+.3f})"
            for one in found
        ),
    ]


def _story(new: Model, found: Sequence[Comparison]) -> str:
    parent = new.manifest.get("parent", "")
    lines = [
        f"Taught from decisions of the review store, after model `{parent[:16]}`. The test rows"
    ]
    lines += ["are held-out decisions; they also decided whether it may replace that model:", ""]
    return "\n".join([*lines, *(f"    {line}" for line in comparison_table(found))])
