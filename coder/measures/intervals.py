"""Intervals: Wilson for shares, bootstrap by record for everything else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from coder.measures.arrays import FloatArray

Z95 = 1.959963984540054
MOST_CELLS = 4_000_000  # replicates × distinct records held at once (32 MB)


def effective_n(weight: npt.ArrayLike) -> float:
    """Effective number of records behind weighted figures.

    (sum of weights)² / (sum of squared weights), in 0..n; n for equal weights, 0 for none.
    Source: Kish (1965), Survey Sampling, §11.7.
    """
    w = np.asarray(weight, dtype=np.float64)
    squares = float(np.square(w).sum())
    return float(w.sum()) ** 2 / squares if squares > 0 else 0.0


def wilson(share: npt.ArrayLike, n: npt.ArrayLike, z: float = Z95) -> tuple[FloatArray, FloatArray]:
    """95 % score interval of a share; arrays broadcast, result in 0..1.

    `n` may be an effective number and need not be whole. Undefined (NaN) where n is 0 or the
    share is NaN. Source: Wilson (1927), J. Am. Stat. Assoc. 22:209-212.
    """
    p = np.asarray(share, dtype=np.float64)
    m = np.asarray(n, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = 1.0 + z * z / m
        middle = (p + z * z / (2.0 * m)) / scale
        half = z / scale * np.sqrt(np.maximum(p * (1.0 - p), 0.0) / m + (z / (2.0 * m)) ** 2)
    empty = (m <= 0) | np.isnan(p)
    low = np.where(p <= 0.0, 0.0, np.clip(middle - half, 0.0, 1.0))
    high = np.where(p >= 1.0, 1.0, np.clip(middle + half, 0.0, 1.0))
    low, high = np.where(empty, np.nan, low), np.where(empty, np.nan, high)
    return np.asarray(low), np.asarray(high)


def newcombe(only_first: int, only_second: int, both: int, n: int) -> tuple[float, float]:
    """95 % interval of a paired difference of shares, second minus first, within -1 to 1.

    Of `n` records the first system alone is right in `only_first`, the second alone in
    `only_second`, both in `both`. Needs n > 0. It keeps a width where the two never differ, which
    a bootstrap of few records does not.
    Source: Newcombe (1998), Statistics in Medicine 17:2635-2650, method 10.
    """
    neither = n - both - only_first - only_second
    first, second = (both + only_first) / n, (both + only_second) / n
    bounds = [wilson(share, float(n)) for share in (first, second)]
    (low_1, high_1), (low_2, high_2) = ((float(a), float(b)) for a, b in bounds)
    room = (both + only_first) * (only_second + neither) * (both + only_second)
    room *= only_first + neither
    spread: float = both * neither - only_first * only_second
    if spread > 0:  # the continuity correction of method 10
        spread = max(spread - n / 2, 0)
    phi = spread / room**0.5 if room else 0.0
    down = (second - low_2) ** 2 - 2 * phi * (second - low_2) * (high_1 - first)
    up = (high_2 - second) ** 2 - 2 * phi * (high_2 - second) * (first - low_1)
    difference = second - first
    return (
        difference - float(max(down + (high_1 - first) ** 2, 0.0)) ** 0.5,
        difference + float(max(up + (first - low_1) ** 2, 0.0)) ** 0.5,
    )


def bootstrap_interval(
    value: float, replicates: FloatArray, bounds: tuple[float, float] = (0.0, 1.0)
) -> tuple[float, float]:
    """95 % interval of a figure from its bootstrap replicates, clipped to its range.

    The 2.5 and 97.5 % points after the replicates are moved so that their mean is `value`. The
    move matters for means over codes and for sums of distances: a resample loses rare codes and
    adds noise, so its figure is systematically higher, and the plain percentiles can leave out
    the figure itself. (NaN, NaN) when the value or more than half of the replicates are
    undefined. Source: Efron and Tibshirani (1993), ch. 10 (bias) and 13 (percentiles).
    """
    defined = replicates[~np.isnan(replicates)]
    if np.isnan(value) or 2 * defined.size < replicates.size or defined.size == 0:
        return float("nan"), float("nan")
    low, high = np.quantile(defined, (0.025, 0.975)) - defined.mean() + value
    return float(np.clip(low, *bounds)), float(np.clip(high, *bounds))


def resample(
    keys: npt.NDArray[np.int64], weight: FloatArray, replicates: int, seed: int
) -> tuple[npt.NDArray[np.int64], Iterator[FloatArray]]:
    """Bootstrap by record, on distinct (key, weight) pairs instead of on records.

    Drawing n records with replacement and adding up equal ones is one multinomial draw over the
    distinct pairs, so the cost follows the number of pairs and the result does not depend on the
    order of the rows. Returns the distinct keys (m, columns) and, in chunks of replicates that
    fit in memory, the resampled total weight of each (chunk, m).
    """
    table = np.column_stack([keys, np.ascontiguousarray(weight).view(np.int64)])
    distinct, count = np.unique(table, axis=0, return_counts=True)
    pair_weight = np.ascontiguousarray(distinct[:, -1]).view(np.float64)
    return distinct[:, :-1], _draws(count, pair_weight, replicates, seed)


def _draws(
    count: npt.NDArray[np.int64], weight: FloatArray, replicates: int, seed: int
) -> Iterator[FloatArray]:
    rng = np.random.default_rng(seed)
    n = int(count.sum())
    chunk = max(1, MOST_CELLS // len(count))
    # with hardly any equal pairs, drawing the records themselves is several times faster
    owner = np.repeat(np.arange(len(count)), count) if 4 * len(count) > n else None
    for start in range(0, replicates, chunk):
        size = min(chunk, replicates - start)
        if owner is None:
            yield rng.multinomial(n, count / n, size=size) * weight
            continue
        drawn = np.empty((size, len(count)))
        for b in range(size):
            picked = owner[rng.integers(0, n, n)]
            drawn[b] = np.bincount(picked, weights=weight[picked], minlength=len(count))
        yield drawn
