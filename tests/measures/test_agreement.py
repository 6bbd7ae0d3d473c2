"""Agreement measures: closed forms, scikit-learn, a slow reference, and invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from coder.measures import agreement as ag
from coder.measures.intervals import bootstrap_interval, effective_n, resample, wilson

K = 6
records = st.lists(
    st.tuples(st.integers(0, K - 1), st.integers(-1, K - 1), st.sampled_from([0.5, 1.0, 3.0])),
    min_size=1,
    max_size=60,
)


def of(rows: list[tuple[int, int, float]]) -> ag.Margins:
    truth, predicted, weight = (np.array(column) for column in zip(*rows, strict=True))
    return ag.margins(truth, predicted, K, weight.astype(float))


def slow_f1(rows: list[tuple[int, int, float]], code: int) -> float | None:
    both = sum(w for t, p, w in rows if t == p == code)
    truth = sum(w for t, _, w in rows if t == code)
    predicted = sum(w for _, p, w in rows if p == code)
    return 2 * both / (truth + predicted) if truth + predicted else None


def slow_kappa(rows: list[tuple[int, int, float]]) -> float:
    total = sum(w for *_, w in rows)
    observed = sum(w for t, p, w in rows if t == p) / total
    chance = (
        sum(
            sum(w for t, _, w in rows if t == c) * sum(w for _, p, w in rows if p == c)
            for c in range(K)
        )
        / total**2
    )
    return math.nan if chance >= 1 - 1e-12 else (observed - chance) / (1 - chance)


def slow_alpha(rows: list[tuple[int, int, float]]) -> float:
    """From the coincidence matrix, as Krippendorff writes it."""
    n = 2 * sum(w for *_, w in rows)
    count: dict[int, float] = {}
    disagree = 0.0
    for truth, predicted, w in rows:
        for value in (truth, predicted):
            count[value] = count.get(value, 0.0) + w
        disagree += 2 * w * (truth != predicted)
    expected = sum(count[a] * count[b] for a in count for b in count if a != b) / (n - 1)
    return math.nan if expected == 0 else 1 - disagree / expected


def same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


@settings(max_examples=150, deadline=None)
@given(records)
def test_measures_equal_a_slow_reference(rows: list[tuple[int, int, float]]) -> None:
    m = of(rows)
    f1s = [slow_f1(rows, c) for c in range(K)]
    truth = {t for t, *_ in rows}
    recalls = [
        sum(w for t, p, w in rows if t == p == c) / sum(w for t, _, w in rows if t == c)
        for c in truth
    ]
    seen = [f for f in f1s if f is not None]
    assert same(float(ag.macro_f1_truth(m)), float(np.mean([f1s[c] for c in truth])))
    assert same(float(ag.macro_f1_all(m)), float(np.mean(seen)))
    assert same(float(ag.balanced_accuracy(m)), float(np.mean(recalls)))
    assert same(float(ag.cohen_kappa(m)), slow_kappa(rows))
    if sum(w for *_, w in rows) > 0.5:  # one half-weight record has no pair to compare
        assert same(float(ag.krippendorff_alpha(m)), slow_alpha(rows))


@settings(max_examples=80, deadline=None)
@given(records, st.randoms(use_true_random=False), st.permutations(range(K)))
def test_order_of_rows_and_codes_does_not_matter(
    rows: list[tuple[int, int, float]], random: object, order: list[int]
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    renamed = [(order[t], order[p] if p >= 0 else -1, w) for t, p, w in shuffled]
    for name, measure in ag.AGREEMENT.items():
        assert same(float(measure(of(rows))), float(measure(of(renamed)))), name


@pytest.mark.parametrize("weighted", [False, True])
def test_scikit_learn_gives_the_same(weighted: bool) -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 20, 2000)
    predicted = np.where(rng.random(2000) < 0.6, truth, rng.integers(0, 20, 2000))
    weight = rng.uniform(0.2, 4, 2000) if weighted else np.ones(2000)
    m = ag.margins(truth, predicted, 20, weight)
    w = {"sample_weight": weight}
    assert float(ag.accuracy(m)) == pytest.approx(sk.accuracy_score(truth, predicted, **w))
    balanced = sk.balanced_accuracy_score(truth, predicted, **w)
    assert float(ag.balanced_accuracy(m)) == pytest.approx(balanced)
    macro = sk.f1_score(truth, predicted, average="macro", **w)
    assert float(ag.macro_f1_all(m)) == pytest.approx(macro)
    kappa = sk.cohen_kappa_score(truth, predicted, **w)
    assert float(ag.cohen_kappa(m)) == pytest.approx(kappa)
    assert ag.recall(m) == pytest.approx(sk.recall_score(truth, predicted, average=None, **w))
    precision = sk.precision_score(truth, predicted, average=None, **w)
    assert ag.precision(m) == pytest.approx(precision)


def test_macro_f1_names_differ_where_codes_are_predicted_that_are_never_true() -> None:
    truth, predicted = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 3])
    m = ag.margins(truth, predicted, 4)
    assert float(ag.macro_f1_truth(m)) == pytest.approx(2 / 3)
    assert float(ag.macro_f1_all(m)) == pytest.approx(1 / 3)
    with_zero = sk.f1_score(truth, predicted, average="macro", zero_division=0)
    assert float(ag.macro_f1_all(m)) == pytest.approx(with_zero)


def test_krippendorffs_published_example() -> None:
    """Two observers, ten documents, nominal: alpha 0.095 (Krippendorff 2011, example A)."""
    a = np.array([0, 1, 0, 0, 0, 0, 0, 0, 1, 0])
    b = np.array([1, 1, 1, 0, 0, 1, 0, 0, 0, 0])
    assert float(ag.krippendorff_alpha(ag.margins(a, b, 2))) == pytest.approx(0.095, abs=5e-4)


def test_edges_have_a_defined_result() -> None:
    none = ag.margins(np.array([], dtype=int), np.array([], dtype=int), 3)
    for measure in ag.AGREEMENT.values():
        assert math.isnan(float(measure(none)))
    one = ag.margins(np.zeros(5, dtype=int), np.zeros(5, dtype=int), 3)
    assert float(ag.accuracy(one)) == 1.0
    assert math.isnan(float(ag.cohen_kappa(one)))
    assert math.isnan(float(ag.krippendorff_alpha(one)))
    silent = ag.margins(np.array([0, 1, 1]), np.array([-1, -1, -1]), 2)
    assert float(ag.accuracy(silent)) == 0.0
    assert float(ag.macro_f1_truth(silent)) == 0.0
    assert np.isnan(ag.precision(silent)).all()


def test_wilson_closed_form_and_edges() -> None:
    low, high = wilson(0.5, 100)
    assert (float(low), float(high)) == pytest.approx((0.40383, 0.59617), abs=1e-5)
    low, high = wilson([0.0, 1.0, math.nan], [10, 10, 10])
    assert low[0] == 0.0
    assert high[0] == pytest.approx(0.27754, abs=1e-4)
    assert high[1] == 1.0
    assert np.isnan(low[2])
    assert np.isnan(wilson(0.5, 0)[0])


def test_effective_n() -> None:
    assert effective_n(np.ones(7)) == pytest.approx(7)
    assert effective_n(np.array([3.0, 1.0])) == pytest.approx(1.6)
    assert effective_n(np.array([])) == 0.0


def test_bootstrap_does_not_depend_on_row_order_and_keeps_totals() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 5, 300), rng.integers(-1, 5, 300)
    weight = rng.choice([1.0, 2.5], 300)
    order = rng.permutation(300)
    first = ag.bootstrap_margins(truth, predicted, 5, weight, 60, 1)
    again = ag.bootstrap_margins(truth[order], predicted[order], 5, weight[order], 60, 1)
    assert np.array_equal(first.truth, again.truth)
    assert np.array_equal(first.agreed, again.agreed)
    assert first.truth.sum(axis=1) == pytest.approx(first.predicted.sum(axis=1))
    _, chunks = resample(truth[:, None], np.ones(300), 60, 1)
    assert np.concatenate(list(chunks)).sum(axis=1) == pytest.approx(300)


@pytest.mark.parametrize("jitter", [0.0, 1e-9])  # equal pairs drawn together, or one by one
def test_bootstrap_interval_of_accuracy_agrees_with_wilson(jitter: float) -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 8, 1000)
    predicted = np.where(rng.random(1000) < 0.7, truth, (truth + 1) % 8)
    weight = 1.0 + jitter * np.arange(1000)
    point = float(ag.accuracy(ag.margins(truth, predicted, 8)))
    drawn = ag.accuracy(ag.bootstrap_margins(truth, predicted, 8, weight, 4000, 0))
    low, high = bootstrap_interval(point, drawn)
    exact_low, exact_high = wilson(point, 1000)
    assert low == pytest.approx(float(exact_low), abs=0.004)
    assert high == pytest.approx(float(exact_high), abs=0.004)


def test_bootstrap_interval_contains_its_figure_with_many_rare_codes() -> None:
    """The plain percentiles leave out the macro average of rare codes: see decision 040."""
    rng = np.random.default_rng(9)
    popular = rng.dirichlet(np.full(300, 0.3))
    predicted = rng.choice(300, 1500, p=popular)
    truth = np.where(rng.random(1500) < 0.7, predicted, rng.integers(0, 300, 1500))
    value = float(ag.balanced_accuracy(ag.margins(truth, predicted, 300)))
    drawn = ag.bootstrap_margins(truth, predicted, 300, np.ones(1500), 400, 0)
    replicates = ag.balanced_accuracy(drawn)
    assert np.quantile(replicates, 0.025) > value  # the trap is real
    low, high = bootstrap_interval(value, replicates)
    assert low < value < high


def test_bootstrap_interval_is_undefined_when_most_replicates_are() -> None:
    replicates = np.array([np.nan] * 6 + [0.4] * 4)
    assert np.isnan(bootstrap_interval(0.4, replicates)).all()
    assert np.isnan(bootstrap_interval(math.nan, np.ones(10))).all()
