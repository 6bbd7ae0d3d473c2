"""Systems side by side on the same records: paired differences, and what a new model changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.stats import binomtest

from coder.evaluate.case import Options
from coder.evaluate.measure import AtLevel, View
from coder.evaluate.tree import NONE, IntArray
from coder.figures.tables import Row
from coder.measures.agreement import accuracy, join, macro_f1_truth, margins, margins_of_cells
from coder.measures.intervals import bootstrap_interval, effective_n, resample

COMPARED = {"accuracy": accuracy, "macro_f1_truth": macro_f1_truth}


def mcnemar(only_first: int, only_second: int) -> float:
    """p-value of the hypothesis that two systems are right equally often on the same records.

    Exact two-sided binomial test of the discordant records; 0..1, 1 when there are none.
    Weights play no part. Source: McNemar (1947), Psychometrika 12:153-157.
    """
    n = only_first + only_second
    return float(binomtest(only_first, n, 0.5).pvalue) if n else 1.0


def comparison_rows(views: Sequence[View], options: Options) -> Iterator[Row]:
    """Table `comparison`: every other system against the first, per level, reading "all".

    `difference` is the other system minus the first, with a paired bootstrap interval.
    """
    base = views[0]
    for place, first in enumerate(base.levels):
        for view in views[1:]:
            head: Row = {"first": base.name, "second": view.name, "level": first.level}
            yield from _pair_rows(head, first, view.levels[place], options)


def _pair_rows(head: Row, first: AtLevel, second: AtLevel, options: Options) -> Iterator[Row]:
    truth_a, answer_a, weight = first.reading("all")
    truth_b, answer_b, _ = second.reading("all")
    k = first.k
    blank = [np.where(a == NONE, k, a) for a in (answer_a, answer_b)]
    columns = np.column_stack([truth_a, blank[0], truth_b, blank[1]])
    keys, chunks = resample(columns, weight, options.replicates, options.seed)
    drawn_a, drawn_b = [], []
    for drawn in chunks:
        drawn_a.append(margins_of_cells(keys[:, 0], keys[:, 1], drawn, k))
        drawn_b.append(margins_of_cells(keys[:, 2], keys[:, 3], drawn, k))
    points = margins(truth_a, answer_a, k, weight), margins(truth_b, answer_b, k, weight)
    resampled = join(drawn_a), join(drawn_b)
    right_a, right_b = truth_a == answer_a, truth_b == answer_b
    only_first, only_second = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    counts: Row = {
        "only_first_right": only_first,
        "only_second_right": only_second,
        "p_mcnemar": mcnemar(only_first, only_second),
    }
    for name, function in COMPARED.items():
        value_a, value_b = (float(function(m)) for m in points)
        replicates = function(resampled[1]) - function(resampled[0])
        low, high = bootstrap_interval(value_b - value_a, replicates, (-1.0, 1.0))
        yield {
            **head,
            "metric": name,
            "value_first": value_a,
            "value_second": value_b,
            "difference": value_b - value_a,
            "low": low,
            "high": high,
            "n": len(weight),
            "n_effective": effective_n(weight),
            **(counts if name == "accuracy" else {}),
        }


def pair_counts(a: IntArray, b: IntArray, k: int) -> list[tuple[int, int, int]]:
    """Distinct (a, b, number of records) where the two differ, most frequent first."""
    differ = a != b
    key = (a[differ] + 1) * (k + 1) + b[differ] + 1
    distinct, count = np.unique(key, return_counts=True)
    order = np.lexsort((distinct, -count))
    return [
        (int(distinct[i] // (k + 1) - 1), int(distinct[i] % (k + 1) - 1), int(count[i]))
        for i in order
    ]
