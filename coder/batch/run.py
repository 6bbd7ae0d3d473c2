"""`coder code`: files in, coded, review and rejected files and a manifest out."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from coder.batch import folder, manifest
from coder.batch.blocks import ReadOptions, Source, file_sha256, text_schema
from coder.batch.columns import decision_schema
from coder.batch.facts import Facts
from coder.batch.fields import text_columns
from coder.batch.intake import TEXT_NUMBER, Intake, Plan, find_id_column, take_in
from coder.batch.memory import Memory
from coder.batch.opening import open_source
from coder.batch.outcome import Answers, gather, write_results
from coder.batch.queueing import rows_of_texts
from coder.batch.seen import Ints, joined
from coder.batch.store import WORK, BatchFile, locked, write_json, write_table
from coder.batch.workers import (
    TEXTS,
    Engine,
    Loader,
    Task,
    code_batches,
    group_columns,
    loaded,
    started,
)
from coder.batch.writing import EXCEL_CHARACTERS, FORMATS, check_fits
from coder.errors import InputError, OutputError, SchemeError
from coder.evidence.time_lost import Order
from coder.text import FieldMap

BATCH_SIZE: Final = 2_000
#: With a memory: the decisions that it has, and the texts that it has not.
KNOWN: Final = "known.arrow"
NEW: Final = "new.arrow"
#: Bytes of input that take about as long to read as an engine to load.
WORTH_STARTING: Final = 8_000_000

#: Called with records done and records in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One run: what to read, how to code, where to write."""

    inputs: tuple[Path, ...]
    out: Path
    loader: Loader
    schemes: tuple[str, ...] | None = None
    text: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    file_format: str = "csv"
    jobs: int = 1
    cluster: str | None = None
    batch_size: int = BATCH_SIZE
    id_column: str | None = None
    reading: ReadOptions = field(default_factory=ReadOptions)
    redact: bool = False
    facts: bool = False
    dates: Order = "iso"
    resume: bool = False
    force: bool = False
    memory: Path | None = None


class _Checked(NamedTuple):
    """A job whose inputs, columns and schemes are known to be usable."""

    intake: Plan
    task: Task
    hashes: tuple[str, ...]
    engine: Mapping[str, object]
    skipped: tuple[str, ...]
    memory: Memory | None


def code_files(job: Job, progress: Progress = lambda _done, _all: None) -> manifest.Summary:
    """Run the job and return its summary (which is also in run.json).

    Everything that can be wrong with the command is found before the output folder is touched.
    Raises InputError, SchemeError, ModelError, PolicyError; OutputError when the folder is in
    use or cannot be written.
    """
    began = time.monotonic()
    checked = _check(job)
    plan = _plan(job, checked)
    try:
        found = folder.start(job.out, plan, resume=job.resume, force=job.force)
        if found is folder.Start.COMPLETE:
            return manifest.read_summary(job.out)
        with locked(job.out / WORK):
            with _workers(job):
                intake = _intake(job, checked)
                place = _recall(job, checked)
            reused = _code(job, checked.task, place, intake, progress)
            answers = gather(checked.task, job.out / WORK / KNOWN, place)
            counts = write_results(checked.task, answers, job.file_format, sum(intake.rejected))
            counts.check(intake)
            recalled = _remember(checked, answers)
            summary = manifest.write(
                job.out / WORK / "finished",
                plan=plan,
                inputs=manifest.sources(checked.intake.sources, checked.hashes, intake),
                counts=counts,
                skipped=checked.skipped,
                texts=intake.texts,
                reused=reused,
                recalled=recalled,
                seconds=time.monotonic() - began,
            )
            folder.publish(job.out, (f"coded.{job.file_format}", *folder.RESULTS[-3:]))
    except OSError as error:
        raise folder.write_failure(job.out, error) from None
    return summary


