"""`normal` and its parts: what models see."""

from __future__ import annotations

import csv
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coder.errors import InputError
from coder.resources import shipped
from coder.text import clean, expand, fold, normal, strip_noise, undo_inversion

DOMAINS = ("injury", "occupation", "industry")


def _table() -> list[dict[str, str]]:
    path = shipped("training_data", "text", "abbreviations.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ABBREVIATIONS = [row["abbreviation"] for row in _table()]
EXPANSIONS = sorted({row["expansion"] for row in _table()})
WORDS = [*ABBREVIATIONS, *EXPANSIONS, "knee", "hand", "urgent", "(KL based)", "12", "16YOM", "5'"]
phrases = st.lists(
    st.sampled_from(WORDS).flatmap(lambda w: st.sampled_from([w, w.upper(), w.title()])), max_size=8
).flatmap(
    lambda words: st.lists(
        st.sampled_from([" ", ", ", ". ", "/", "-", ": ", "  "]),
        min_size=len(words),
        max_size=len(words),
    ).map(lambda gaps: "".join(w + g for w, g in zip(words, gaps, strict=True)))
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "16YOM LAC R HAND, S/P FALL W/O HELMET",
            "16 year old male laceration right hand status post fall without helmet",
        ),
        ("Pt c/o LT knee pain; fx'd R index finger", None),
        ("EE's (L) ankle", "employee left ankle"),
        ("seen at E.R. at 2 p.m.", "seen at emergency room at 2 pm"),
        ("C-spine strain", "cervical spine strain"),
        ("went right away, all right", "went right away all right"),
        ("section R of the plan", "section r of the plan"),
    ],
)
def test_injury_shorthand(text: str, expected: str | None) -> None:
    if expected is None:
        expected = "patient complains of left knee pain fractured right index finger"
    assert normal(text, "injury") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Welder, gas", "gas welder"),
        ("Asst. Mgr (HR) m/f", "assistant manager human resources"),
        ("Sr. Software Eng", "senior software engineer"),
        ("Eng teacher", "english teacher"),
        ("sec. school tchr", "secondary school teacher"),
        ("R&D Tech", "research and development technician"),
        ("Admin Executive (KL based) RM 2500", "administrative executive"),
        ("Sales Admin - urgent", "sales administrative"),
        ("PROMOTER @ THE GRAND MALL", "promoter"),
        ("(urgent)", "urgent"),
        ("Clerk (Survey)", "clerk survey"),
    ],
)
def test_titles(text: str, expected: str) -> None:
    assert normal(text, "occupation") == expected


def test_domains_read_the_same_letters_differently() -> None:
    assert normal("EE", "injury") == "employee"
    assert normal("EE", "occupation") == "ee"
    assert normal("R&D tech", "industry") == "research and development technician"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Welder, gas", "gas welder"),
        ("Engineer, civil, road", "road civil engineer"),
        ("Manager, station, service", "service station manager"),
        ("Cleaner, in offices", "Cleaner in offices"),
        (
            "Assistant, grocery: filling shelf, fridge or freezer",
            "grocery assistant: filling shelf, fridge or freezer",
        ),
        (
            "Manager, account: sales (except ICT, industrial, medical)",
            "account manager: sales (except ICT, industrial, medical)",
        ),
        ("gas welder", "gas welder"),
        ("1,000 head feedlot", "1,000 head feedlot"),
        (
            "He fell from the ladder, landed on his back, and broke three ribs on the left side",
            None,
        ),
    ],
)
def test_inversion(title: str, expected: str | None) -> None:
    assert undo_inversion(title) == (title if expected is None else expected)


@given(st.text(), st.sampled_from(DOMAINS))
@example("İ\u0345ß ﬁ", "injury")
@example("\ud800\udfffx", "injury")
@example("a\u0315\u0301 b", "industry")
@settings(max_examples=400, deadline=None)
def test_normal_is_total_and_idempotent(text: str, domain: str) -> None:
    once = normal(text, domain)  # type: ignore[arg-type]  # one of DOMAINS
    assert normal(once, domain) == once  # type: ignore[arg-type]  # one of DOMAINS
    assert once == " ".join(once.split())


@given(phrases, st.sampled_from(DOMAINS))
@example("bus mgr", "occupation")
@settings(max_examples=600, deadline=None)
def test_normal_is_idempotent_on_abbreviations(text: str, domain: str) -> None:
    once = normal(text, domain)  # type: ignore[arg-type]  # one of DOMAINS
    assert normal(once, domain) == once  # type: ignore[arg-type]  # one of DOMAINS


@given(st.text())
@settings(max_examples=300, deadline=None)
def test_clean_and_fold_are_idempotent(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert fold(fold(text)) == fold(text)
    assert not any(ord(char) < 32 for char in clean(text))


@given(st.text(), st.sampled_from(("general", "hospital", "work")))
@settings(max_examples=200, deadline=None)
def test_the_other_public_functions_are_total(text: str, table: str) -> None:
    assert isinstance(expand(text, table), str)
    assert isinstance(undo_inversion(text), str)
    assert isinstance(strip_noise(clean(text)), str)


def test_expand_keeps_case_and_punctuation() -> None:
    assert expand("Fx of R knee, W/O surgery.", "hospital") == (
        "fracture of right knee, without surgery."
    )


def test_table_rows_are_sound() -> None:
    for row in _table():
        key, value = row["abbreviation"], row["expansion"]
        assert key == key.lower() == key.strip()
        assert value == value.lower()
        assert value.replace(" ", "").isalnum(), value
        assert row["table"] in {"general", "hospital", "work"}


def test_unknown_names_are_clear_errors() -> None:
    with pytest.raises(InputError, match="no text domain 'x'"):
        normal("a", "x")  # type: ignore[arg-type]  # the error is what is tested
    with pytest.raises(InputError, match="no abbreviation table 'x'"):
        expand("a", "x")


def test_no_error_carries_the_text() -> None:
    planted = "plantedtokenxyzzy"
    with pytest.raises(InputError) as caught:
        normal(planted, "x")  # type: ignore[arg-type]  # the error is what is tested
    assert planted not in str(caught.value.as_dict())
    with pytest.raises(InputError) as caught:
        expand(planted, "x")
    assert planted not in str(caught.value.as_dict())


def test_normal_is_fast() -> None:
    """Ten times under what is measured on an idle core: only a real slow-down fails."""
    text = (
        "On May 5, 2013 the employee was removing a R/H guard w/o gloves when it slipped and "
        "struck his left hand, causing a lac to the L index finger; pt was seen at the E.R. "
        "and received four stitches before returning to work the next day."
    )
    normal(text, "injury")
    start = time.perf_counter()
    for i in range(2000):
        normal(f"{text} {i}", "injury")
    assert 2000 / (time.perf_counter() - start) > 1500
