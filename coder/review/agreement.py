"""How far two people who coded blind agree: Cohen's kappa and Krippendorff's alpha (nominal).

Pure arithmetic on pairs of labels; knows nothing of the store.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_Z = 1.959963984540054  # 97.5 % point of the standard normal
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


def wilson(successes: float, n: float) -> tuple[float, float]:
    """95 % score interval of a proportion, within 0 to 1 (Wilson 1927). Needs n > 0."""
    share, square = successes / n, _Z * _Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z * math.sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    low = 0.0 if successes <= 0 else max(0.0, middle - half)
    return low, 1.0 if successes >= n else min(1.0, middle + half)


def proportion(successes: int, n: int) -> Estimate:
    """A proportion with Wilson's interval; undefined for n = 0."""
    if n == 0:
        return NOTHING
    low, high = wilson(successes, n)
    return Estimate(successes / n, low, high, n)


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
    cells, rows, columns = (
        Counter(pairs),
        Counter(a for a, _ in pairs),
        Counter(b for _, b in pairs),
    )
    observed = sum(c for (a, b), c in cells.items() if a == b) / n
    expected = sum(rows[label] * columns[label] for label in rows) / n**2
    if expected >= 1.0:
        return Estimate(None, None, None, n)
    value = (observed - expected) / (1 - expected)
    first = second = 0.0
    for (a, b), count in cells.items():
        share = count / n
        if a == b:
            first += share * (1 - (rows[a] + columns[a]) / n * (1 - value)) ** 2
        else:
            second += share * ((columns[a] + rows[b]) / n) ** 2
    spread = first + (1 - value) ** 2 * second - (value - expected * (1 - value)) ** 2
    half = _Z * math.sqrt(max(0.0, spread) / n) / (1 - expected)
    return Estimate(value, max(-1.0, value - half), min(1.0, value + half), n)


def alpha(pairs: Sequence[Pair], seed: int = 0) -> Estimate:
    """Krippendorff's alpha for nominal labels, two coders, nothing missing. 1 is full agreement,
    0 what chance gives. Undefined without pairs, and when only one label occurs.

    Interval: percentile bootstrap over the pairs, 1000 resamples, fixed seed
    (Krippendorff 2011, Computing Krippendorff's alpha-reliability).
    """
    n = len(pairs)
    if n == 0:
        return NOTHING
    labels = sorted({label for pair in pairs for label in pair})
    if len(labels) == 1:
        return Estimate(None, None, None, n)
    place = {label: number for number, label in enumerate(labels)}
    kinds = sorted(Counter(pairs).items())
    left = np.array([place[a] for (a, _), _ in kinds])
    right = np.array([place[b] for (_, b), _ in kinds])
    counts = np.array([c for _, c in kinds])
    one = np.eye(len(labels))
    uses = one[left] + one[right]  # (kinds, labels): how often each kind of pair uses each label
    value = float(_alpha(counts[None, :], left, right, uses)[0])
    drawn = np.random.default_rng(seed).multinomial(n, counts / n, size=_RESAMPLES)
    values = _alpha(drawn, left, right, uses)
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return Estimate(value, None, None, n)
    low, high = np.quantile(values, [0.025, 0.975])
    return Estimate(value, float(low), float(high), n)


def _alpha(counts: np.ndarray, left: np.ndarray, right: np.ndarray, uses: np.ndarray) -> np.ndarray:
    """Alpha per row of `counts` (resamples, kinds of pairs); nan where undefined."""
    n = counts.sum(axis=1)
    disagreeing = (counts * (left != right)).sum(axis=1) / n
    used = counts @ uses
    total = 2 * n
    expected = 1 - (used * (used - 1)).sum(axis=1) / (total * (total - 1))
    out: np.ndarray = np.full(len(counts), np.nan)
    np.divide(disagreeing, expected, out=out, where=expected > 0)
    return 1 - out
