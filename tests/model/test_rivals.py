"""Which of two models is right more often on held-out texts, and when that says no."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from coder.model.arrays import Linear
from coder.model.model import Model
from coder.model.rivals import Comparison, compare, objection
from tests.model.helpers import sample, trained


def blunted(model: Model) -> Model:
    """The model with its codes' weights in the wrong columns."""
    linear = model.linear
    mixed = Linear(linear.sparse[:, ::-1], linear.dense[:, ::-1], linear.bias[::-1], linear.context)
    return replace(model, linear=mixed)


def test_a_worse_model_is_objected_to_and_a_better_one_is_not() -> None:
    good, bad = trained()[0], blunted(trained()[0])
    rows = sample(100, seed=12)
    groups = ["one" if i % 2 else "two" for i in range(100)]
    found = compare(good, bad, rows.prepared, rows.labels, groups)
    assert [(c.name, c.n) for c in found] == [("all", 100), ("one", 50), ("two", 50)]
    assert found[0].difference < -0.5
    assert found[0].high < 0
    assert "less often" in str(objection(found))
    assert objection(compare(bad, good, rows.prepared, rows.labels, groups)) is None
    assert objection(compare(good, good, rows.prepared, rows.labels, groups)) is None


def test_the_whole_is_the_sum_of_its_groups() -> None:
    rows = sample(90, seed=13)
    found = compare(trained()[0], blunted(trained()[0]), rows.prepared, rows.labels, rows.source)
    whole, *parts = found
    assert sum(p.n for p in parts) == whole.n
    assert sum(p.n * p.new for p in parts) == pytest.approx(whole.n * whole.new)


def test_a_coarser_label_is_met_by_any_code_below_it() -> None:
    rows = sample(60, seed=14)
    coarse = [frozenset(code[0] for code in label) for label in rows.labels]
    found = compare(trained()[0], trained()[0], rows.prepared, coarse, rows.source)
    p = trained()[0].probabilities(rows.prepared)
    best = [p.codes[i][0] for i in p.values.argmax(axis=1)]
    assert found[0].new == np.mean([b in c for b, c in zip(best, coarse, strict=True)])


def test_too_few_held_out_texts_prove_nothing() -> None:
    assert "19 held-out" in str(objection([Comparison("all", 19, 0.1, 0.9, 0.5, 0.9)]))
    assert "0 held-out" in str(objection([]))


def test_a_group_that_is_worse_beyond_chance_is_an_objection() -> None:
    all_, worse = (
        Comparison("all", 300, 0.7, 0.71, -0.02, 0.04),
        Comparison("x", 90, 1, 0.9, -0.2, -0.01),
    )
    assert "worse on the x" in str(objection([all_, worse]))
    assert objection([all_, replace(worse, high=0.01)]) is None
