"""A text among the codes that one code became."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.evidence import split_text
from coder.evidence.split import EXACT, WordVectors
from coder.schemes import Code, IndexTerm, Scheme, load_crosswalk, load_scheme

MAKERS = Scheme(
    "isco-x",
    "made up",
    [
        Code("1", "Makers", 1, None),
        Code("11", "Bread bakers", 2, "1"),
        Code("12", "Tilers", 2, "1"),
    ],
)
TERMS = [IndexTerm("Baker of bread", "11", ""), IndexTerm("Roof tiler", "12", "")]
LINKS = [("11", ""), ("12", "")]


def test_the_nearer_index_term_decides() -> None:
    split = split_text("isco-08", MAKERS, TERMS, ())
    baker, tiler = split.weights("7", LINKS, ["bread baker", "tiler"])
    assert baker[0] > 0.8
    assert tiler[1] > 0.8
    assert split.nearest("12", "tiler") == "roof tiler"


def test_a_term_of_the_index_is_as_good_as_certain() -> None:
    split = split_text("isco-08", MAKERS, TERMS, ())
    assert split.weights("7", LINKS, ["roof tiler"])[0, 1] >= EXACT


def test_strange_words_leave_it_open() -> None:
    split = split_text("isco-08", MAKERS, TERMS, ())
    assert split.weights("7", LINKS, ["qqq"])[0] == pytest.approx([0.5, 0.5])


def test_without_an_index_the_titles_and_notes_decide() -> None:
    split = split_text("isco-08", MAKERS, (), ())
    assert split.weights("7", LINKS, ["baker"])[0, 0] > 0.5
    noted = [("11", ""), ("12", "laying of floors")]
    plain, told = (split.weights("7", links, ["floors"])[0, 1] for links in (LINKS, noted))
    assert told > plain


def test_terms_that_both_schemes_hold_count_before_any_text() -> None:
    # "baker of bread" stands under 7 in the old index and under 11 in the new: one shared term
    # against none, so exp(0.54 ln 1.5) against exp(0.54 ln 0.5): 1.2448 / (1.2448 + 0.6878)
    split = split_text("isco-08", MAKERS, TERMS, [IndexTerm("Baker of bread", "7", "")])
    assert split.prior("7", LINKS) == pytest.approx([0.6441, 0.3559], abs=1e-4)


@given(st.lists(st.text(max_size=30), max_size=6))
def test_shares_sum_to_one_and_do_not_depend_on_company(texts: list[str]) -> None:
    split = split_text("isco-08", MAKERS, TERMS, ())
    together = split.weights("7", LINKS, texts)
    assert together.sum(axis=1) == pytest.approx(np.ones(len(texts)))
    for text, row in zip(texts, together, strict=True):
        assert np.array_equal(split.weights("7", LINKS, [text])[0], row)


def test_words_are_not_kept_when_it_travels() -> None:
    vectors = WordVectors(["gas welder"])
    vectors.matrix(["zanzibarwelder"])
    assert b"zanzibarwelder" not in pickle.dumps(vectors)


def test_the_shipped_indexes_tell_the_parts_of_isco_88_2131_apart() -> None:
    split = split_text("isco-88", load_scheme("isco-08"))
    links = [
        (link.target, link.note) for link in load_crosswalk("isco-88", "isco-08").targets("2131")
    ]
    shares = split.weights("2131", links, ["database designer", "web designer"])
    assert [links[i][0] for i in shares.argmax(axis=1)] == ["2521", "2513"]
