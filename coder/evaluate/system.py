"""One system's answers, in the two readings that an honest report needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from coder.errors import InputError
from coder.evaluate.read import Parsed, equals, parse_codes, parse_suggestions
from coder.evaluate.sets import CodeSets
from coder.evaluate.tree import NONE, BoolArray, FloatArray, IntArray, Tree
from coder.figures.tables import need, read_table, to_numbers

CODE_COLUMNS = ("code", "predicted", "prediction", "predicted_code")


@dataclass(frozen=True, slots=True)
class System:
    """The answers of one system for n records of one scheme.

    `code` is the code in the file at its own level (NONE when blank), `automatic` whether the
    system stands by it without a person (status `auto`; any code where the file has no status),
    `confidence` of it (NaN when unknown), `answers` every code of the cell, `ranked` the
    suggestions, best first (the answers themselves where the file has no suggestions).
    """

    name: str
    code: IntArray
    automatic: BoolArray
    confidence: FloatArray
    answers: CodeSets
    ranked: CodeSets
    has_status: bool
    has_suggestions: bool
    unknown: dict[str, int]

    def take(self, rows: IntArray) -> System:
        """The answers for some of the records, in the given order."""
        return System(
            self.name,
            self.code[rows],
            self.automatic[rows],
            self.confidence[rows],
            self.answers.take(rows),
            self.ranked.take(rows),
            self.has_status,
            self.has_suggestions,
            self.unknown,
        )

    def best(self, at: CodeSets) -> tuple[IntArray, FloatArray]:
        """Reading "all": the best suggestion and its probability, from `ranked.at_level(…)`.

        Suggestions are added up along the tree, so two second-best leaves of one branch can beat
        the best leaf of another. The probability is NaN where the file does not give it.
        """
        first = at.first()
        score = np.full(at.n, np.nan)
        rows, start = np.unique(at.row, return_index=True)
        score[rows] = at.score[start]
        if not self.has_suggestions:
            own = (self.code != NONE) & (first == self.code)
            score = np.where(own, self.confidence, np.nan)
        return first, np.minimum(score, 1.0)

    def automatic_at(self, tree: Tree, level: int) -> IntArray:
        """Reading "automatic": the code kept without a person, at a level; else NONE."""
        up = np.where(self.code == NONE, NONE, tree.at[level][np.maximum(self.code, 0)])
        return np.where(self.automatic, up, NONE)


def find_columns(table: pa.Table, scheme: str, file: str, code: str | None) -> dict[str, str]:
    """Which columns hold what: keys code, and where present confidence, status, suggestions."""
    if code is None:
        own = f"{scheme}_code"
        code = next((c for c in (own, *CODE_COLUMNS, scheme) if c in table.column_names), None)
    if code is None:
        raise InputError(
            f"{file} has no codes for {scheme}: expected '{scheme}_code' or 'code', or name the "
            f"column with --code (columns: {', '.join(table.column_names)})",
            file=file,
        )
    need(table, code, file)
    stem = code[: -len("_code")] if code.endswith("_code") else None
    found = {"code": code}
    for what in ("confidence", "status", "suggestions"):
        for name in (f"{stem}_{what}" if stem else what, what):
            if name in table.column_names:
                found.setdefault(what, name)
    return found


def schemes_in(table: pa.Table) -> list[str]:
    """Schemes that a file of this engine codes: names with <s>_code and <s>_status columns."""
    names = set(table.column_names)
    return [
        name[: -len("_code")]
        for name in table.column_names
        if name.endswith("_code") and f"{name[: -len('_code')]}_status" in names
    ]


def read_system(
    path: Path, tree: Tree, name: str | None = None, code: str | None = None
) -> tuple[System, pa.Table]:
    """Read one prediction file: this engine's output, or any CSV with a code column."""
    table = read_table(path)
    return system_from(table, tree, name or path.stem, path.name, code), table


def system_from(
    table: pa.Table, tree: Tree, system: str, file: str, code: str | None = None
) -> System:
    """The system in a table of text columns."""
    columns = find_columns(table, tree.name, file, code)
    answers = parse_codes([table[columns["code"]]], tree)
    first = answers.sets.first()
    confidence = np.full(table.num_rows, np.nan)
    if "confidence" in columns:
        confidence = to_numbers(table[columns["confidence"]], columns["confidence"])
        if ((confidence < 0) | (confidence > 1)).any():
            name = columns["confidence"]
            raise InputError(f"{file}: '{name}' has values outside 0..1", file=file)
    automatic = first != NONE
    if "status" in columns:
        automatic &= equals(table[columns["status"]], "auto")
    ranked = answers
    if "suggestions" in columns:
        ranked = parse_suggestions(table[columns["suggestions"]], tree)
    return System(
        name=system,
        code=first,
        automatic=automatic,
        confidence=confidence,
        answers=answers.sets,
        ranked=ranked.sets,
        has_status="status" in columns,
        has_suggestions="suggestions" in columns,
        unknown=_merge(answers, ranked),
    )


def _merge(first: Parsed, second: Parsed) -> dict[str, int]:
    if first is second:
        return dict(first.unknown)
    both = set(first.unknown) | set(second.unknown)
    return {c: first.unknown.get(c, 0) + second.unknown.get(c, 0) for c in sorted(both)}
