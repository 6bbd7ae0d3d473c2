"""The index terms point into their schemes, and the test phrases are kept out of them."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from coder.schemes import load_index, load_scheme
from coder.schemes.search import search

INDEXED = ("isco-08", "isco-88", "isic-4")


@pytest.mark.parametrize("name", INDEXED)
def test_every_term_has_a_code_of_the_finest_level(name: str) -> None:
    scheme = load_scheme(name)
    assert {scheme[term.code].level for term in load_index(name)} == {4}


@pytest.mark.parametrize("name", INDEXED)
def test_terms_are_clean_and_distinct(name: str) -> None:
    terms = load_index(name)
    assert all(term.term == " ".join(term.term.split()) and term.term for term in terms)
    assert len({(term.term.casefold(), term.code) for term in terms}) == len(terms)


@pytest.mark.parametrize(
    ("name", "terms", "codes"),
    [("isco-08", 70_000, 436), ("isco-88", 6_500, 380), ("isic-4", 20_000, 419)],
)
def test_the_index_is_wide(name: str, terms: int, codes: int) -> None:
    index = load_index(name)
    assert len(index) >= terms
    assert len({term.code for term in index}) >= codes


def test_sources_are_the_announced_ones() -> None:
    sources = Counter(term.source for term in load_index("isco-08"))
    assert set(sources) == {
        "official title", "ILO index", "ESCO preferred", "ESCO alternative", "O*NET occupation",
        "O*NET alternate", "SOC 2010", "SOC 2018",
    }  # fmt: skip
    assert set(Counter(term.source for term in load_index("isic-4"))) == {
        "official title", "UK SIC 2007 index", "NAICS 2022 index",
    }  # fmt: skip


def test_the_fifth_of_naics_phrases_kept_for_testing_is_not_shipped() -> None:
    for term in load_index("isic-4"):
        if term.source == "NAICS 2022 index":
            digest = hashlib.sha256(term.term.strip().casefold().encode()).hexdigest()
            assert int(digest, 16) % 5 != 0


@pytest.mark.parametrize(
    ("name", "term", "code"),
    [
        ("isco-08", "Welder", "7212"),
        ("isco-08", "electrician", "7411"),
        ("isco-88", "Abbess", "2460"),
        ("isic-4", "Abattoir (manufacture)", "1010"),
        # NACE 01.42 (other cattle) is ISIC 0141, NACE 01.43 (horses) is ISIC 0142
        ("isic-4", "Horse farming and breeding", "0142"),
    ],
)
def test_known_terms(name: str, term: str, code: str) -> None:
    found = {t.code for t in load_index(name) if t.term.casefold() == term.casefold()}
    assert code in found


def test_a_scheme_without_index_has_an_empty_one() -> None:
    assert load_index("body-part") == ()
    assert load_index("isic-5") == ()


@pytest.mark.parametrize(
    ("name", "query", "code"),
    [
        ("isco-08", "electrisian", "7411"),
        ("isco-08", "plumer", "7126"),
        ("isco-08", "gas welder", "7212"),
        ("isic-4", "ready mixed concrete", "2395"),
        ("body-part", "ankel", "6.3"),
    ],
)
def test_search_over_titles_and_index(name: str, query: str, code: str) -> None:
    assert code in [found.code for found in search(load_scheme(name), query, limit=3)]


def test_search_gives_each_code_once_best_first() -> None:
    found = search(load_scheme("isco-08"), "machine operator", limit=10)
    scores = [row.score for row in found]
    assert scores == sorted(scores, reverse=True)
    assert len({row.code for row in found}) == len(found) == 10


@pytest.mark.parametrize("query", ["", " ", "???"])
def test_search_for_nothing_finds_nothing(query: str) -> None:
    assert search(load_scheme("isco-08"), query) == []
