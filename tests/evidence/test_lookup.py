"""Exact, order and fuzzy lookup in the shipped index."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.evidence import IndexLookup
from coder.evidence.terms import SCHEMES, build_entries, load_entries
from coder.evidence.words import fold_word, order_key
from coder.schemes import IndexTerm, load_index, load_scheme
from coder.text import normal


@pytest.fixture(scope="module")
def isco() -> IndexLookup:
    return IndexLookup.load("isco-08")


@pytest.mark.parametrize(
    ("text", "code", "kind"),
    [
        ("Welder, gas", "7212", "exact"),
        ("gas welder", "7212", "exact"),
        ("gas welders", "7212", "order"),
        ("welder (gas)", "7212", "order"),
        ("ROOFER", "7121", "exact"),
        ("primary school teacher", "2341", "exact"),
        ("teachers, primary schools", "2341", "order"),
        ("electrisian", "7411", "fuzzy"),
        ("plumer", "7126", "fuzzy"),
        ("teecher primary skool", "2341", "fuzzy"),
        ("bulldoser operater", "8342", "fuzzy"),
        ("carpentor", "7115", "fuzzy"),
        ("registred nurse", "2221", "fuzzy"),
    ],
)
def test_first_match(isco: IndexLookup, text: str, code: str, kind: str) -> None:
    first = isco.find(text)[0]
    assert (first.code, first.kind) == (code, kind)


def test_a_shared_term_gives_all_its_codes(isco: IndexLookup) -> None:
    found = isco.find("teacher", limit=50)
    assert len(found) > 3
    assert sum(match.score for match in found) == pytest.approx(1, abs=0.02)
    assert [m.score for m in found] == sorted((m.score for m in found), reverse=True)
    assert all(match.kind == "exact" for match in found)


def test_scores_and_codes_are_sound(isco: IndexLookup) -> None:
    scheme = load_scheme("isco-08")
    for text in ("welders", "electrisian", "software developper", "farm manager", "sales"):
        for match in isco.find(text):
            assert match.code in scheme
            assert 0 < match.score <= 1
            assert match.kind != "fuzzy" or match.score < 0.9


@pytest.mark.parametrize(
    "text", ["", "   ", "???", "xyzzyq wvrtz", "manager of nothing at all qqq"]
)
def test_what_is_not_there_is_not_found(isco: IndexLookup, text: str) -> None:
    assert isco.find(text) == []


def test_fuzzy_only_on_request_in_batches(isco: IndexLookup) -> None:
    assert isco.find_many(["electrisian", "roofer"])[0] == []
    both = isco.find_many(["electrisian", "roofer", "electrisian"], fuzzy=True)
    assert both[0] == both[2]
    assert both[0][0].code == "7411"


def test_every_process_finds_the_same() -> None:
    code = (
        "from coder.evidence import IndexLookup\n"
        "print(IndexLookup.load('isco-08').find('production cleanner', limit=5))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(found) == 1


def test_find_many_returns_lists_that_do_not_share_memory(isco: IndexLookup) -> None:
    first, second = isco.find_many(["roofer", "roofer"])
    first.clear()
    assert second


@pytest.mark.parametrize("scheme", SCHEMES)
def test_shipped_lookup_is_what_the_index_gives(scheme: str) -> None:
    """The file must be rewritten (`python -m coder.evidence`) when index or `normal` change."""
    shipped_entries, built = load_entries(scheme), build_entries(scheme, load_index(scheme))
    assert len(shipped_entries) == len(built) > 1000
    assert all(a == b for a, b in zip(shipped_entries, built, strict=True))


@pytest.mark.parametrize("scheme", ["body-part", "injury-type", "isic-5"])
def test_a_scheme_without_index_finds_nothing(scheme: str) -> None:
    if load_index(scheme):
        pytest.skip("this scheme has an index now")
    assert IndexLookup.load(scheme).find("welder") == []


def test_sources_decide_between_codes() -> None:
    terms = (
        IndexTerm("Fitter", "7111", "O*NET alternate"),
        IndexTerm("Fitter", "7233", "ILO index"),
        IndexTerm("Pipe, fitter", "7126", "ILO index"),
    )
    entries = {entry.form: entry for entry in build_entries("isco-08", terms)}
    assert entries["fitter"].codes == (("7233", 0.8333), ("7111", 0.1667))
    assert entries["fitter pipe"].codes == (("7126", 1.0),)


@given(
    st.lists(st.sampled_from(["nurse", "driver", "baker", "steel", "the", "of", "mine", "workers"]))
)
@settings(deadline=None)
def test_order_key_ignores_order(words: list[str]) -> None:
    assert order_key(" ".join(words)) == order_key(" ".join(reversed(words)))


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("welders", "welder"),
        ("nurses", "nurse"),
        ("secretaries", "secretary"),
        ("coaches", "coach"),
        ("salesmen", "salesperson"),
        ("saleswoman", "salesperson"),
        ("labourers", "laborer"),
        ("glass", "glass"),
        ("bus", "bus"),
        ("human", "human"),
        ("organisation", "organization"),
    ],
)
def test_fold_word(word: str, folded: str) -> None:
    assert fold_word(word) == folded


@given(st.text(max_size=40))
@settings(max_examples=150, deadline=None)
def test_lookup_is_total(text: str) -> None:
    for match in IndexLookup.load("isic-4").find(text):
        assert match.score > 0


def test_lookup_is_fast(isco: IndexLookup) -> None:
    """Ten times under what is measured on an idle core: only a real slow-down fails."""
    forms = [normal(term.term, "occupation") for term in load_index("isco-08")[:5000]]
    isco.find("roofers")
    start = time.perf_counter()
    isco.find_many(forms)
    assert len(forms) / (time.perf_counter() - start) > 10_000
    wrong = [f"{form}qx" for form in forms[:150]]
    start = time.perf_counter()
    isco.find_many(wrong, fuzzy=True)
    assert len(wrong) / (time.perf_counter() - start) > 50
