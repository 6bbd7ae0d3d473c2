"""Kappa and alpha against closed forms, a slow reference and simulation."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.measures.intervals import newcombe, wilson
from coder.measures.pairs import alpha, kappa, proportion, share_agreeing

LABELS = st.sampled_from("abcd")
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=40)


def test_kappa_of_the_textbook_table() -> None:
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert kappa(pairs).value == pytest.approx(0.4)
    assert share_agreeing(pairs).value == 0.7


def test_alpha_of_krippendorffs_examples() -> None:
    # Krippendorff 2011, sections A and B
    binary = list(zip("0100000010", "1110010000", strict=True))
    assert alpha(binary).value == pytest.approx(0.095, abs=5e-4)
    nominal = list(zip("aabbdcccedda", "babbbccceddd", strict=True))
    assert alpha(nominal).value == pytest.approx(0.692, abs=5e-4)


def test_undefined_cases() -> None:
    assert kappa([]).value is None
    assert alpha([("a", "a")] * 5).value is None
    assert kappa([("a", "a")] * 5).value is None
    assert proportion(0, 0).value is None


@given(PAIRS)
def test_alpha_is_what_the_definition_says(pairs: list[tuple[str, str]]) -> None:
    values = [v for p in pairs for v in p]
    total = len(values)
    observed = sum(a != b for a, b in pairs) / len(pairs)
    differ = sum(x != y for i, x in enumerate(values) for j, y in enumerate(values) if i != j)
    if differ == 0:
        assert alpha(pairs).value is None
    else:
        expected = differ / (total * (total - 1))
        assert alpha(pairs).value == pytest.approx(1 - observed / expected)


@given(PAIRS, st.randoms(use_true_random=False))
def test_order_and_names_do_not_matter(pairs: list[tuple[str, str]], chance: random.Random) -> None:
    mixed = [(a * 2, b * 2) for a, b in pairs]
    chance.shuffle(mixed)
    assert kappa(mixed).value == pytest.approx(kappa(pairs).value)
    assert alpha(mixed).value == pytest.approx(alpha(pairs).value)
    swapped = [(b, a) for a, b in pairs]
    assert kappa(swapped).value == pytest.approx(kappa(pairs).value)


@pytest.mark.parametrize("figure", [kappa, alpha])
def test_the_intervals_cover_a_known_truth(figure: object) -> None:
    # two people who are right with probability 0.8 and else guess one of three labels
    rng = np.random.default_rng(7)

    def sample(n: int) -> list[tuple[str, str]]:
        truth = rng.integers(0, 3, n)
        made = [np.where(rng.random(n) < 0.8, truth, rng.integers(0, 3, n)) for _ in range(2)]
        return [(str(a), str(b)) for a, b in zip(*made, strict=True)]

    covered = 0
    for _ in range(200):
        estimate = figure(sample(150))  # type: ignore[operator]
        covered += estimate.low <= 0.64 <= estimate.high
    assert 0.90 <= covered / 200 <= 0.99


def test_wilson_against_its_own_equation() -> None:
    for successes, n in ((0, 10), (3, 10), (10, 10), (81, 100)):
        share = successes / n
        for bound in map(float, wilson(share, n)):
            if 0 < bound < 1:
                z = (share - bound) / (bound * (1 - bound) / n) ** 0.5
                assert abs(z) == pytest.approx(1.959964, abs=1e-5)
    assert float(wilson(0.0, 10)[0]) == 0.0


def test_paired_difference_of_a_published_table() -> None:
    # Newcombe 1998, table II, method 10: 36 both, 12 and 2 discordant, 0 neither; first − second
    low, high = newcombe(2, 12, 36, 50)
    assert (round(low, 4), round(high, 4)) == (0.0569, 0.3404)


def test_paired_difference_that_never_differs_still_has_a_width() -> None:
    low, high = newcombe(0, 0, 30, 40)
    assert low < 0 < high
    assert low == pytest.approx(-high)


def test_paired_difference_covers_a_known_truth() -> None:
    # both right 0.6, only the first 0.1, only the second 0.15: the difference is 0.05
    rng = np.random.default_rng(11)
    covered = 0
    for both, first, second, _ in rng.multinomial(80, [0.6, 0.1, 0.15, 0.15], size=1000):
        low, high = newcombe(first, second, both, 80)
        covered += low <= 0.05 <= high
    assert 0.93 <= covered / 1000 <= 0.98
