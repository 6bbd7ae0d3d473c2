"""Paired comparisons, distributions, and the quality-control sample, on known truths."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from coder.errors import InputError
from coder.evaluate.compare import mcnemar, pair_counts
from coder.evaluate.distribution import Spread, dissimilarity
from coder.evaluate.verify import LEAST_PER_STRATUM, allocate, stratified_error


def test_mcnemar_is_the_exact_binomial_test() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(7, 7) == 1.0
    assert mcnemar(1, 9) == pytest.approx(2 * binom.cdf(1, 10, 0.5))
    assert mcnemar(9, 1) == mcnemar(1, 9)
    assert mcnemar(0, 20) == pytest.approx(2 * 0.5**20)


def test_pair_counts() -> None:
    a, b = np.array([0, 0, 1, -1, 2]), np.array([1, 1, 1, 0, -1])
    assert pair_counts(a, b, 3) == [(0, 1, 2), (-1, 0, 1), (2, -1, 1)]


def test_dissimilarity() -> None:
    a, b = np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.25, 0.5])
    assert float(dissimilarity(a, a)) == 0.0
    assert float(dissimilarity(a, b)) == pytest.approx(0.5)
    assert float(dissimilarity(np.array([1.0, 0]), np.array([0, 1.0]))) == 1.0
    assert float(dissimilarity(a, b)) == float(dissimilarity(b[::-1], a[::-1]))
    assert math.isnan(float(dissimilarity(np.full(3, np.nan), b)))


def test_spread_shares_sum_to_one_and_are_undefined_when_empty() -> None:
    spread = Spread(np.array([0, 0, 1]), np.array([0, 2, 2]), np.array([0.25, 0.75, 1.0]))
    assert spread.shares(np.array([1.0, 3.0]), 3) == pytest.approx([0.0625, 0, 0.9375])
    nothing = Spread(np.array([], dtype=int), np.array([], dtype=int), np.array([]))
    assert np.isnan(nothing.shares(np.ones(2), 3)).all()


def test_allocation() -> None:
    sizes = np.array([1000, 1000, 1000, 8])
    drawn = allocate(sizes, np.array([0.4, 0.2, 0.2, 0.4]), 200)
    assert drawn.sum() == 200
    assert (drawn >= np.minimum(sizes, LEAST_PER_STRATUM)).all()
    assert drawn[3] == 8  # a small stratum is taken whole
    assert drawn[0] > drawn[1] == drawn[2]
    assert allocate(sizes, np.ones(4), 10**6).tolist() == sizes.tolist()
    assert allocate(np.array([5, 5, 5]), np.ones(3), 2).sum() == 2


def test_stratified_error_closed_forms() -> None:
    value, low, high = stratified_error([5, 1], [50, 50], [100, 900])
    assert value == pytest.approx(0.1 * 0.1 + 0.9 * 0.02)
    assert low < value < high
    assert stratified_error([3], [30], [30]) == (0.1, 0.1, 0.1)  # a census has no interval
    none, low, high = stratified_error([0, 0], [100, 100], [10_000, 10_000])
    assert (none, low) == (0.0, 0.0)
    assert 0.01 < high < 0.05
    with pytest.raises(InputError, match="stratum 2"):
        stratified_error([1, 0], [10, 0], [50, 50])


@pytest.mark.parametrize(
    "rates",
    [(0.30, 0.20, 0.12, 0.06, 0.02), (0.05, 0.03, 0.02, 0.01, 0.005), (0.1,) * 5],
)
def test_interval_covers_the_true_error(rates: tuple[float, ...]) -> None:
    """The 95 % interval of the sheet's design holds the true rate in about 95 of 100 samples."""
    rng = np.random.default_rng(11)
    sizes = np.full(5, 2000)
    wrong = np.round(sizes * np.array(rates)).astype(int)
    truth = wrong.sum() / sizes.sum()
    drawn = allocate(sizes, np.sqrt(np.array(rates) * (1 - np.array(rates))), 300)
    estimates, covered = [], 0
    for _ in range(1500):
        found = rng.hypergeometric(wrong, sizes - wrong, drawn)
        value, low, high = stratified_error(found, drawn, sizes)
        estimates.append(value)
        covered += low <= truth <= high
    assert np.mean(estimates) == pytest.approx(truth, abs=0.002)
    assert covered / 1500 > 0.93
