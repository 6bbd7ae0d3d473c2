"""Can the confidence be believed, and how much can be automated at a wanted accuracy?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coder.errors import InputError
from coder.evaluate.tree import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Bins:
    """One row per bin of a reliability diagram, all arrays of shape (bins,)."""

    n: IntArray
    weight: FloatArray
    low: FloatArray
    high: FloatArray
    confidence: FloatArray
    accuracy: FloatArray


def check_confidence(confidence: FloatArray) -> None:
    """Raise InputError unless every confidence is a number in 0..1."""
    wrong = ~((confidence >= 0.0) & (confidence <= 1.0))
    if wrong.any():
        raise InputError(
            f"confidence of {int(wrong.sum())} records is not a number from 0 to 1 "
            f"(the first is record {int(np.flatnonzero(wrong)[0]) + 1})",
            records=int(wrong.sum()),
        )


def reliability(
    confidence: FloatArray, right: BoolArray, weight: FloatArray | None = None, bins: int = 15
) -> Bins:
    """Equal-mass bins of confidence with the mean confidence and the accuracy in each.

    Records are ordered by confidence and cut into `bins` runs of equal weight; equal confidences
    always share a bin, so there may be fewer bins. Raises InputError for confidences outside
    0..1 and for NaN. Source: Nguyen and O'Connor (2015), EMNLP, "adaptive binning".
    """
    check_confidence(confidence)
    w = np.ones(len(confidence)) if weight is None else weight
    if len(confidence) == 0 or w.sum() <= 0:
        empty = np.zeros(0)
        return Bins(np.zeros(0, dtype=np.int64), empty, empty, empty, empty, empty)
    place = np.unique(confidence, return_inverse=True)[1]
    mass = np.bincount(place, weights=w)
    middle = (np.cumsum(mass) - mass / 2.0) / mass.sum()
    bin_of_value = np.minimum((middle * bins).astype(np.int64), bins - 1)
    number = np.unique(bin_of_value, return_inverse=True)[1][place]
    total = np.asarray(np.bincount(number, weights=w), dtype=np.float64)
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.r_[True, number[order][1:] != number[order][:-1]])
    return Bins(
        n=np.bincount(number),
        weight=total,
        low=np.minimum.reduceat(confidence[order], starts),
        high=np.maximum.reduceat(confidence[order], starts),
        confidence=np.bincount(number, weights=w * confidence) / total,
        accuracy=np.bincount(number, weights=w * right) / total,
    )


def expected_calibration_error(bins: Bins) -> float:
    """Mean distance between confidence and accuracy over the bins, weighted by their mass.

    0..1, lower is better, 0 is perfect; NaN without records. Depends on the number of bins, and
    is above 0 by chance alone in small samples. Source: Naeini et al. (2015), AAAI.
    """
    if not len(bins.n):
        return float("nan")
    gaps = np.abs(bins.confidence - bins.accuracy)
    return float((gaps * bins.weight).sum() / bins.weight.sum())


def maximum_calibration_error(bins: Bins) -> float:
    """Largest distance between confidence and accuracy in any bin.

    0..1, lower is better; NaN without records. Source: Naeini et al. (2015), AAAI.
    """
    return float(np.abs(bins.confidence - bins.accuracy).max()) if len(bins.n) else float("nan")


def brier(confidence: FloatArray, right: BoolArray, weight: FloatArray | None = None) -> float:
    """Mean squared distance between the confidence and what came true (1 right, 0 wrong).

    0..1, lower is better; NaN without records. This is the two-outcome score of the given code,
    not the score over all codes. Source: Brier (1950), Mon. Weather Rev. 78:1-3.
    """
    check_confidence(confidence)
    w = np.ones(len(confidence)) if weight is None else weight
    if len(confidence) == 0 or w.sum() <= 0:
        return float("nan")
    return float((np.square(confidence - right) * w).sum() / w.sum())


@dataclass(frozen=True, slots=True)
class Curve:
    """Share automatic against accuracy, by falling threshold; arrays of shape (points,)."""

    threshold: FloatArray
    share: FloatArray
    accuracy: FloatArray
    n: IntArray


def automation_curve(
    confidence: FloatArray, right: BoolArray, weight: FloatArray | None = None
) -> Curve:
    """What keeping every record with at least a given confidence would give.

    One point per distinct confidence, from the highest down: `share` of all weight that is kept
    (rising, 0..1) and the `accuracy` of what is kept. Records without confidence (NaN) are never
    kept but count in the share. Source: El-Yaniv and Wiener (2010), JMLR 11, "risk-coverage".
    """
    w = np.ones(len(confidence)) if weight is None else weight
    known = ~np.isnan(confidence)
    check_confidence(confidence[known])
    values, place = np.unique(confidence[known], return_inverse=True)
    mass = np.bincount(place, weights=w[known], minlength=len(values))
    kept = np.cumsum(mass[::-1], dtype=np.float64)
    good = np.cumsum(np.bincount(place, weights=(w * right)[known], minlength=len(values))[::-1])
    count = np.cumsum(np.bincount(place, minlength=len(values))[::-1])
    total = w.sum()
    keep = kept > 0
    return Curve(
        threshold=values[::-1][keep],
        share=(kept / total if total > 0 else kept)[keep],
        accuracy=good[keep] / kept[keep],
        n=count[keep],
    )


def share_at_accuracy(curve: Curve, wanted: float) -> tuple[float, float]:
    """Largest share automatic whose accuracy is at least `wanted`, and its threshold.

    (0, NaN) when no threshold reaches it. Chosen and measured on the same records, so it flatters;
    a policy must be tuned on other records than it is judged on.
    """
    reached = np.flatnonzero(curve.accuracy >= wanted)
    if not len(reached):
        return 0.0, float("nan")
    best = int(reached[-1])
    return float(curve.share[best]), float(curve.threshold[best])


def threshold_for(confidence: FloatArray, right: BoolArray, wanted: float) -> float:
    """Lowest threshold whose kept records reach `wanted` accuracy; +inf when none does.

    For use on records set apart for choosing thresholds; then measure on others.
    """
    share, threshold = share_at_accuracy(automation_curve(confidence, right), wanted)
    return threshold if share > 0 else float("inf")
