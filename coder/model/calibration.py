"""From linear scores to probabilities that can be believed.

The final score is a weighted sum of experts; the weights are fitted on rows that no expert saw
(stacking, Wolpert 1992), by the same likelihood that fits the experts, so that they also act as
the temperature (Guo et al. 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coder.model.softmax import Floats, log_softmax, partial_target

#: Less than this is as good as impossible, and its logarithm stays finite.
TINY: Final = 1e-6


def stack(
    experts: Sequence[Floats], allowed: sparse.csr_matrix, weight: Floats | None = None
) -> NDArray[np.float64]:
    """Non-negative weights (len(experts),) of the experts' (n, k) scores that fit the labels best.

    `allowed` is (n, k) with a non-zero per acceptable code, `weight` (n,) is relative.
    """
    from scipy.optimize import minimize  # only training needs it

    share = np.ones(allowed.shape[0], np.float32) if weight is None else weight
    share = share / share.sum()

    def loss(a: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total = sum(float(x) * expert for x, expert in zip(a, experts, strict=True))
        log_p = log_softmax(np.asarray(total, np.float32))
        likelihood, target = partial_target(log_p, allowed)
        gap = (np.exp(log_p) - target) * share[:, None]
        slope = np.array([np.vdot(gap, expert) for expert in experts], np.float64)
        return -float(share @ likelihood), slope

    start = np.full(len(experts), 1 / len(experts))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(experts))
    answer: NDArray[np.float64] = found.x
    return answer


def consistent_scale(scores: Floats, allowed: sparse.csr_matrix, weight: Floats) -> float:
    """The factor on the scores at which mean confidence equals the share right.

    Likelihood alone leaves a model with many codes and noisy labels too sure of its best code;
    this sets the temperature by the best code ("expectation consistency", Clarté, Loureiro,
    Krzakala & Zdeborová 2023). Rows with one code only; 1.0 where there are fewer than 50.
    """
    from scipy.optimize import brentq

    rows = np.flatnonzero(np.diff(allowed.indptr) == 1)
    if len(rows) < 50:
        return 1.0
    here, share = scores[rows], weight[rows] / weight[rows].sum()
    truth = allowed[rows].indices
    accuracy = float(share @ (here.argmax(axis=1) == truth))

    def surplus(log_scale: float) -> float:
        confidence = np.exp(log_softmax(here * np.float32(np.exp(log_scale)))).max(axis=1)
        return float(share @ confidence) - accuracy

    low, high = -2.0, 2.0
    if surplus(low) >= 0 or surplus(high) <= 0:  # right always or hardly ever: nothing to match
        return 1.0
    return float(np.exp(brentq(surplus, low, high, xtol=1e-4)))


def switch(quick: Floats, slow: Floats, lost: float) -> float:
    """The lowest probability of a cheap model from which on a dear one says next to nothing more.

    `quick` and `slow` are both models' calibrated probabilities (n, k) of rows that neither has
    seen. Leaving a row to `quick` costs the log-likelihood that `slow` expects to lose by it
    (Kullback & Leibler 1951), in nats; rows are left from the surest on while this comes to at
    most `lost` a row of all n. Expected, not counted against labels: a count over so few rows that
    differ is luck. 2.0, which no probability reaches, where nothing can be left.
    """
    sure = quick.max(axis=1, initial=0)
    order = np.argsort(-sure, kind="stable")
    known = np.log(np.maximum(slow, TINY)) - np.log(np.maximum(quick, TINY))
    cost = (slow * known).sum(axis=1, dtype=np.float64)[order]
    kept = int((np.cumsum(cost) <= lost * len(order)).sum())
    return float(sure[order[kept - 1]]) if kept else 2.0


def calibration_error(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], bins: int = 15
) -> float:
    """Expected calibration error of the top label, 0 (perfect) … 1.

    Equal-mass bins: rows sorted by confidence, cut into `bins` parts of (nearly) equal size;
    the mean over rows of |mean confidence - share right| of their part. NaN without rows.
    Source: Naeini, Cooper & Hauskrecht 2015; equal mass after Nguyen & O'Connor 2015.
    """
    n = len(confidence)
    if n == 0:
        return float("nan")
    order = np.argsort(confidence, kind="stable")
    gaps = [
        abs(float(confidence[part].mean()) - float(right[part].mean())) * len(part)
        for part in np.array_split(order, min(bins, n))
    ]
    return sum(gaps) / n
