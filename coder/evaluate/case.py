"""Predictions and gold brought together: same records, same order, one scheme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coder.errors import InputError
from coder.evaluate.read import gold_columns, id_column, match_rows, parse_codes, refuse_unknown
from coder.evaluate.sets import CodeSets
from coder.evaluate.system import System, find_columns, schemes_in, system_from
from coder.evaluate.tree import NONE, FloatArray, Tree
from coder.figures.tables import Row, need, read_table, to_numbers
from coder.measures.intervals import effective_n
from coder.schemes import load_scheme


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller may choose; every field has the default of the command line."""

    schemes: Sequence[str] = ()
    id_column: str | None = None
    gold_columns: Sequence[str] = ()
    code_column: str | None = None
    by: Sequence[str] = ()
    weight: str | None = None
    text: Sequence[str] = ()
    training: Path | None = None
    human: Path | None = None
    drop_unknown: bool = False
    bins: int = 15
    replicates: int = 500
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """n matched records of one scheme, ordered by id, so that results never depend on file order.

    `weight` (n,) sums to what it sums to in the file; `table` holds the columns of the first
    prediction file and those that only the gold file has; `trained` the numbers of the codes in
    the training file, where one is given.
    """

    tree: Tree
    gold: CodeSets
    systems: tuple[System, ...]
    weight: FloatArray
    table: pa.Table
    counts: Row
    trained: frozenset[int] | None


def schemes_of(table: pa.Table, options: Options) -> list[str]:
    """The schemes to evaluate: those asked for, else those the file codes, else a plain list."""
    return list(options.schemes) or schemes_in(table) or [""]


def load_case(predictions: Sequence[Path], gold: Path, scheme: str, options: Options) -> Case:
    """Read and match all files for one scheme ("" for a plain list of codes).

    Raises InputError when files do not fit together, SchemeError for an unknown scheme.
    """
    paths = [*predictions, *([options.human] if options.human else [])]
    tables = [read_table(path) for path in paths]
    gold_table = read_table(gold)
    tree = _tree(tables, paths, gold_table, gold.name, scheme, options)
    names = _names(predictions, options.human)
    columns = gold_columns(gold_table, tree.name, options.gold_columns, gold.name)
    parsed = parse_codes([gold_table[c] for c in columns], tree)
    if not options.drop_unknown:
        refuse_unknown(parsed, tree.name, gold.name)
    order, gold_rows, rows = _match(tables, paths, gold_table, gold.name, options)
    has_gold = parsed.sets.sizes()[gold_rows] > 0
    matched = np.flatnonzero(has_gold)
    if not len(matched):
        raise InputError(f"{gold.name}: no record of the predictions has a gold code")
    codes = [_code_column(options, i, len(predictions)) for i in range(len(paths))]
    systems = tuple(
        system_from(table, tree, name, path.name, code).take(place[matched])
        for table, path, name, place, code in zip(tables, paths, names, rows, codes, strict=True)
    )
    weight = _weights(gold_table, tables[0], gold_rows[matched], rows[0][matched], options)
    unknown = {s.name: sum(s.unknown.values()) for s in systems}
    return Case(
        tree=tree,
        gold=parsed.sets.take(gold_rows[matched]),
        systems=systems,
        weight=weight,
        table=_columns(tables[0], rows[0][matched], gold_table, gold_rows[matched]),
        counts={
            "predictions": tables[0].num_rows,
            "gold_rows": gold_table.num_rows,
            "in_both_files": len(order),
            "without_gold_code": len(order) - len(matched),
            "evaluated": len(matched),
            "effective_n": round(effective_n(weight), 1),
            "gold_codes_unknown": sum(parsed.unknown.values()),
            "predicted_codes_unknown": unknown,
        },
        trained=_trained(tree, options),
    )


def _columns(first: pa.Table, rows: np.ndarray, gold: pa.Table, gold_rows: np.ndarray) -> pa.Table:
    """The columns of the predictions, and those of the gold file that only it has."""
    table, extra = first.take(rows), gold.take(gold_rows)
    for name in gold.column_names:
        if name not in table.column_names:
            table = table.append_column(name, extra[name])
    return table


