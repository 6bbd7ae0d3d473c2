"""Last pass of a run: decisions joined to rows, written, and counted while writing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from coder.batch.cells import csv_header
from coder.batch.columns import STATUSES, decision_schema, input_names
from coder.batch.intake import BLOCK_ROWS, TEXT_NUMBER, Intake
from coder.batch.queueing import margins, needs_review, review_order
from coder.batch.seen import Ints
from coder.batch.store import BatchFile, BatchWriter, remove
from coder.batch.workers import Task
from coder.batch.writing import Joined, open_writer
from coder.errors import CoderError


@dataclass(slots=True)
class Counts:
    """What was written, counted row by row as it was written."""

    coded: int
    review: int
    rejected: int
    statuses: dict[str, dict[str, int]]

    def add(self, rows: Joined) -> None:
        """Count rows that were written."""
        often = np.bincount(rows.which.to_numpy(), minlength=rows.added.num_rows)
        self.coded += rows.own.num_rows
        for scheme, found in self.statuses.items():
            for status, n in zip(rows.added[f"{scheme}_status"].to_pylist(), often, strict=True):
                found[status] += int(n)

    def check(self, intake: Intake) -> None:
        """Raises CoderError unless the counts add up to what was read."""
        read = sum(intake.read)
        if read != self.coded + self.rejected:
            raise CoderError(
                f"counts do not add up: {read} read, {self.coded} coded, {self.rejected} rejected"
            )
        for scheme, found in self.statuses.items():
            if sum(found.values()) != self.coded:
                raise CoderError(f"counts of {scheme} do not add up to {self.coded}: {found}")


@dataclass(frozen=True, slots=True)
class Answers:
    """The decisions of all texts: row `place[n]` of the file is that of text n."""

    file: BatchFile
    place: Ints

    def beside(self, rows: pa.Table, names: list[str]) -> Joined:
        """The rows, without their text's number, beside these columns of its decisions."""
        found, which = self.file.distinct(self.place[rows[TEXT_NUMBER].to_numpy()])
        return Joined(rows.drop_columns([TEXT_NUMBER]), found.select(names), which)

    def each(self, what: Callable[[pa.Table], NDArray[Any]]) -> NDArray[Any]:
        """Per text, in order of their numbers, what is made of its decisions."""
        parts = [what(self.file.batch(n)) for n in range(len(self.file))]
        return np.concatenate(parts)[self.place] if parts else np.zeros(0)


def gather(task: Task, known: Path, place: Ints) -> Answers:
    """The decisions that were known and those of all batches, which must have been coded.

    A run that continues makes the file anew.
    """
    path = task.folder / "decisions.arrow"
    with BatchWriter(path, _added(task)) as writer:
        if known.exists():
            before = BatchFile(known)
            for number in range(len(before)):
                writer.write(before.batch(number))
        for number in range(len(BatchFile(task.source))):
            writer.write(BatchFile(task.path(number)).batch(0))
    return Answers(BatchFile(path), place)


def write_results(task: Task, answers: Answers, file_format: str, rejected: int) -> Counts:
    """Write coded, review and rejected files into `finished/` of the working folder.

    `rejected` is the number of rows that intake set aside.
    """
    work = task.folder
    finished = work / "finished"
    remove(finished)
    finished.mkdir()
    shutil.copyfile(work / "rejected.csv", finished / "rejected.csv")
    rows = BatchFile(work / "rows.arrow")
    counts = Counts(0, 0, rejected, {s: dict.fromkeys(STATUSES, 0) for s in task.schemes})
    _write_coded(finished / f"coded.{file_format}", task, rows, answers, counts)
    _write_review(finished / "review.csv", task, rows, answers, counts)
    return counts


def _write_coded(path: Path, task: Task, rows: BatchFile, answers: Answers, counts: Counts) -> None:
    added = _added(task, review=False)
    schema = _output_schema(rows, added)
    with open_writer(path, schema, path.suffix[1:]) as writer:
        for block in _blocks(rows):
            done = answers.beside(block, added.names)
            writer.write(done)
            counts.add(done)


def _write_review(
    path: Path, task: Task, rows: BatchFile, answers: Answers, counts: Counts
) -> None:
    added = _added(task)
    with path.open("wb") as stream:
        stream.write(csv_header(_output_schema(rows, added).names))
        if not answers.file.rows:
            return
        review = answers.each(lambda batch: needs_review(batch, task.schemes))
        margin = answers.each(lambda batch: margins(batch, task.schemes))
        for places in review_order(lambda: rows.numbers(TEXT_NUMBER), review, margin, BLOCK_ROWS):
            stream.write(answers.beside(rows.take(places), added.names).csv_lines())
            counts.review += len(places)


def _added(task: Task, *, review: bool = True) -> pa.Schema:
    return decision_schema(task.targets, review=review, facts=task.facts is not None)


def _blocks(rows: BatchFile) -> Iterator[pa.Table]:
    for number in range(len(rows)):
        yield rows.batch(number)


def _output_schema(rows: BatchFile, added: pa.Schema) -> pa.Schema:
    own = [field for field in rows.schema if field.name != TEXT_NUMBER]
    names = input_names([field.name for field in own], added.names)
    return pa.schema([f.with_name(name) for f, name in zip(own, names, strict=True)] + list(added))
