"""Size class (Annex B) and status in employment (Annex D) from columns and words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.evidence.said import employment
from coder.evidence.size import EXACT, FIRST, size_class
from coder.text import Role


def best(cell: str) -> str | None:
    shares = size_class({Role.SIZE: cell}).shares
    return max(shares, key=lambda code: shares[code]) if shares else None


@given(st.integers(1, 100_000))
def test_annex_b_every_number_has_its_class(number: int) -> None:
    wanted = str(sum(number >= first for first in FIRST))
    assert size_class({Role.SIZE: str(number)}).shares == {wanted: EXACT}


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("4", "1"), ("5", "2"), ("19", "3"), ("20", "4"), ("1,200", "11"), ("12.0", "3"),
        ("10-19", "3"), ("20 to 49", "4"), ("about a dozen workers", "3"), ("two hundred", "8"),
        ("self-employed, alone", "1"), ("1000 or more", "11"), ("<5", "1"), ("unknown", "Z"),
    ],
)  # fmt: skip
def test_annex_b_from_numbers_ranges_and_words(cell: str, code: str) -> None:
    assert best(cell) == code


def test_a_range_is_shared_among_the_classes_that_it_spans() -> None:
    # 5 to 12: five numbers (5-9) of class 2 and three (10-12) of class 3
    found = size_class({Role.SIZE: "5 to 12"}).shares
    assert found == pytest.approx({"2": EXACT * 5 / 8, "3": EXACT * 3 / 8})


def test_an_open_range_is_not_sure_of_its_class() -> None:
    assert size_class({Role.SIZE: "250+"}).shares["9"] < 0.6


@pytest.mark.parametrize("cell", ["", "small", "0"])
def test_no_number_is_no_size(cell: str) -> None:
    found = size_class({Role.SIZE: cell})
    assert not found.shares
    assert found.absent


def test_a_narrative_counts_only_with_the_number_of_the_establishment() -> None:
    told = {Role.NARRATIVE: "The firm employs about a dozen people. A beam fell on him."}
    assert set(size_class(told).shares) == {"3"}
    assert not size_class({Role.NARRATIVE: "Three employees were burned."}).shares


@pytest.mark.parametrize(
    ("cell", "annex_d", "of_2018"),
    [
        ("employee", "1", "D"),
        ("permanent contract", "1", "41"),
        ("fixed-term contract", "1", "42"),
        ("casual labourer", "1", "43"),
        ("apprentice", "1", "44"),
        ("self-employed with two workers", "2", "12"),
        ("self-employed, 3 employees", "2", "12"),
        ("employer", "2", "12"),
        ("self-employed without employees", "3", "22"),
        ("own-account worker", "3", "22"),
        ("unpaid family worker", "5", "51"),
    ],
)
def test_annex_d_and_icse_18(cell: str, annex_d: str, of_2018: str) -> None:
    assert list(employment({Role.EMPLOYMENT: cell}, "icse-93").shares) == [annex_d]
    assert list(employment({Role.EMPLOYMENT: cell}, "icse-18").shares) == [of_2018]


def test_annex_d_members_of_cooperatives() -> None:
    assert list(employment({Role.EMPLOYMENT: "member of a cooperative"}, "icse-93").shares) == ["4"]


def test_a_column_is_believed_more_than_a_story() -> None:
    column = employment({Role.EMPLOYMENT: "self-employed"}, "icse-93").shares["3"]
    story = employment({Role.NARRATIVE: "Self-employed roofer fell."}, "icse-93").shares["3"]
    assert column > story


def test_a_text_without_a_status_has_none() -> None:
    assert employment({Role.NARRATIVE: "Fell from a ladder."}, "icse-93").absent
