"""The figures of one system against the gold, as tidy rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from coder.evaluate.case import Case, Options
from coder.evaluate.sets import CodeSets, resolved_truth, right_at_own_level
from coder.evaluate.system import System
from coder.evaluate.tree import NONE, BoolArray, FloatArray, IntArray
from coder.figures.tables import Row
from coder.measures.agreement import BOOTSTRAPPED, bootstrap_margins, margins
from coder.measures.intervals import bootstrap_interval, effective_n, wilson

TOP = (1, 3, 5, 10)
READINGS = {
    "all": "all records, best suggestion; a record without one is wrong",
    "automatic": "only records whose code is kept without a person and reaches the level",
}


def share_row(hit: BoolArray | FloatArray, weight: FloatArray) -> Row:
    """A weighted share with its Wilson interval, n and effective n."""
    total = float(weight.sum())
    n = effective_n(weight)
    value = float((hit * weight).sum() / total) if total > 0 else float("nan")
    low, high = wilson(value, n)
    return {
        "value": value,
        "low": float(low),
        "high": float(high),
        "n": len(weight),
        "n_effective": n,
    }


class AtLevel:
    """One system at one level: who has gold there, what was answered, in both readings."""

    def __init__(self, case: Case, system: System, level: int) -> None:
        self.level = level
        self.k = len(case.tree.codes)
        whole = case.gold.at_level(case.tree, level, complete=True)
        self.rows: IntArray = np.flatnonzero(whole.sizes() > 0)
        self.gold: CodeSets = whole.take(self.rows)
        self.weight = case.weight[self.rows]
        chosen = system.take(self.rows)
        self.ranked = chosen.ranked.at_level(case.tree, level)
        self.top, self.probability = chosen.best(self.ranked)
        self.auto = chosen.automatic_at(case.tree, level)

    def reading(self, name: str) -> tuple[IntArray, IntArray, FloatArray]:
        """(truth, predicted, weight) of the records of a reading."""
        predicted = self.top if name == "all" else self.auto
        truth = resolved_truth(self.gold, predicted, self.k)
        if name == "all":
            return truth, predicted, self.weight
        kept = predicted != NONE
        return truth[kept], predicted[kept], self.weight[kept]


class View:
    """A system over a case: its name, its answers, and one `AtLevel` per level that has gold."""

    def __init__(self, case: Case, system: System) -> None:
        self.case, self.system, self.name = case, system, system.name
        every = (AtLevel(case, system, level) for level in case.tree.levels)
        self.levels = [at for at in every if len(at.rows)]
        self.right, self.judged = right_at_own_level(case.gold, system.code, case.tree)

    @property
    def finest(self) -> AtLevel:
        """The finest level that has gold. Level 1 has some: a case holds no record without."""
        return self.levels[-1]


def level_rows(view: View, options: Options) -> Iterator[Row]:
    """Table `levels`: every measure per level and reading, with n and a 95 % interval."""
    system = view.system
    for at in view.levels:
        for reading in READINGS:
            head: Row = {"system": system.name, "reading": reading, "level": at.level}
            if reading == "automatic":
                yield {**head, "metric": "share", **share_row(at.auto != NONE, at.weight)}
            yield from _agreement_rows(head, *at.reading(reading), at.k, options)
            if reading == "all" and system.has_suggestions:
                yield from _top_rows(head, view, at)


def _agreement_rows(
    head: Row, truth: IntArray, predicted: IntArray, weight: FloatArray, k: int, options: Options
) -> Iterator[Row]:
    if not len(truth):
        return
    classes, compact = np.unique(np.r_[truth, predicted[predicted != NONE]], return_inverse=True)
    answer = predicted.copy()
    answer[predicted != NONE] = compact[len(truth) :]
    truth, k = compact[: len(truth)], len(classes)
    yield {**head, "metric": "accuracy", **share_row(truth == answer, weight)}
    point = margins(truth, answer, k, weight)
    drawn = bootstrap_margins(truth, answer, k, weight, options.replicates, options.seed)
    for name, function in BOOTSTRAPPED.items():
        value = float(function(point))
        low, high = bootstrap_interval(value, function(drawn), (-1.0, 1.0))
        yield {
            **head,
            "metric": name,
            "value": value,
            "low": low,
            "high": high,
            "n": len(truth),
            "n_effective": effective_n(weight),
        }


def _top_rows(head: Row, view: View, at: AtLevel) -> Iterator[Row]:
    rank = at.ranked.rank_of_hit(at.gold, at.k)
    listed = int(view.system.ranked.sizes().max(initial=0))
    possible = len(np.unique(view.case.tree.at[at.level]))
    for k in TOP:
        if k > listed:
            break
        short = bool((at.ranked.sizes() < min(k, possible)).any()) and k > 1
        row = share_row((rank > 0) & (rank <= k), at.weight)
        note = f"at least: some records list fewer than {k} codes here" if short else ""
        yield {**head, "metric": f"top_{k}", **row, "note": note}


def own_level_rows(view: View) -> Iterator[Row]:
    """The automatic part, each code judged at the level it was given at (metric `accuracy`).

    `share` is the share of all evaluated records that are automatic, `judged` the share of those
    whose gold is fine enough to judge them.
    """
    head: Row = {"system": view.name, "reading": "automatic", "level": "own"}
    auto, weight, judged = view.system.automatic, view.case.weight, view.judged
    yield {**head, "metric": "share", **share_row(auto, weight)}
    yield {**head, "metric": "judged", **share_row(judged[auto], weight[auto])}
    kept = auto & judged
    yield {**head, "metric": "accuracy", **share_row(view.right[kept], weight[kept])}
