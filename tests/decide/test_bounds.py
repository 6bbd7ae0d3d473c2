"""The statistics against closed forms and slow references."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom

from coder.decide.bounds import (
    GRID,
    interval,
    lower_limit,
    lowest_threshold,
    risk_next_batch,
    smallest_sample,
)


def test_the_lower_limit_of_all_right_has_a_closed_form() -> None:
    assert lower_limit(59, 59, 0.05) == pytest.approx(0.05 ** (1 / 59))
    assert lower_limit(58, 58, 0.05) < 0.95 < lower_limit(59, 59, 0.05)


def test_nothing_right_and_nothing_seen_prove_nothing() -> None:
    assert lower_limit(0, 10, 0.05) == 0.0
    assert lower_limit(0, 0, 0.05) == 0.0


@given(n=st.integers(1, 400), data=st.data(), target=st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_the_limit_and_the_exact_binomial_test_agree(
    n: int, data: st.DataObject, target: float
) -> None:
    right = data.draw(st.integers(0, n))
    proven = binom.sf(right - 1, n, target) <= 0.05
    assert (lower_limit(right, n, 0.05) >= target) == proven


@given(n=st.integers(1, 300), data=st.data())
def test_the_interval_mirrors(n: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, n))
    low, high = interval(right, n, 0.05)
    other_low, other_high = interval(n - right, n, 0.05)
    assert low <= right / n <= high
    assert (float(low), float(high)) == pytest.approx((1 - float(other_high), 1 - float(other_low)))


@given(n=st.integers(20, 120), good=st.integers(0, 240), target=st.sampled_from([0.8, 0.9, 0.95]))
def test_gold_and_next_batch_together_break_the_promise_rarely(
    n: int, good: int, target: float
) -> None:
    # of 2n records `good` are right; a random half is the gold, the other half the batch
    good = min(good, 2 * n)
    right = np.arange(max(0, good - n), min(n, good) + 1)
    accepted = np.array([risk_next_batch(int(x), n, target) <= 0.05 for x in right])
    misses = good - right < target * n
    chance = hypergeom.pmf(right, 2 * n, good, n)
    assert chance[accepted & misses].sum() <= 0.05 + 1e-9


def test_smallest_samples() -> None:
    assert smallest_sample(0.95, 0.05, 1.0) == 59
    assert smallest_sample(0.95, 0.05, 0.05) == 80
    for alpha in (0.05, 0.0125):
        n = smallest_sample(0.9, alpha, alpha)
        assert lower_limit(n, n, alpha) >= 0.9
        assert risk_next_batch(n, n, 0.9) <= alpha


def test_records_of_equal_confidence_are_in_or_out_together() -> None:
    confidence = np.repeat([0.9, 0.6], [400, 400])
    right = np.ones(800, np.bool_)
    right[400:600] = False  # half of the less sure ones are wrong
    found = lowest_threshold(confidence, right, 0.95, 0.05)
    assert found is not None
    assert found.n == found.right == 400
    assert 0.6 < found.threshold <= 0.9


def test_too_few_records_give_no_threshold() -> None:
    n = smallest_sample(0.95, 0.05, 0.05)
    assert lowest_threshold(np.full(n - 1, 0.99), np.ones(n - 1, np.bool_), 0.95, 0.05) is None
    assert lowest_threshold(np.zeros(0), np.zeros(0, np.bool_), 0.95, 0.05) is None


def test_a_target_that_is_not_met_gives_no_threshold() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.3, 1, 3000)
    assert lowest_threshold(confidence, rng.random(3000) < 0.9, 0.95, 0.05) is None


@given(st.integers(0, 2**31))
def test_the_order_of_records_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    confidence = rng.beta(4, 0.5, 500).round(2)
    right = rng.random(500) < confidence
    order = rng.permutation(500)
    assert lowest_threshold(confidence, right, 0.9, 0.05) == lowest_threshold(
        confidence[order], right[order], 0.9, 0.05
    )


def test_more_right_answers_never_raise_the_threshold() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        confidence = rng.beta(4, 0.5, 800)
        right = rng.random(800) < confidence
        better = right | (rng.random(800) < 0.3)
        first = lowest_threshold(confidence, right, 0.9, 0.05)
        second = lowest_threshold(confidence, better, 0.9, 0.05)
        assert first is None or (second is not None and second.threshold <= first.threshold)


def test_the_grid_is_fixed_and_strictest_first() -> None:
    assert (np.diff(GRID) < 0).all()
    assert GRID[0] > 0.99999
    assert GRID[-1] == pytest.approx(0.052, abs=0.001)
