"""The statistics of a promise: how sure can one be that the accepted codes are right?

Everything here works on two columns, a confidence and whether the code was right. Sources:
Clopper & Pearson 1934 (exact binomial limits); Angelopoulos, Bates, Candès, Jordan & Lei 2021,
"Learn then test" (thresholds as hypotheses, fixed-sequence testing with several starts); Wiens
2003 (the fallback procedure: level unspent at one start is added at the next one).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Thresholds that can be chosen, strictest first: logits 13.8 (0.999999) down to -2.9 (0.05) in
# steps of 0.1. Fixed before any data are seen, as the test needs; dense where models are sure.
GRID: Floats = 1.0 / (1.0 + np.exp(-np.arange(138, -30, -1) / 10.0))
# A sequence that starts on a handful of records ends with the first error. It therefore starts
# where the model's own confidences promise the easiest proof: once taken at their word, once
# with their errors doubled, each with half of the level.
DOUBTS: tuple[float, ...] = (1.0, 2.0)


def lower_limit(right: NDArray[np.int64] | int, n: NDArray[np.int64] | int, alpha: float) -> Floats:
    """One-sided exact (Clopper–Pearson) lower limit of a proportion, at confidence 1 - `alpha`.

    `right` of `n`; arrays broadcast. 0 where nothing was right or n is 0.
    """
    from scipy.special import betaincinv  # only tuning needs it: coding starts sooner without

    x, size = np.asarray(right, np.float64), np.asarray(n, np.float64)
    with np.errstate(invalid="ignore"):
        limit = betaincinv(np.maximum(x, 1), size - np.maximum(x, 1) + 1, alpha)
    return np.where((x > 0) & (size > 0), limit, 0.0)


def interval(
    right: NDArray[np.int64] | int, n: NDArray[np.int64] | int, alpha: float
) -> tuple[Floats, Floats]:
    """Two-sided exact (Clopper–Pearson) interval of a proportion, at confidence 1 - `alpha`."""
    x, size = np.asarray(right, np.int64), np.asarray(n, np.int64)
    return lower_limit(x, size, alpha / 2), 1.0 - lower_limit(size - x, size, alpha / 2)


def risk_next_batch(right: int, n: int, target: float) -> float:
    """How likely is a result as good as `right` of `n` if the next `n` records miss `target`?

    Fisher's exact test of the gold against a batch of equal size that just misses: chance in the
    batch counts as well as chance in the gold, so it asks for more than `lower_limit`. Exact for
    exchangeable records. 1.0 for n = 0.
    """
    from scipy.stats import hypergeom  # takes a second to import

    worst = int(np.ceil(target * n - 1e-9)) - 1  # the best result below the target
    return float(hypergeom.sf(right - 1, 2 * n, right + worst, n)) if n and worst >= 0 else 1.0


@lru_cache(maxsize=256)
def smallest_sample(target: float, alpha: float, chance: float) -> int:
    """Number of records, all right, from which a threshold can be proven at all.

    80 for 0.95 at 0.05 and 0.05; the lower limit alone would need 59.
    """
    n = int(np.ceil(np.log(alpha) / np.log(target) - 1e-9))
    while risk_next_batch(n, n, target) > chance:
        n += 1
    return n


@dataclass(frozen=True, slots=True)
class Accepted:
    """A threshold that was proven: of `n` records at or above it `right` were right."""

    threshold: float
    n: int
    right: int
    lower: float  # lower limit of the accuracy, at the level the proof used


def _starts(counts: NDArray[np.int64], mean: Floats, target: float, least: int) -> list[int]:
    """Where on the grid to begin: depends on confidences and counts, never on what was right."""
    found = []
    for doubt in DOUBTS:
        surplus = ((1.0 - doubt * (1.0 - mean)) - target) * np.sqrt(counts)
        if (counts >= least).any():
            found.append(int(np.argmax(np.where(counts >= least, surplus, -np.inf))))
    return found


def lowest_threshold(
    confidence: Floats, right: Bools, target: float, alpha: float, chance: float | None = None
) -> Accepted | None:
    """The lowest threshold at which accuracy is proven to be at least `target`, or None.

    Thresholds are tested downwards from each start, each by an exact binomial test given the
    number of records at or above it (`lower_limit`), and the sequence goes on only while tests
    are passed: the probability that any passed threshold has an accuracy below `target` is at
    most `alpha` (fallback procedure over the starts). A threshold must also keep
    `risk_next_batch` within `chance` (default `alpha`). Records of equal confidence are in or
    out together. `confidence` and `right` have shape (n,); None where n is too small or the
    target is not met.
    """
    chance = alpha if chance is None else chance
    falling = np.sort(confidence)[::-1]
    counts = np.searchsorted(-falling, -GRID, side="right")
    hits = np.searchsorted(-np.sort(confidence[right])[::-1], -GRID, side="right")
    mean = np.concatenate([[0.0], np.cumsum(falling)])[counts] / np.maximum(counts, 1)
    starts = _starts(counts, mean, target, smallest_sample(target, alpha, chance))
    limits = [lower_limit(hits, counts, alpha * k / len(DOUBTS)) for k in range(1, len(DOUBTS) + 1)]
    held, best = 0, None  # how many starts' parts of alpha the sequence holds
    for i in range(min(starts, default=len(GRID)), len(GRID)):
        held += starts.count(i)
        n, x = int(counts[i]), int(hits[i])
        if held == 0 or (best is not None and n == best.n):
            continue
        limit = float(limits[held - 1][i])
        if limit >= target and risk_next_batch(x, n, target) <= chance:
            best = Accepted(float(GRID[i]), n, x, limit)
        else:
            held = 0
    return best
