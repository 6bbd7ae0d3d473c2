"""The four comparative measures of paragraph 19, and how sure they are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from coder.measures.arrays import FloatArray
from coder.measures.intervals import Z95

PER_HOURS = 1_000_000
PER_WORKERS = 1_000


def _rate(numerator: npt.ArrayLike, denominator: npt.ArrayLike, per: int) -> FloatArray:
    top, below = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, top * per / below, np.nan)


def frequency_rate(cases: npt.ArrayLike, hours: npt.ArrayLike) -> FloatArray:
    """New cases per 1,000,000 hours worked by the reference group; 0 or more.

    NaN without hours. Source: 16th ICLS, paragraph 19 (a).
    """
    return _rate(cases, hours, PER_HOURS)


def incidence_rate(cases: npt.ArrayLike, workers: npt.ArrayLike) -> FloatArray:
    """New cases per 1,000 workers of the reference group; 0 or more.

    `workers` is their average number in the period, part-timers as full-time equivalents. NaN
    without workers. Source: paragraph 19 (b).
    """
    return _rate(cases, workers, PER_WORKERS)


def severity_rate(days: npt.ArrayLike, time: npt.ArrayLike) -> FloatArray:
    """Days lost by temporary incapacity per 1,000,000 hours (or days) worked; 0 or more.

    The resolution prefers hours; with days worked as `time` it is per million days. NaN without
    time. Source: paragraph 19 (c).
    """
    return _rate(days, time, PER_HOURS)


def mean_days(days: npt.ArrayLike, cases: npt.ArrayLike) -> FloatArray:
    """Days lost per new case with temporary incapacity, mean; NaN without cases.

    Source: paragraph 19 (d).
    """
    return _rate(days, cases, 1)


def median_days(days: npt.NDArray[np.float64]) -> float:
    """Median of the days lost of new cases with temporary incapacity; NaN without cases.

    Source: paragraph 19 (d).
    """
    return float(np.median(days)) if len(days) else float("nan")


def median_error(days: npt.NDArray[np.float64]) -> float:
    """Standard error of a median: its 95 % order-statistic interval over 2 × 1.96.

    NaN under 6 cases, where no such interval exists. Source: Woodruff (1952), J. Am. Stat.
    Assoc. 47:635-646; ranks by the normal approximation to the binomial.
    """
    n = len(days)
    if n < 6:
        return float("nan")
    half = Z95 * np.sqrt(n) / 2
    low = int(np.clip(np.floor(n / 2 - half), 0, n - 1))
    high = int(np.clip(np.ceil(n / 2 + half) - 1, 0, n - 1))
    ordered = np.sort(days)
    return float((ordered[high] - ordered[low]) / (2 * Z95))


def count_interval(count: npt.ArrayLike, variance: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """95 % interval of a count whose variance is `variance`; arrays broadcast, 0 or more.

    A count with the variance of a Poisson (its own value) gets the exact interval (Garwood,
    1936); a larger variance, as with coding uncertainty or several cases per accident, scales
    it: the count is taken as `variance / count` times a Poisson count. Source: Fay and Feuer
    (1997), Stat. Med. 16:791-801. For none, the upper limit is 3.69 and what the variance adds.
    """
    x, v = np.broadcast_arrays(np.asarray(count, np.float64), np.asarray(variance, np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where((x > 0) & (v > 0), v / x, 1.0)
        effective = x / scale
        low = np.where(effective > 0, chi2.ppf(0.025, 2 * effective) / 2 * scale, 0.0)
        high = chi2.ppf(0.975, 2 * (effective + 1)) / 2 * scale
    high = np.where(x > 0, high, high + Z95 * np.sqrt(np.maximum(v, 0.0)))
    unknown = np.isnan(x) | np.isnan(v)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def normal_interval(value: npt.ArrayLike, error: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """95 % interval `value ± 1.96 error`, not below 0; NaN where either is."""
    x, e = np.asarray(value, np.float64), np.asarray(error, np.float64)
    return np.maximum(x - Z95 * e, 0.0), x + Z95 * e


def days_interval(days: npt.ArrayLike, variance: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """95 % interval of a sum of days lost with this variance; NaN where no days were lost.

    A sum over a Poisson number of cases, as a scaled Poisson count (see `count_interval`): it is
    skewed, and never below 0.
    """
    x = np.asarray(days, np.float64)
    low, high = count_interval(x, variance)
    return np.where(x > 0, low, np.nan), np.where(x > 0, high, np.nan)
