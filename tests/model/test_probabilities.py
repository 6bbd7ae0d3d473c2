"""Probabilities add up along the tree and keep their codes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coder.model.probabilities import Probabilities
from coder.schemes import load_scheme

SCHEME = load_scheme("injury-type")
values = arrays(np.float32, (3, len(SCHEME.leaves)), elements=st.floats(0, 1, width=32))


@given(values)
def test_a_parent_has_the_sum_of_its_children(raw: np.ndarray) -> None:
    p = Probabilities(SCHEME, SCHEME.leaves, raw)
    top = p.at_level(1)
    for code in top.codes:
        below = [p.column[leaf] for leaf in SCHEME.leaves_under(code)]
        assert top.values[:, top.column[code]] == pytest.approx(raw[:, below].sum(axis=1), abs=1e-4)


@given(values)
def test_leaves_that_are_coarse_stay_at_every_level(raw: np.ndarray) -> None:
    p = Probabilities(SCHEME, SCHEME.leaves, raw)
    assert p.at_level(2).codes == p.codes
    assert (p.at_level(1).values[:, p.at_level(1).column["4"]] == raw[:, p.column["4"]]).all()


@given(values, st.integers(1, 30))
def test_the_best_are_those_of_a_full_sort(raw: np.ndarray, k: int) -> None:
    p = Probabilities(SCHEME, SCHEME.leaves, raw)
    columns, best = p.top(k)
    slow = np.argsort(-raw, axis=1, kind="stable")[:, :k]
    assert (best == np.take_along_axis(raw, slow, axis=1)).all()
    assert (np.take_along_axis(raw, columns, axis=1) == best).all()


def test_values_must_fit_the_codes() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Probabilities(SCHEME, SCHEME.leaves, np.zeros((2, 3), np.float32))