def _check(job: Job) -> _Checked:
    if job.file_format not in FORMATS:
        raise OutputError(f"unknown format '{job.file_format}': use {', '.join(FORMATS)}")
    for path in job.inputs:
        if path.parent.resolve() == job.out.resolve() and path.name in folder.RESULTS:
            raise OutputError(f"{path} would be overwritten by this run: choose another --out")
    sources = tuple(open_source(path, job.reading) for path in job.inputs)
    schema = _common_schema(sources)
    _require(schema, job.id_column, "no id column '{}'")
    engine = loaded(job.loader)
    asked = _asked(job, engine)
    targets = {name: engine.scheme(name).name for name in asked}
    visible = _visible(schema, targets, job)
    narrative = job.text.get("injury-type")
    facts = Facts.of(schema.names, narrative, job.dates) if job.facts else None
    columns = text_columns(visible, targets, job.text, asked=job.schemes is not None)
    groups = group_columns(engine)
    used = {name for fields in columns.values() for name in fields.names} | set(groups)
    used |= set(facts.columns if facts else ())
    for name in groups:
        _require(schema, name, "the policy has thresholds by '{}', which is no column of the input")
    task = Task(
        loader=job.loader,
        folder=job.out / WORK,
        named=tuple((name, targets[name]) for name in columns),
        columns=visible,
        text=tuple(sorted((scheme, tuple(names)) for scheme, names in job.text.items())),
        facts=facts,
        texts=NEW if job.memory else TEXTS,
    )
    text_names = tuple(name for name in schema.names if name in used)
    memory = None
    if job.memory:
        memory = Memory(job.memory, _identity(task, columns, text_names, engine))
        memory.check()
    return _Checked(
        Plan(
            sources=sources,
            schema=schema,
            id_column=find_id_column(schema.names, job.id_column),
            text_columns=text_names,
            batch_size=job.batch_size,
            redact=job.redact,
            cell_limit=EXCEL_CHARACTERS if job.file_format == "xlsx" else None,
        ),
        task,
        tuple(file_sha256(path) for path in job.inputs),
        engine.manifest(),
        tuple(scheme for scheme in asked if scheme not in columns),
        memory,
    )


def _identity(
    task: Task, columns: Mapping[str, FieldMap], text_columns: tuple[str, ...], engine: Engine
) -> str:
    """Names all that decides what is made of a text, besides the text."""
    read = {name: (list(fields.columns.items()), fields.lone) for name, fields in columns.items()}
    facts = (task.facts.columns, task.facts.narrative, task.facts.order) if task.facts else None
    parts = [task.named, read, task.text, text_columns, facts]
    content = {"task": parts, "engine": dict(engine.manifest()), **manifest.program()}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _require(schema: pa.Schema, column: str | None, message: str) -> None:
    """Raises InputError with the message, and the columns found, unless the column is there."""
    if column is not None and column not in schema.names:
        found = ", ".join(schema.names)
        raise InputError(f"{message.format(column)}; found: {found}", column=column)


def _asked(job: Job, engine: Engine) -> tuple[str, ...]:
    """The schemes to code. Raises SchemeError for one that has no model."""
    asked = job.schemes or engine.schemes
    for scheme in (*asked, *job.text):
        if scheme not in engine.schemes:
            raise SchemeError(
                f"no model for scheme '{scheme}': there are {', '.join(engine.schemes)}",
                scheme=scheme,
            )
    return asked


def _common_schema(sources: tuple[Source, ...]) -> pa.Schema:
    """The first file's columns; the others must have the same, in any order.

    Types are kept when all files agree on them; otherwise every column is text.
    """
    first = sources[0].schema
    for source in sources[1:]:
        more = [name for name in source.schema.names if name not in first.names]
        less = [name for name in first.names if name not in source.schema.names]
        if more or less:
            differences = [f"has '{name}'" for name in more] + [f"lacks '{name}'" for name in less]
            raise InputError(
                f"{source.path} and {sources[0].path} have different columns: "
                f"the former {', '.join(differences[:5])}; code them in separate runs",
                file=str(source.path),
            )
    alike = all(source.schema.field(f.name).type == f.type for source in sources for f in first)
    return first if alike else text_schema(first.names)