def _code_column(options: Options, place: int, systems: int) -> str | None:
    return options.code_column if place < systems else None


def _names(predictions: Sequence[Path], human: Path | None) -> list[str]:
    stems = [p.stem for p in predictions]
    if len(set(stems)) != len(stems):
        stems = [f"{p.parent.name}/{p.stem}" for p in predictions]
    if len(set(stems)) != len(stems):
        stems = [f"{i + 1}. {stem}" for i, stem in enumerate(stems)]
    return [*stems, *(["second coder"] if human else [])]


def _tree(
    tables: Sequence[pa.Table],
    paths: Sequence[Path],
    gold: pa.Table,
    gold_file: str,
    scheme: str,
    options: Options,
) -> Tree:
    if scheme:
        return Tree.from_scheme(load_scheme(scheme))
    columns = gold_columns(gold, "code", options.gold_columns, gold_file)
    codes = code_list([gold.select(columns)], [gold_file], None, columns)
    for i, (table, path) in enumerate(zip(tables, paths, strict=True)):
        wanted = _code_column(options, i, len(paths) - bool(options.human))
        codes |= code_list([table], [path.name], wanted)
    return Tree.flat(codes)


def code_list(
    tables: Sequence[pa.Table],
    files: Sequence[str],
    code_column: str | None,
    columns: Sequence[str] = (),
) -> set[str]:
    """All codes written in tables that no scheme describes, suggestions included."""
    codes: set[str] = set()
    for table, file in zip(tables, files, strict=True):
        cells = [table[name] for name in columns]
        if not cells:
            found = find_columns(table, "", file, code_column)
            cells = [table[found["code"]]]
            if "suggestions" in found:
                plain = pc.replace_substring_regex(table[found["suggestions"]], ":[^|]*", "")
                cells.append(plain)
        for cell in cells:
            items = pc.list_flatten(pc.split_pattern(cell.combine_chunks(), "|"))
            codes |= set(pc.unique(pc.utf8_trim_whitespace(items)).to_pylist()) - {""}
    return codes


def _match(
    tables: Sequence[pa.Table],
    paths: Sequence[Path],
    gold: pa.Table,
    gold_file: str,
    options: Options,
) -> tuple[pa.ChunkedArray, np.ndarray, list[np.ndarray]]:
    """Ids in all files, in order, with their row in the gold file and in each prediction file."""
    key = id_column(tables[0], gold, options.id_column, f"{paths[0].name}, {gold_file}")
    ids = tables[0][key]
    ids = ids.take(pc.sort_indices(ids))
    gold_rows = match_rows(ids, gold[key], gold_file)
    rows = [
        match_rows(ids, need(table, key, path.name), path.name)
        for table, path in zip(tables, paths, strict=True)
    ]
    everywhere = gold_rows != NONE
    for place in rows:
        everywhere &= place != NONE
    if not everywhere.any():
        raise InputError(
            f"{gold_file}: no value of '{key}' occurs in all files; name the column with --id",
            column=key,
        )
    keep = np.flatnonzero(everywhere)
    return ids.take(keep), gold_rows[keep], [place[keep] for place in rows]


def _weights(
    gold: pa.Table, table: pa.Table, gold_rows: np.ndarray, rows: np.ndarray, options: Options
) -> FloatArray:
    if options.weight is None:
        return np.ones(len(rows))
    source, place = (gold, gold_rows) if options.weight in gold.column_names else (table, rows)
    values = to_numbers(need(source, options.weight, "gold and predictions"), options.weight)
    weight: FloatArray = values[place]
    if not (np.isfinite(weight).all() and (weight >= 0).all() and weight.sum() > 0):
        raise InputError(
            f"weights in '{options.weight}' must be numbers of at least 0, not all 0",
            column=options.weight,
        )
    return weight


def _trained(tree: Tree, options: Options) -> frozenset[int] | None:
    if options.training is None:
        return None
    table = read_table(options.training)
    columns = gold_columns(table, tree.name, (), options.training.name)
    parsed = parse_codes([table[c] for c in columns], tree)
    return frozenset(
        int(v) for level in tree.levels for v in np.unique(tree.at[level][parsed.sets.code])
    )
