"""Last pass of a run: decisions joined to rows, written, and counted while writing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from coder.batch.cells import csv_header, csv_lines
from coder.batch.columns import STATUSES, decision_schema, input_names
from coder.batch.intake import BLOCK_ROWS, TEXT_NUMBER, Intake
from coder.batch.queueing import margins, needs_review, review_order
from coder.batch.seen import Ints
from coder.batch.store import BatchFile, BatchWriter, remove
from coder.batch.workers import Task
from coder.batch.writing import open_writer
from coder.errors import CoderError


@dataclass(slots=True)
class Counts:
    """What was written, counted row by row as it was written."""

    coded: int
    review: int
    rejected: int
    statuses: dict[str, dict[str, int]]

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


def text_numbers(rows: BatchFile) -> Ints:
    """Per row, the number of its text."""
    parts = [rows.batch(n)[TEXT_NUMBER].to_numpy() for n in range(len(rows))]
    return np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, dtype=np.int64)


def write_results(task: Task, file_format: str, rejected: int) -> Counts:
    """Write coded, review and rejected files into `finished/` of the working folder.

    All batches of texts must have been coded. `rejected` is the number of rows that intake set
    aside.
    """
    work = task.folder
    finished = work / "finished"
    remove(finished)
    finished.mkdir()
    shutil.copyfile(work / "rejected.csv", finished / "rejected.csv")
    decisions = _gathered(task)
    rows = BatchFile(work / "rows.arrow")
    counts = Counts(0, 0, rejected, {s: dict.fromkeys(STATUSES, 0) for s in task.schemes})
    _write_coded(finished / f"coded.{file_format}", task, rows, decisions, counts)
    _write_review(finished / "review.csv", task, rows, decisions, counts)
    return counts


def _gathered(task: Task) -> BatchFile:
    """The decisions of all texts in one file, in text order; a run that continues makes it anew."""
    path = task.folder / "decisions.arrow"
    texts = BatchFile(task.folder / "texts.arrow")
    with BatchWriter(path, _added(task)) as writer:
        for number in range(len(texts)):
            writer.write(BatchFile(task.path(number)).batch(0))
    return BatchFile(path)


def _write_coded(
    path: Path, task: Task, rows: BatchFile, decisions: BatchFile, counts: Counts
) -> None:
    added = _added(task, review=False)
    schema = _output_schema(rows, added)
    with open_writer(path, schema, path.suffix[1:]) as writer:
        for block in _blocks(rows):
            answers = decisions.take(block[TEXT_NUMBER].to_numpy()).select(added.names)
            table = _beside(block, answers, schema)
            writer.write(table)
            counts.coded += table.num_rows
            for scheme, found in counts.statuses.items():
                for entry in table[f"{scheme}_status"].value_counts().to_pylist():
                    found[entry["values"]] += entry["counts"]


def _write_review(
    path: Path, task: Task, rows: BatchFile, decisions: BatchFile, counts: Counts
) -> None:
    batches = [decisions.batch(n) for n in range(len(decisions))]
    review = [needs_review(batch, task.schemes) for batch in batches]
    margin = [margins(batch, task.schemes) for batch in batches]
    text_of_row = text_numbers(rows)
    schema = _output_schema(rows, _added(task))
    with path.open("wb") as stream:
        stream.write(csv_header(schema.names))
        if not batches:
            return
        order = review_order(text_of_row, np.concatenate(review), np.concatenate(margin))
        for start in range(0, len(order), BLOCK_ROWS):
            places = order[start : start + BLOCK_ROWS]
            answers = decisions.take(text_of_row[places])
            stream.write(csv_lines(_beside(rows.take(places), answers, schema)))
    counts.review = len(order)


def _added(task: Task, *, review: bool = True) -> pa.Schema:
    return decision_schema(task.targets, review=review, facts=task.facts is not None)


def _blocks(rows: BatchFile) -> Iterator[pa.Table]:
    for number in range(len(rows)):
        yield rows.batch(number)


def _output_schema(rows: BatchFile, added: pa.Schema) -> pa.Schema:
    own = [field for field in rows.schema if field.name != TEXT_NUMBER]
    names = input_names([field.name for field in own], added.names)
    return pa.schema([f.with_name(name) for f, name in zip(own, names, strict=True)] + list(added))


def _beside(block: pa.Table, answers: pa.Table, schema: pa.Schema) -> pa.Table:
    own = block.drop_columns([TEXT_NUMBER])
    return pa.Table.from_arrays([*own.columns, *answers.columns], schema=schema)
