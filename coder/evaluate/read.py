"""Files of predictions and gold, read as text and turned into code numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coder.errors import InputError
from coder.evaluate.sets import CodeSets
from coder.evaluate.tree import NONE, BoolArray, IntArray, Tree
from coder.figures.tables import need, to_numbers

GOLD_COLUMNS = ("gold", "gold_code", "verified_code", "code")
TEXT_COLUMNS = (
    "narrative",
    "description",
    "text",
    "job_title",
    "title",
    "industry",
    "employer_activity",
    "tasks",
)


def id_column(first: pa.Table, second: pa.Table, wanted: str | None, files: str) -> str:
    """The column that joins two files: `wanted`, else "id", else the first unique common one."""
    if wanted is not None:
        need(first, wanted, files)
        need(second, wanted, files)
        return wanted
    common = [name for name in first.column_names if name in second.column_names]
    for name in ["id"] if "id" in common else common:
        if all(pc.count_distinct(t[name]).as_py() == t.num_rows for t in (first, second)):
            return name
    raise InputError(
        f"{files}: no column identifies the records in both; name one with --id "
        f"(columns in both: {', '.join(common) or 'none'})",
        columns=common,
    )


def match_rows(ids: pa.ChunkedArray, others: pa.ChunkedArray, file: str) -> IntArray:
    """For each id its row in `others`, NONE where absent. Raises InputError for repeated ids."""
    for values, what in ((ids, "the predictions"), (others, file)):
        if pc.count_distinct(values).as_py() != len(values):
            raise InputError(f"{what}: the same id occurs on several rows", file=file)
    place = pc.index_in(ids.combine_chunks(), value_set=others.combine_chunks())
    return np.asarray(pc.fill_null(place, NONE).to_numpy(zero_copy_only=False)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Parsed:
    """Codes of a file: the sets, and the written codes that the scheme does not know."""

    sets: CodeSets
    unknown: dict[str, int]


def parse_codes(columns: Sequence[pa.ChunkedArray], tree: Tree) -> Parsed:
    """Codes of one or several columns, each cell "code" or "code|code", in that order."""
    row, code = [], []
    for column in columns:
        lists = pc.split_pattern(column.combine_chunks(), "|")
        row.append(pc.list_parent_indices(lists).to_numpy(zero_copy_only=False))
        code.append(pc.utf8_trim_whitespace(pc.list_flatten(lists)))
    rows = np.concatenate(row).astype(np.int64)
    numbers, unknown = _numbers(pa.concat_arrays(code), tree)
    order = np.argsort(rows, kind="stable")
    rows, numbers = rows[order], numbers[order]
    keep = numbers != NONE
    blank = np.full(int(keep.sum()), np.nan)
    return Parsed(CodeSets(len(columns[0]), rows[keep], numbers[keep], blank), unknown)


def parse_suggestions(column: pa.ChunkedArray, tree: Tree) -> Parsed:
    """Ranked suggestions, each cell "code:probability|code:probability" (probability optional).

    Raises InputError for a probability that is not a number from 0 to 1.
    """
    lists = pc.split_pattern(column.combine_chunks(), "|")
    rows = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False).astype(np.int64)
    items = pc.list_flatten(lists)
    numbers, unknown = _numbers(
        pc.utf8_trim_whitespace(pc.replace_substring_regex(items, ":[^:]*$", "")), tree
    )
    written = pc.extract_regex(items, r":(?P<p>[^:]*)$")
    score = to_numbers(pc.fill_null(pc.struct_field(written, "p"), ""), "suggestions")
    keep = numbers != NONE
    if ((score[keep] < 0) | (score[keep] > 1)).any():
        raise InputError("suggestions: a probability is outside 0..1")
    return Parsed(CodeSets(len(column), rows[keep], numbers[keep], score[keep]), unknown)


def _numbers(values: pa.Array, tree: Tree) -> tuple[IntArray, dict[str, int]]:
    """Code numbers of written codes (NONE for blank and unknown) and the unknown with counts."""
    encoded = values.dictionary_encode()
    places = encoded.indices.to_numpy(zero_copy_only=False)
    names = encoded.dictionary.to_pylist()
    found = np.array([tree.find(name) if name else NONE for name in names], dtype=np.int64)
    count = np.bincount(places, minlength=len(names))
    unknown = {name: int(count[i]) for i, name in enumerate(names) if name and found[i] == NONE}
    return (found[places] if len(names) else np.zeros(0, dtype=np.int64)), unknown


def equals(column: pa.ChunkedArray, value: str) -> BoolArray:
    """Where a text column equals `value`."""
    return np.asarray(pc.equal(column, value).to_numpy(zero_copy_only=False)).astype(bool)


def gold_columns(table: pa.Table, scheme: str, wanted: Sequence[str], file: str) -> list[str]:
    """The gold columns: those named, else the first of <scheme>, <scheme>_code, gold, … there."""
    if wanted:
        for column in wanted:
            need(table, column, file)
        return list(wanted)
    for column in (f"{scheme}_gold", f"{scheme}_code", scheme, *GOLD_COLUMNS):
        if column in table.column_names:
            return [column]
    raise InputError(
        f"{file} has no gold column for {scheme}: name it with --gold-code "
        f"(columns: {', '.join(table.column_names)})",
        file=file,
    )


def refuse_unknown(parsed: Parsed, scheme: str, file: str) -> None:
    """Raise InputError for gold codes that the scheme does not know, with the commonest."""
    if not parsed.unknown:
        return
    ranked = sorted(parsed.unknown.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(code[:20] for code, _ in ranked[:5])
    raise InputError(
        f"{file}: {sum(parsed.unknown.values())} gold entries are not codes of {scheme} "
        f"({shown}); correct them or pass --drop-unknown",
        file=file,
        unknown=len(ranked),
    )
