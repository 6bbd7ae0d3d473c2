"""What a new model changes, without gold: for revisions and quarterly checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from coder.errors import InputError
from coder.evaluate.case import Options, code_list, schemes_of
from coder.evaluate.compare import pair_counts
from coder.evaluate.distribution import dissimilarity
from coder.evaluate.evaluate import FORMAT, describe_file, own_version
from coder.evaluate.measure import share_row
from coder.evaluate.read import id_column, match_rows
from coder.evaluate.system import System, system_from
from coder.evaluate.tree import NONE, BoolArray, FloatArray, IntArray, Tree
from coder.evaluate.write import Tables
from coder.figures.tables import Row, read_table
from coder.measures.agreement import bootstrap_margins, margins
from coder.measures.intervals import bootstrap_interval
from coder.schemes import load_scheme

CHANGE_TABLES = ("changes", "flows", "status", "shares", "dissimilarity")
READINGS = {
    "all": "the best suggestion of every record",
    "automatic": "the code kept without a person, “no answer” where there is none",
}


def compare_runs(old: Path, new: Path, options: Options) -> tuple[Row, Tables, list[Tree]]:
    """Compare two prediction files of the same records.

    Returns the meta data, the tables (rows carry their scheme) and the trees of the schemes.
    Raises InputError when the files share no records.
    """
    tables = read_table(old), read_table(new)
    key = id_column(tables[0], tables[1], options.id_column, f"{old.name}, {new.name}")
    place = match_rows(tables[0][key], tables[1][key], new.name)
    rows_old = np.flatnonzero(place != NONE)
    if not len(rows_old):
        raise InputError(f"{old.name} and {new.name} have no record in common")
    both = tables[0].take(rows_old), tables[1].take(place[rows_old])
    result: Tables = {name: [] for name in CHANGE_TABLES}
    trees = []
    for scheme in schemes_of(tables[0], options):
        tree = Tree.from_scheme(load_scheme(scheme)) if scheme else _plain_codes(both, options)
        trees.append(tree)
        first = system_from(both[0], tree, "old", old.name, options.code_column)
        second = system_from(both[1], tree, "new", new.name, options.code_column)
        for name, rows in _tables(tree, first, second, options).items():
            result[name].extend({"scheme": tree.name, **row} for row in rows)
    meta: Row = {
        "format": FORMAT,
        "narracoder": own_version(),
        "inputs": [describe_file(old, "old"), describe_file(new, "new")],
        "seed": options.seed,
        "bootstrap_replicates": options.replicates,
        "records": {
            "old": tables[0].num_rows,
            "new": tables[1].num_rows,
            "in_both": len(rows_old),
        },
    }
    return meta, result, trees


def _plain_codes(tables: tuple[pa.Table, pa.Table], options: Options) -> Tree:
    return Tree.flat(code_list(tables, ("old", "new"), options.code_column))


def _at(system: System, tree: Tree, level: int, reading: str) -> IntArray:
    if reading == "automatic":
        return system.automatic_at(tree, level)
    return system.ranked.at_level(tree, level).first()


def _tables(tree: Tree, old: System, new: System, options: Options) -> Tables:
    tables: Tables = {name: [] for name in CHANGE_TABLES}
    tables["status"] = list(_status_rows(old.automatic, new.automatic))
    for level in tree.levels:
        for reading in READINGS:
            a, b = _at(old, tree, level, reading), _at(new, tree, level, reading)
            head: Row = {"reading": reading, "level": level}
            changed = (a != b).astype(bool)
            tables["changes"].append({**head, **share_row(changed, np.ones(len(a)))})
            for before, after, n in pair_counts(a, b, len(tree.codes)):
                titles: Row = {"from": tree.label(before), "from_title": tree.named(before)}
                titles |= {"to": tree.label(after), "to_title": tree.named(after)}
                tables["flows"].append({**head, **titles, "n": n})
            shares, index = _share_rows(head, tree, a, b, options)
            tables["shares"] += shares
            tables["dissimilarity"].append(index)
    return tables


def _status_rows(old: BoolArray, new: BoolArray) -> Iterator[Row]:
    names = {True: "automatic", False: "to a person"}
    for before in (True, False):
        for after in (True, False):
            kept = (old == before) & (new == after)
            yield {"old": names[before], "new": names[after], **share_row(kept, np.ones(len(old)))}


def _share_rows(
    head: Row, tree: Tree, a: IntArray, b: IntArray, options: Options
) -> tuple[list[Row], Row]:
    """Share of each code before and after among the coded, with paired bootstrap intervals."""
    k = len(tree.codes)
    weight = np.ones(len(a))
    # "no answer" as one more code of the old side, so that both sides may be blank
    before = np.where(a == NONE, k, a)
    point = margins(before, b, k + 1, weight)
    drawn = bootstrap_margins(before, b, k + 1, weight, options.replicates, options.seed)
    old, new = _normed(point.truth[:k]), _normed(point.predicted[:k])
    differences = _normed(drawn.predicted[:, :k]) - _normed(drawn.truth[:, :k])
    rows: list[Row] = []
    for c in np.flatnonzero((old > 0) | (new > 0)):
        value = float(new[c] - old[c])
        low, high = bootstrap_interval(value, differences[:, c], (-1.0, 1.0))
        row: Row = {**head, "code": tree.codes[c], "title": tree.titles[c]}
        row |= {"old_n": int(point.truth[c]), "new_n": int(point.predicted[c])}
        row |= {"old_share": float(old[c]), "new_share": float(new[c])}
        rows.append({**row, "difference": value, "low": low, "high": high})
    index = float(dissimilarity(old, new))
    low, high = bootstrap_interval(index, np.abs(differences).sum(axis=-1) / 2.0)
    return rows, {**head, "value": index, "low": low, "high": high, "n": len(a)}


def _normed(counts: FloatArray) -> FloatArray:
    total = counts.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(counts, total, out=np.zeros_like(counts), where=total > 0))
