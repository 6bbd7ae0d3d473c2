"""Between tables and the engine: text columns in, decision columns out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from coder.decide import Reason, Status
from coder.engine.signals import Seen
from coder.engine.types import Suggestion
from coder.errors import InputError
from coder.text import Role, redact, resolve_fields

if TYPE_CHECKING:
    from coder.engine.coder import Coded

SUGGESTIONS = 5
WORDS = 3


def read_columns(
    table: pa.Table, scheme: str, wanted: Sequence[str] | None
) -> dict[Role, list[str]]:
    """The texts of a table by role. Raises InputError without a usable column."""
    fields = resolve_fields(table.column_names, scheme, wanted)
    return fields.texts({name: cells(table, name) for name in fields.names})


def cells(table: pa.Table, name: str) -> list[str]:
    """A column as texts, null as "". Raises InputError when its name occurs twice."""
    if table.column_names.count(name) > 1:
        raise InputError(f"the column {name} occurs twice: rename one", column=name)
    column = table[name]
    if not pa.types.is_string(column.type):
        column = pc.cast(column, pa.string())
    return [value or "" for value in column.to_pylist()]


def redact_columns(
    table: pa.Table, schemes: Sequence[tuple[str, Sequence[str] | None]]
) -> pa.Table:
    """The table with names, phones, e-mail and identity numbers masked in its text columns."""
    names = {
        name
        for scheme, wanted in schemes
        for name in resolve_fields(table.column_names, scheme, wanted).names
    }
    for name in sorted(names):
        masked = pa.array([redact(text) for text in cells(table, name)], pa.string())
        table = table.set_column(table.column_names.index(name), name, masked)
    return table


def group_values(table: pa.Table, column: str) -> list[str]:
    """The column that a policy has thresholds by. Raises InputError when the table lacks it."""
    if column not in table.column_names:
        raise InputError(
            f"the policy has thresholds by the column {column}, which the input lacks",
            column=column,
        )
    return cells(table, column)


def suggestions(seen: Seen, row: int, limit: int = SUGGESTIONS) -> tuple[Suggestion, ...]:
    """The best leaf codes of one record, best first; none when the text says nothing."""
    p = seen.probabilities
    scheme = p.scheme
    columns, values = p.take(np.array([row])).top(limit)
    spoken = evidence(seen, np.array([row]), columns)[0]
    return tuple(
        Suggestion(p.codes[c], scheme[p.codes[c]].title, scheme[p.codes[c]].level, float(v), words)
        for c, v, words in zip(columns[0], values[0], spoken, strict=True)
        if v > 0
    )


def evidence(
    seen: Seen, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> list[list[tuple[str, ...]]]:
    """Per row and asked code: the index term met, and the words that speak most for it.

    `columns` (len(rows), k) are column numbers of the probabilities.
    """
    codes = seen.probabilities.codes
    found = seen.reading.words_for(rows, columns, WORDS)
    for i, row in enumerate(rows.tolist()):
        if met := seen.matches[row]:
            for j, column in enumerate(columns[i].tolist()):
                if term := met.get(codes[column]):
                    found[i][j] = (f"index: {term}", *found[i][j])
    return found


def reason_text(reason: Reason | None, detail: str | None) -> str | None:
    """Why a person is needed, with what is missing where that is known."""
    if reason is None:
        return None
    return f"{reason}: {detail}" if detail else str(reason)


@lru_cache(maxsize=10_001)
def _written(share: int) -> str:
    """A share in ten-thousandths as a file has it."""
    return f"{share / 10_000:.4f}"


def output_columns(name: str, coded: Coded) -> dict[str, pa.Array]:
    """The decision columns of one scheme, in the order of the file contract."""
    d, scheme, p = coded.decisions, coded.scheme, coded.seen.probabilities
    codes = d.code.tolist()
    columns, values = p.top(SUGGESTIONS)
    shares = np.rint(values.astype(np.float64) * 10_000).astype(np.intp)
    ranked = [
        "|".join([f"{p.codes[c]}:{_written(v)}" for c, v in zip(cs, vs, strict=True) if v])
        for cs, vs in zip(columns.tolist(), shares.tolist(), strict=True)
    ]
    said: list[str | None] = [None] * len(d)
    asked = np.flatnonzero(d.status == Status.REVIEW)
    best = columns[asked, :WORDS]
    spoken = evidence(coded.seen, asked, best)
    for row, some, lists in zip(asked.tolist(), best.tolist(), spoken, strict=True):
        pairs = zip(some, lists, strict=True)
        said[row] = "; ".join(f"{p.codes[c]}: {', '.join(words)}" for c, words in pairs if words)
    why = [reason_text(reason, detail) for reason, detail in zip(d.reason, d.detail, strict=True)]
    out = {
        "code": pa.array(codes, pa.string()),
        "title": pa.array([scheme[c].title if c else None for c in codes], pa.string()),
        "level": pa.array(d.level.tolist(), pa.int32(), mask=d.level == 0),
        "confidence": pa.array(np.round(d.confidence, 4), pa.float64()),
        "status": pa.array([str(status) for status in d.status], pa.string()),
        "suggestions": pa.array(ranked, pa.string()),
    }
    if scheme.name == "body-part":
        out["side"] = pa.array(coded.sides, pa.string())
    out["reason"] = pa.array(why, pa.string())
    out["candidates"] = pa.array(["|".join(c) or None for c in d.candidates], pa.string())
    out["evidence"] = pa.array(said, pa.string())
    return {f"{name}_{column}": values for column, values in out.items()}
