"""Texts to decisions, batch by batch, in this process or in several."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import pyarrow as pa

from coder.batch.columns import conform
from coder.batch.facts import Facts
from coder.batch.store import BatchFile, batch_rows, write_table
from coder.errors import CoderError

#: The distinct texts of a run, in its working folder.
TEXTS: Final = "texts.arrow"

Answer = TypeVar("Answer")


class Named(Protocol):
    """Whatever has a name; of a scheme, batch needs no more."""

    @property
    def name(self) -> str:
        """The scheme's name."""


class Engine(Protocol):
    """What batch asks of an engine (`coder.engine.Coder` is one)."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """The names that it can code: schemes, or the names given to models."""

    def scheme(self, name: str) -> Named:
        """The scheme that is coded under this name."""

    def code_table(
        self,
        table: pa.Table,
        schemes: Sequence[str] | None = None,
        text: Mapping[str, Sequence[str]] | None = None,
        redact: bool = False,
    ) -> pa.Table:
        """The table with the decision columns of each scheme."""

    def manifest(self) -> Mapping[str, object]:
        """Models with hashes, policies, versions."""


def group_columns(engine: Engine) -> tuple[str, ...]:
    """Input columns besides text that decide: those that the policies have thresholds by.

    An engine that knows no such columns need not say so.
    """
    return tuple(getattr(engine, "group_columns", ()))


class Loader(Hashable, Protocol):
    """Makes the engine; picklable, and equal to another that makes the same one."""

    def __call__(self) -> Engine:
        """Load the engine. Raises ModelError, PolicyError or SchemeError."""


@functools.lru_cache(maxsize=1)
def loaded(loader: Loader) -> Engine:
    """The loader's engine, loaded once per process."""
    return loader()


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker needs besides the number of the batch."""

    loader: Loader
    folder: Path
    named: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    text: tuple[tuple[str, tuple[str, ...]], ...]
    facts: Facts | None = None
    texts: str = TEXTS

    @property
    def source(self) -> Path:
        """Where the texts lie that are to be coded."""
        return self.folder / self.texts

    @property
    def targets(self) -> dict[str, str]:
        """What is coded: the name that its columns carry → the scheme."""
        return dict(self.named)

    @property
    def schemes(self) -> tuple[str, ...]:
        """The names alone, in order."""
        return tuple(name for name, _ in self.named)

    def path(self, number: int) -> Path:
        """Where the decisions of batch `number` lie."""
        return self.folder / f"coded-{number:07d}.arrow"

    def is_done(self, number: int, rows: int) -> bool:
        """Whether an earlier run finished this batch."""
        return batch_rows(self.path(number)) == rows


def code_batch(task: Task, number: int) -> int:
    """Code one batch of texts and write its decisions whole; returns the batch's number."""
    texts = BatchFile(task.source).batch(number)
    write_table(task.path(number), code_texts(loaded(task.loader), task, texts))
    return number


def code_texts(engine: Engine, task: Task, texts: pa.Table) -> pa.Table:
    """The decisions on some texts, as the shards hold them."""
    answer = engine.code_table(
        _as_input(texts, task.columns), schemes=task.schemes, text=dict(task.text)
    )
    if task.facts:
        answer = task.facts.beside(answer, _as_input(texts, task.facts.names))
    return conform(answer, task.targets, texts.num_rows, facts=task.facts is not None)


def _as_input(texts: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    """The texts among empty columns, so that the engine sees the input's column names.

    Which column is read as what depends on the names of all.
    """
    empty = pa.repeat(pa.scalar(""), texts.num_rows)
    own = set(texts.column_names)
    return pa.table({name: texts[name] if name in own else empty for name in columns})


def code_batches(task: Task, numbers: Sequence[int], jobs: int) -> Iterator[int]:
    """Code these batches; yields each number when its decisions are on disk.

    With more than one job the order is that of completion. Raises CoderError when a worker
    process dies (the system killed it for lack of memory, as a rule).
    """
    if jobs == 1 or len(numbers) < 2:
        for number in numbers:
            yield code_batch(task, number)
        return
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    try:
        yield from _in_processes(code_batch, [(task, number) for number in numbers], jobs)
    except TerminatedWorkerError:
        raise CoderError(
            "a worker process died, perhaps for lack of memory: "
            "continue with --resume and fewer --jobs"
        ) from None


def started(loader: Loader, jobs: int) -> Iterator[None]:
    """Have worker processes load the engine, beside what this one does until the end is asked for.

    `code_batches` with as many jobs finds them ready.
    """
    return _in_processes(_load, [(loader,)] * jobs, jobs)


def _load(loader: Loader) -> None:
    loaded(loader)


def _in_processes(
    what: Callable[..., Answer], arguments: Sequence[tuple[Any, ...]], jobs: int
) -> Iterator[Answer]:
    """What comes of each call, in order of completion; work begins at once."""
    import joblib

    run = joblib.Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered")
    found: Iterator[Answer] = run(joblib.delayed(what)(*each) for each in arguments)
    return found
