"""How far two people who coded blind agree, from pairs of labels of any kind."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coder.measures.agreement import (
    Margins,
    cohen_kappa,
    krippendorff_alpha,
    margins,
    margins_of_cells,
)
from coder.measures.arrays import IntArray
from coder.measures.intervals import Z95, wilson

_RESAMPLES = 1000
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval and the number of cases behind it.

    `value` is None where the figure is undefined; the bounds are None where they are.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


NOTHING = Estimate(None, None, None, 0)


def proportion(successes: float, n: float, cases: int | None = None) -> Estimate:
    """A proportion with Wilson's interval; undefined for n = 0.

    `n` may be an effective number; `cases` is what to report as the number of cases then.
    """
    if n == 0:
        return NOTHING
    share = successes / n
    low, high = wilson(share, n)
    return Estimate(share, float(low), float(high), int(n) if cases is None else cases)


def share_agreeing(pairs: Sequence[Pair]) -> Estimate:
    """Share of pairs with equal labels, 0 to 1, with Wilson's interval."""
    return proportion(sum(a == b for a, b in pairs), len(pairs))


def kappa(pairs: Sequence[Pair]) -> Estimate:
    """Cohen's kappa: 1 is full agreement, 0 what chance gives. Undefined without pairs, and when
    chance alone would agree always (one label only).

    Interval: normal, with the large-sample variance of Fleiss, Cohen and Everitt (1969), cut to
    [-1, 1].
    """
    n = len(pairs)
    if n == 0:
        return NOTHING
    left, right, k = _numbered(pairs)
    counted = margins(left, right, k)
    value = float(cohen_kappa(counted))
    if math.isnan(value):
        return Estimate(None, None, None, n)
    half = Z95 * math.sqrt(_spread(left, right, counted, value) / n)
    return Estimate(value, max(-1.0, value - half), min(1.0, value + half), n)


def _spread(left: IntArray, right: IntArray, m: Margins, value: float) -> float:
    """Variance of kappa times the number of pairs."""
    n = len(left)
    rows, columns = m.truth / n, m.predicted[:-1] / n
    expected = float(rows @ columns)
    same = left == right
    first = float(((1 - (rows + columns)[left[same]] * (1 - value)) ** 2).sum()) / n
    second = float(((columns[left[~same]] + rows[right[~same]]) ** 2).sum()) / n
    spread = first + (1 - value) ** 2 * second - (value - expected * (1 - value)) ** 2
    return max(0.0, spread) / (1 - expected) ** 2


def alpha(pairs: Sequence[Pair], seed: int = 0) -> Estimate:
    """Krippendorff's alpha for nominal labels, two coders, nothing missing. 1 is full agreement,
    0 what chance gives. Undefined without pairs, and when only one label occurs.

    Interval: percentile bootstrap over the pairs, 1000 resamples, fixed seed
    (Krippendorff 2011, Computing Krippendorff's alpha-reliability).
    """
    n = len(pairs)
    if n == 0:
        return NOTHING
    kinds = sorted(Counter(pairs).items())
    left, right, k = _numbered([pair for pair, _ in kinds])
    counts = np.array([[count for _, count in kinds]])
    value = float(krippendorff_alpha(margins_of_cells(left, right, counts, k))[0])
    if math.isnan(value):
        return Estimate(None, None, None, n)
    drawn = np.random.default_rng(seed).multinomial(n, counts[0] / n, size=_RESAMPLES)
    values = krippendorff_alpha(margins_of_cells(left, right, drawn.astype(np.float64), k))
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return Estimate(value, None, None, n)
    low, high = np.quantile(values, [0.025, 0.975])
    return Estimate(value, float(low), float(high), n)


def _numbered(pairs: Sequence[Pair]) -> tuple[IntArray, IntArray, int]:
    """First and second labels as numbers from 0, and how many labels there are."""
    place = {label: i for i, label in enumerate(sorted({x for pair in pairs for x in pair}))}
    left, right = (np.array([place[pair[side]] for pair in pairs]) for side in (0, 1))
    return left, right, len(place)
