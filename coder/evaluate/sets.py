"""Sets of codes per record: several acceptable gold codes, ranked suggestions, mixed levels.

Stated rules, used everywhere:

* A code counts at its own level and all coarser ones, as its ancestor there. A code without
  children also counts at finer levels, as itself. A coarser code that has children says nothing
  at finer levels.
* Gold counts at a level only if every acceptable code of the record counts there: "23" is truth
  at levels 1 and 2, and "23|2411" too; at levels 3 and 4 the record leaves the denominator.
* A prediction that says nothing at a level is "no answer" there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coder.evaluate.tree import NONE, BoolArray, FloatArray, IntArray, Tree


@dataclass(frozen=True, slots=True)
class CodeSets:
    """Ragged sets: item j gives `code[j]` to record `row[j]`; rows ascend, order kept within.

    `n` records; `score` (NaN where the file gives none) belongs to ranked suggestions.
    """

    n: int
    row: IntArray
    code: IntArray
    score: FloatArray

    @classmethod
    def of(cls, lists: list[list[int]], scores: list[list[float]] | None = None) -> CodeSets:
        """From one list of code numbers per record."""
        row = np.repeat(np.arange(len(lists)), [len(v) for v in lists]).astype(np.int64)
        code = np.array([c for v in lists for c in v], dtype=np.int64)
        flat = [s for v in scores for s in v] if scores is not None else [np.nan] * len(code)
        return cls(len(lists), row, code, np.array(flat, dtype=np.float64))

    def take(self, rows: IntArray) -> CodeSets:
        """The sets of the given records, renumbered in that order."""
        size = self.sizes()
        starts = np.r_[0, np.cumsum(size)[:-1]] if self.n else np.zeros(0, dtype=np.int64)
        wanted = size[rows]
        row = np.repeat(np.arange(len(rows)), wanted)
        within = np.arange(int(wanted.sum())) - np.repeat(np.cumsum(wanted) - wanted, wanted)
        items = np.repeat(starts[rows], wanted) + within
        return CodeSets(len(rows), row.astype(np.int64), self.code[items], self.score[items])

    def sizes(self) -> IntArray:
        """Number of codes per record, shape (n,)."""
        return np.bincount(self.row, minlength=self.n)

    def first(self) -> IntArray:
        """First code per record, NONE for empty sets, shape (n,)."""
        out = np.full(self.n, NONE, dtype=np.int64)
        rows, start = np.unique(self.row, return_index=True)
        out[rows] = self.code[start]
        return out

    def at_level(self, tree: Tree, level: int, complete: bool = False) -> CodeSets:
        """Ancestors at `level`, repeats removed, scores of repeats added, best score first.

        `complete=True` (for gold) empties the set of a record with any code that says nothing at
        the level. Without scores the order of first appearance is kept.
        """
        up = tree.at[level][self.code]
        keep = up != NONE
        if complete:
            spoiled = np.zeros(self.n, dtype=bool)
            spoiled[self.row[~keep]] = True
            keep &= ~spoiled[self.row]
        row, code, score = self.row[keep], up[keep], self.score[keep]
        key = row * len(tree.codes) + code
        distinct, first, place = np.unique(key, return_index=True, return_inverse=True)
        total = np.zeros(len(distinct))
        np.add.at(total, place, score)
        row, code = row[first], code[first]
        falling = np.where(np.isnan(total), 0.0, -np.round(total, 9))
        order = np.lexsort((first, falling, row))
        return CodeSets(self.n, row[order], code[order], total[order])

    def contains(self, code: IntArray, k: int) -> BoolArray:
        """Is `code[i]` in the set of record i? Shape (n,); NONE is in no set."""
        own = np.arange(self.n, dtype=np.int64) * k + code
        return np.asarray(np.isin(own, self.row * k + self.code) & (code != NONE))

    def rank_of_hit(self, truth: CodeSets, k: int) -> IntArray:
        """Rank (1 is best) of the first code that is in `truth`; 0 where none is. Shape (n,)."""
        size = self.sizes()
        rank = np.arange(len(self.row)) - np.repeat(np.cumsum(size) - size, size) + 1
        hit = np.isin(self.row * k + self.code, truth.row * k + truth.code)
        out = np.zeros(self.n, dtype=np.int64)
        rows, start = np.unique(self.row[hit], return_index=True)
        out[rows] = rank[hit][start]
        return out


def resolved_truth(gold: CodeSets, predicted: IntArray, k: int) -> IntArray:
    """One truth per record: the predicted code where acceptable, else the first gold code."""
    return np.where(gold.contains(predicted, k), predicted, gold.first())


def right_at_own_level(gold: CodeSets, code: IntArray, tree: Tree) -> tuple[BoolArray, BoolArray]:
    """Is the code right at the level it was given at? (right, judged), both shape (n,).

    Right: some gold code is the code itself or lies below it. Not judged: records without a code,
    without gold, or whose gold is coarser than the code and an ancestor of it.
    """
    right = np.zeros(len(code), dtype=bool)
    judged = np.zeros(len(code), dtype=bool)
    own = np.where(code == NONE, 0, tree.level[code])
    for level in tree.levels:
        here = (own == level) & (code != NONE)
        truth = gold.at_level(tree, level, complete=True)
        right |= here & truth.contains(code, len(tree.codes))
        judged |= here & (truth.sizes() > 0)
    return right, judged


def four_cells(
    gold: CodeSets, answers: CodeSets, weight: FloatArray, k: int
) -> list[dict[str, object]]:
    """One or many gold codes × one or many predicted: how the sets meet, per cell.

    Per cell: n, share of records whose first predicted code is acceptable (`first`), where any is
    (`any`), where both sets are equal (`equal`), and the mean size of the common part over the
    union (`jaccard`); all 0..1, None for an empty cell. Records without gold or without an answer
    are left out. Source: Jaccard (1912) for the last.
    """
    truth_size, answer_size = gold.sizes(), answers.sizes()
    hit = np.isin(answers.row * k + answers.code, gold.row * k + gold.code)
    common = np.bincount(answers.row, weights=hit, minlength=gold.n)
    union = truth_size + answer_size - common
    measures = {
        "first": gold.contains(answers.first(), k).astype(np.float64),
        "any": (common > 0).astype(np.float64),
        "equal": (common == union).astype(np.float64),
        "jaccard": np.divide(common, union, out=np.zeros(gold.n), where=union > 0),
    }
    rows: list[dict[str, object]] = []
    for gold_many in (False, True):
        for answer_many in (False, True):
            cell = (truth_size > 1 if gold_many else truth_size == 1) & (
                answer_size > 1 if answer_many else answer_size == 1
            )
            mass = float(weight[cell].sum())
            row: dict[str, object] = {
                "gold": "many" if gold_many else "one",
                "predicted": "many" if answer_many else "one",
                "n": int(cell.sum()),
            }
            for name, values in measures.items():
                row[name] = float((values * weight)[cell].sum() / mass) if mass > 0 else None
            rows.append(row)
    return rows
