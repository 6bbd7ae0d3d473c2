"""Expected calibration error and the merging of experts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from coder.model.calibration import calibration_error, consistent_scale, stack
from coder.model.softmax import log_softmax


def slow_error(confidence: list[float], right: list[bool], bins: int) -> float:
    rows = sorted(zip(confidence, range(len(right)), right, strict=True))
    n, parts = len(rows), min(bins, len(rows))
    total, start = 0.0, 0
    for i in range(parts):
        size = n // parts + (i < n % parts)
        part = rows[start : start + size]
        start += size
        total += abs(sum(c for c, _, _ in part) - sum(r for _, _, r in part))
    return total / n


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80),
    st.integers(1, 20),
)
def test_error_is_that_of_a_slow_reference(rows: list[tuple[float, bool]], bins: int) -> None:
    confidence, right = [c for c, _ in rows], [r for _, r in rows]
    fast = calibration_error(np.array(confidence), np.array(right), bins)
    assert fast == pytest.approx(slow_error(confidence, right, bins), abs=1e-9)


def test_error_in_closed_form() -> None:
    confidence = np.repeat([0.6, 0.9], 10)
    right = np.array([True] * 5 + [False] * 5 + [True] * 10)
    assert calibration_error(confidence, right, bins=2) == pytest.approx(0.1)
    assert np.isnan(calibration_error(np.array([]), np.array([], bool)))


def test_stacking_finds_the_temperature_that_made_the_labels() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(20_000, 5)).astype(np.float32) * 4
    p = np.exp(log_softmax(scores * 0.5))
    y = (rng.random((len(p), 1)) > p.cumsum(axis=1)).sum(axis=1).clip(max=4)
    labels = sparse.csr_matrix((np.ones(len(y), np.float32), (np.arange(len(y)), y)))
    noise = rng.normal(size=scores.shape).astype(np.float32)
    assert stack([scores, noise], labels) == pytest.approx([0.5, 0.0], abs=0.03)


def test_the_scale_makes_confidence_what_is_right() -> None:
    """A fifth of the labels are noise: likelihood and confidence ask for different scales."""
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(5_000, 30)).astype(np.float32) * 6
    y = np.where(rng.random(5_000) < 0.8, scores.argmax(axis=1), rng.integers(0, 30, 5_000))
    labels = sparse.csr_matrix((np.ones(len(y), np.float32), (np.arange(len(y)), y)))
    scale = consistent_scale(scores, labels, np.ones(len(y), np.float32))
    confidence = np.exp(log_softmax(scores * np.float32(scale))).max(axis=1)
    assert confidence.mean() == pytest.approx((scores.argmax(axis=1) == y).mean(), abs=1e-3)
    few = labels[:20]
    assert consistent_scale(scores[:20], few, np.ones(20, np.float32)) == 1.0
