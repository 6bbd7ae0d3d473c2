"""Calibration and automation: closed forms, a slow reference, recovery of a known truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from coder.errors import InputError
from coder.evaluate import trust

pairs = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.35, 0.5, 0.72, 0.9, 1.0]), st.booleans()),
    min_size=1,
    max_size=50,
)


def arrays(rows: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([c for c, _ in rows]), np.array([r for _, r in rows])


def test_perfect_and_worst_confidence() -> None:
    right = np.array([True, True, False])
    perfect = trust.reliability(right.astype(float), right)
    assert trust.expected_calibration_error(perfect) == 0.0
    assert trust.maximum_calibration_error(perfect) == 0.0
    assert trust.brier(right.astype(float), right) == 0.0
    worst = trust.reliability(1.0 - right, right)
    assert trust.expected_calibration_error(worst) == 1.0
    assert trust.brier(1.0 - right, right) == 1.0


def test_one_bin_is_the_difference_of_the_means() -> None:
    confidence, right = np.array([0.9, 0.7, 0.8, 0.6]), np.array([True, False, True, True])
    bins = trust.reliability(confidence, right, bins=1)
    assert trust.expected_calibration_error(bins) == pytest.approx(0.0)
    assert bins.confidence == pytest.approx([0.75])
    two = trust.reliability(confidence, right, bins=2)
    assert two.accuracy == pytest.approx([0.5, 1.0])
    assert trust.expected_calibration_error(two) == pytest.approx(0.15)
    assert trust.maximum_calibration_error(two) == pytest.approx(0.15)


def test_bins_hold_equal_mass_and_equal_confidences_stay_together() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.random(1500)
    bins = trust.reliability(confidence, confidence > 0.5, bins=15)
    assert set(bins.n) == {100}
    tied = trust.reliability(np.full(90, 0.8), np.arange(90) < 72)
    assert len(tied.n) == 1
    assert trust.expected_calibration_error(tied) == pytest.approx(0.0)


def test_known_miscalibration_is_recovered() -> None:
    rng = np.random.default_rng(2)
    confidence = rng.uniform(0.5, 0.95, 40_000)
    honest = rng.random(40_000) < confidence
    overconfident = rng.random(40_000) < confidence - 0.2
    assert trust.expected_calibration_error(trust.reliability(confidence, honest)) < 0.012
    off = trust.expected_calibration_error(trust.reliability(confidence, overconfident))
    assert off == pytest.approx(0.2, abs=0.01)


@settings(max_examples=100, deadline=None)
@given(pairs, st.integers(1, 7), st.randoms(use_true_random=False))
def test_row_order_and_weights_as_copies(
    rows: list[tuple[float, bool]], bins: int, random: object
) -> None:
    confidence, right = arrays(rows)
    weight = np.array([(i % 3) + 1.0 for i in range(len(rows))])
    shuffled = list(zip(rows, weight, strict=True))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other, other_right = arrays([row for row, _ in shuffled])
    first = trust.reliability(confidence, right, weight, bins)
    second = trust.reliability(other, other_right, np.array([w for _, w in shuffled]), bins)
    copies = weight.astype(int)
    third = trust.reliability(np.repeat(confidence, copies), np.repeat(right, copies), bins=bins)
    for score in (trust.expected_calibration_error, trust.maximum_calibration_error):
        assert score(first) == pytest.approx(score(second))
        assert score(first) == pytest.approx(score(third))
    assert (
        0.0
        <= trust.expected_calibration_error(first)
        <= trust.maximum_calibration_error(first) + 1e-12
    )


def test_brier_equals_scikit_learn() -> None:
    rng = np.random.default_rng(4)
    confidence, right = rng.random(500), rng.random(500) < 0.4
    weight = rng.random(500)
    expected = brier_score_loss(right, confidence, sample_weight=weight)
    assert trust.brier(confidence, right, weight) == pytest.approx(expected)


@settings(max_examples=100, deadline=None)
@given(pairs, st.sampled_from([0.5, 0.8, 1.0]))
def test_automation_curve_equals_a_slow_reference(
    rows: list[tuple[float, bool]], wanted: float
) -> None:
    confidence, right = arrays(rows)
    curve = trust.automation_curve(confidence, right)
    best = 0.0
    for i, threshold in enumerate(curve.threshold):
        kept = [r for c, r in rows if c >= threshold]
        assert curve.share[i] == pytest.approx(len(kept) / len(rows))
        assert curve.accuracy[i] == pytest.approx(sum(kept) / len(kept))
        assert curve.n[i] == len(kept)
        if sum(kept) / len(kept) >= wanted:
            best = max(best, len(kept) / len(rows))
    assert curve.share[-1] == pytest.approx(1.0)
    share, threshold = trust.share_at_accuracy(curve, wanted)
    assert share == pytest.approx(best)
    assert math.isnan(threshold) == (share == 0.0)


def test_records_without_confidence_are_never_automatic() -> None:
    curve = trust.automation_curve(np.array([0.9, np.nan]), np.array([True, True]))
    assert curve.share == pytest.approx([0.5])
    assert trust.threshold_for(np.array([0.9]), np.array([False]), 0.9) == math.inf


@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan])
def test_confidence_outside_its_range_is_an_error(bad: float) -> None:
    with pytest.raises(InputError, match="record 2"):
        trust.reliability(np.array([0.5, bad]), np.array([True, False]))


def test_no_records() -> None:
    none = np.zeros(0)
    bins = trust.reliability(none, none.astype(bool))
    assert math.isnan(trust.expected_calibration_error(bins))
    assert math.isnan(trust.maximum_calibration_error(bins))
    assert math.isnan(trust.brier(none, none.astype(bool)))
    curve = trust.automation_curve(none, none.astype(bool))
    assert trust.share_at_accuracy(curve, 0.9)[0] == 0.0