def _visible(schema: pa.Schema, targets: Mapping[str, str], job: Job) -> tuple[str, ...]:
    """The columns that the engine sees: all but those that have the name of an added one."""
    added = set(decision_schema(targets, facts=job.facts).names)
    taken = [name for names in job.text.values() for name in names if name in added]
    if taken:
        raise InputError(
            f"text column '{taken[0]}' has the name of a column that coding adds: rename it",
            column=taken[0],
        )
    return tuple(name for name in schema.names if name not in added)


def _plan(job: Job, checked: _Checked) -> dict[str, object]:
    """All that decides the output's bytes. A run may be continued only under an equal plan."""
    return {
        "read_as": [
            {"sha256": sha256, **source.facts()}
            for sha256, source in zip(checked.hashes, checked.intake.sources, strict=True)
        ],
        "settings": {
            "schemes": list(checked.task.schemes),
            "text": {scheme: list(names) for scheme, names in checked.task.text},
            "text_columns": list(checked.intake.text_columns),
            "id_column": checked.intake.id_column,
            "format": job.file_format,
            "batch_size": job.batch_size,
            "redact": job.redact,
            **({"facts": {"dates": job.dates}} if job.facts else {}),
            **({"memory": True} if job.memory else {}),
        },
        "engine": dict(checked.engine),
        "program": manifest.program(),
    }


@contextmanager
def _workers(job: Job) -> Iterator[None]:
    """Processes load the engine while this one reads, where there is enough to read."""
    if job.cluster or job.jobs == 1 or sum(p.stat().st_size for p in job.inputs) < WORTH_STARTING:
        yield
        return
    loading = started(job.loader, job.jobs)
    yield
    for _ in loading:
        pass


def _intake(job: Job, checked: _Checked) -> Intake:
    """Read the inputs, unless an earlier, killed run has done so."""
    done = job.out / WORK / "intake.json"
    if done.exists():
        return Intake(**json.loads(done.read_text(encoding="utf-8")))
    intake = take_in(checked.intake, job.out / WORK)
    added = decision_schema(checked.task.targets, review=False, facts=job.facts)
    check_fits(job.file_format, intake.kept, len(checked.intake.schema) + len(added))
    write_json(done, asdict(intake))
    return intake


def _recall(job: Job, checked: _Checked) -> Ints:
    """Per text, where its decisions will lie: first those that the memory has, then the others."""
    work = job.out / WORK
    texts, done = BatchFile(work / TEXTS), work / "place.arrow"
    if checked.memory is None:
        return np.arange(texts.rows)
    if not done.exists():
        (work / KNOWN).unlink(missing_ok=True)
        place = checked.memory.recall(texts, work / KNOWN, work / NEW, job.batch_size)
        write_table(done, pa.table({"place": place}))
    return joined(BatchFile(done).numbers("place"))


def _remember(checked: _Checked, answers: Answers) -> int | None:
    """Add the new decisions to the memory, if there is one; returns how many came from it."""
    if checked.memory is None:
        return None
    texts = BatchFile(checked.task.source)
    known = answers.file.rows - texts.rows
    checked.memory.add(texts, answers.file, known)
    return known


def _code(job: Job, task: Task, place: Ints, intake: Intake, progress: Progress) -> int:
    """Code the batches that are not coded yet; returns how many were."""
    texts = BatchFile(task.source)
    rows = BatchFile(job.out / WORK / "rows.arrow")
    sizes = np.diff(texts.starts)
    waiting = [n for n in range(len(texts)) if not task.is_done(n, int(sizes[n]))]
    shares = np.zeros(len(place), np.int64)
    np.add.at(shares, place, rows_of_texts(rows.numbers(TEXT_NUMBER), len(place)))
    shares = shares[len(place) - texts.rows :]
    records = [int(shares[a:b].sum()) for a, b in pairwise(texts.starts)]
    done = intake.kept - sum(records[number] for number in waiting)
    progress(done, intake.kept)
    for number in _numbers_done(job, task, waiting):
        done += records[number]
        progress(done, intake.kept)
    return len(texts) - len(waiting)


def _numbers_done(job: Job, task: Task, waiting: list[int]) -> Iterator[int]:
    if job.cluster is None:
        return code_batches(task, waiting, job.jobs)
    from coder.batch.cluster import code_on_cluster

    return code_on_cluster(task, waiting, job.cluster)
