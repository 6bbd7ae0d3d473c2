"""Candidate sets: coverage, size, and the part that is sure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.decide import Gold
from coder.decide.candidates import (
    best_of,
    candidate_sets,
    conformal_threshold,
    fit_candidates,
    members,
    shared_part,
)
from coder.decide.policy import CandidateRule
from coder.model.probabilities import Probabilities
from coder.schemes import load_scheme
from tests.decide.helpers import rows, sample, tree


def test_the_threshold_is_the_right_order_statistic() -> None:
    p_true = np.arange(1, 20, dtype=np.float32) / 20  # 19 records: (19 + 1) · 0.1 = 2
    assert conformal_threshold(p_true, 0.9) == pytest.approx(0.1)
    assert conformal_threshold(p_true[:8], 0.9) == 0.0, "too few: every code is a candidate"


@pytest.mark.parametrize("name", ["injury-type", "body-part", "isic-4"])
def test_coverage_on_new_records(name: str) -> None:
    scheme = load_scheme(name)
    p, codes = sample(scheme, 3000, 1, sharpness=1.5)
    rule = fit_candidates(p, Gold.of(scheme, codes), limit=600)
    new, truth = sample(scheme, 3000, 2, sharpness=1.5)
    sets = candidate_sets(new, rule)
    coverage = np.mean([code in kind for code, kind in zip(truth, sets, strict=True)])
    assert coverage == pytest.approx(0.9, abs=0.02)
    assert rule.measured_coverage == pytest.approx(0.9, abs=0.02)


def test_codes_with_enough_gold_are_covered_each() -> None:
    scheme = tree()
    p, codes = sample(scheme, 20_000, 1, sharpness=0.5)
    # one code gets a fraction of its probability: pooled, it would be left out too often
    values = p.values * np.where(np.array(scheme.leaves) == "B2", 0.2, 1.0).astype(np.float32)
    skewed = Probabilities(scheme, scheme.leaves, values / values.sum(1, keepdims=True))
    rule = fit_candidates(skewed, Gold.of(scheme, codes))
    assert set(rule.by_code) == set(scheme.leaves)
    sets = candidate_sets(skewed, rule)
    for leaf in scheme.leaves:
        held = [leaf in kind for code, kind in zip(codes, sets, strict=True) if code == leaf]
        assert np.mean(held) == pytest.approx(0.9, abs=0.02)


@given(
    st.integers(1, 40),
    st.integers(1, 30),
    st.floats(0, 1, width=32),
    st.integers(1, 20),
    st.integers(0, 1000),
)
def test_sets_are_never_empty_and_never_too_large(
    n: int, k: int, threshold: float, limit: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.random((n, k)).astype(np.float32).round(1)
    sets = best_of(values, members(values, np.full(k, threshold, np.float32)), limit)
    sizes = sets.sum(1)
    assert sizes.min() >= 1
    assert sizes.max() <= limit
    for row, kept in zip(values, sets, strict=True):
        if kept.sum() == limit:
            assert row[kept].min() >= row[~kept & (row >= threshold)].max(initial=0.0)


def test_candidates_come_best_first_and_ties_in_the_official_order() -> None:
    rule = CandidateRule(0.9, 20, 0.2, {"C": 0.05}, 0, None, None, None)
    p = rows({"A2": 0.3, "A1": 0.3, "B1": 0.35, "C": 0.05}, {"A1": 0.1, "A3": 0.15})
    assert candidate_sets(p, rule) == [("B1", "A1", "A2", "C"), ("A3",)]


def test_the_limit_is_made_up_for_where_that_is_possible() -> None:
    scheme = load_scheme("isic-4")
    p, codes = sample(scheme, 4000, 1, sharpness=1.5)
    rule = fit_candidates(p, Gold.of(scheme, codes), limit=20)
    top = p.top(20)[0]
    reachable = np.mean(
        [code in {p.codes[c] for c in row} for code, row in zip(codes, top, strict=True)]
    )
    assert rule.measured_coverage is not None
    assert rule.measured_coverage <= reachable
    if reachable > 0.92:
        assert rule.measured_coverage == pytest.approx(0.9, abs=0.02)


def test_either_of_two_gold_codes_counts_and_coarse_gold_does_not() -> None:
    p, codes = sample(tree(), 400, 1)
    either = [frozenset({code, "C"}) for code in codes]
    single = fit_candidates(p, Gold.of(tree(), codes))
    double = fit_candidates(p, Gold.of(tree(), either))
    assert double.threshold >= single.threshold
    coarse = fit_candidates(p, Gold.of(tree(), ["A"] * 400))
    assert (coarse.n, coarse.measured_coverage) == (0, None)


def test_the_part_that_is_sure() -> None:
    scheme = load_scheme("isco-08")
    sets = [("2141", "2142", "2144"), ("2141", "2161"), ("2141",), ("2141", "3111"), ("0110",)]
    assert shared_part(scheme, sets) == ["214", "21", "214", None, "011"]
