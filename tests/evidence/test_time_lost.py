"""Paragraphs 13 to 16 of the 16th ICLS resolution: death within a year, and days lost."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.evidence.cases import CaseFacts, case_facts, fact_columns
from coder.evidence.time_lost import (
    UnusableError,
    days_between,
    days_of_absences,
    read_date,
    within_a_year,
)

DAY = datetime.timedelta(days=1)
days = st.dates(datetime.date(1990, 1, 1), datetime.date(2090, 1, 1))


def case(text: str = "Cut his hand on a blade.", **stated: str) -> CaseFacts:
    return case_facts(text, stated)


@pytest.mark.parametrize(
    ("death", "fatal"),
    [
        ("2024-03-01", True),  # the day itself
        ("2025-03-01", True),  # within one year of the day: the same day of the next year
        ("2025-03-02", False),
        ("2026-03-01", False),
    ],
)
def test_paragraph_13_a_death_within_one_year_is_fatal(death: str, fatal: bool) -> None:
    assert case(accident_date="2024-03-01", death_date=death).fatal is fatal


def test_paragraph_13_the_year_of_a_leap_day_ends_on_28_february() -> None:
    leap = datetime.date(2024, 2, 29)
    assert within_a_year(leap, datetime.date(2025, 2, 28))
    assert not within_a_year(leap, datetime.date(2025, 3, 1))


@given(days, st.integers(0, 2000))
def test_paragraph_13_every_death_in_the_first_365_days_counts(
    accident: datetime.date, after: int
) -> None:
    within = within_a_year(accident, accident + after * DAY)
    assert within or after > 365
    assert not (within and after > 366)


def test_a_death_before_the_accident_is_no_death_but_a_doubt() -> None:
    found = case(accident_date="2024-03-01", death_date="2024-02-28")
    assert found.fatal is None
    assert found.review == "the death is before the accident"


def test_dates_outweigh_the_flag_and_the_text_and_a_person_is_told() -> None:
    found = case("He died.", accident_date="2020-01-01", death_date="2023-01-01", fatal="yes")
    assert found.fatal is False
    assert "disagree on the death" in found.review


def test_paragraph_15_counts_from_the_day_after_to_the_day_before_the_return() -> None:
    # accident 1 March, return 5 March: 2, 3 and 4 March are lost
    assert case(accident_date="2024-03-01", return_date="2024-03-05").days_lost == 3
    # a Friday, back on Monday: Saturday and Sunday are calendar days (paragraph 14)
    assert case(accident_date="2024-03-01", return_date="2024-03-04").days_lost == 2


@pytest.mark.parametrize("back", ["2024-03-01", "2024-03-02"])
def test_paragraph_6_the_day_of_the_accident_is_no_day_lost(back: str) -> None:
    assert case(accident_date="2024-03-01", return_date=back).days_lost == 0


def test_paragraph_15_recurrent_absences_are_summed() -> None:
    # 2 to 5 March (back on the 6th): 4 days; 10 and 11 April (back on the 12th): 2 days
    told = "2024-03-02..2024-03-06; 2024-04-10..2024-04-12"
    found = case(accident_date="2024-03-01", absences=told)
    assert (found.days_lost, found.days_lost_basis) == (6, "absences")


def test_paragraph_15_a_day_in_two_periods_counts_once() -> None:
    accident = datetime.date(2024, 3, 1)
    assert days_of_absences(accident, "2024-03-02..2024-03-06;2024-03-04..2024-03-08") == 6
    assert days_of_absences(accident, "2024-03-01..2024-03-04") == 2  # not the accident's day


def test_paragraph_15_less_than_a_day_is_not_counted() -> None:
    assert case(days_lost="0.5").days_lost == 0
    assert case(days_lost="3.0").days_lost == 3


def test_paragraph_14_workdays_become_calendar_days() -> None:
    # ten workdays are two weeks: 10 x 7 / 5 = 14 calendar days
    found = case(workdays_lost="10")
    assert (found.days_lost, found.days_lost_basis) == (14, "workdays")


def test_paragraph_14_more_than_a_year_goes_to_a_person() -> None:
    assert "paragraphs 14 and 16" in case(days_lost="366").review
    assert case(days_lost="365").review == ""


def test_paragraph_16_a_fatal_case_has_no_temporary_days_lost() -> None:
    found = case("The roofer was killed.", days_lost="12")
    assert found.fatal is True
    assert found.days_lost is None


@pytest.mark.parametrize(
    ("stated", "doubt"),
    [
        ({"days_lost": "-5"}, "the number of days lost is negative or too large"),
        ({"days_lost": "many"}, "the number of days lost is not a number"),
        ({"days_lost": "nan"}, "the number of days lost is negative or too large"),
        ({"accident_date": "2024-02-30"}, "the accident date is no day of the calendar"),
        ({"accident_date": "spring"}, "the accident date is not a date as 2024-05-31"),
        (
            {"accident_date": "2024-03-01", "return_date": "2024-02-01"},
            "the return to work is before the accident",
        ),
        ({"absences": "two weeks"}, "an absence is not written as 2024-05-02..2024-05-06"),
        ({"persons_injured": "0"}, "the number of persons injured is no whole number from 1 on"),
        ({"fatal": "perhaps"}, "the column of fatal cases says neither yes nor no"),
    ],
)
def test_a_bad_cell_is_left_out_and_named(stated: dict[str, str], doubt: str) -> None:
    found = case(**stated)
    assert found.review == doubt
    assert found.days_lost is None
    assert found.persons_injured == 1


def test_dates_and_number_that_disagree_go_to_a_person() -> None:
    found = case(accident_date="2024-03-01", return_date="2024-03-05", days_lost="9")
    assert found.days_lost == 3
    assert "disagree (paragraph 15)" in found.review


def test_dates_are_read_where_only_one_day_can_be_meant() -> None:
    wanted = datetime.date(2024, 5, 31)
    for raw in ("2024-05-31", "2024-05-31 10:15", "31/05/2024", "05/31/2024", "31.5.2024"):
        assert read_date(raw, "it") == wanted
    with pytest.raises(UnusableError, match="it can be read two ways"):
        read_date("03/04/2024", "it")
    assert read_date("03/04/2024", "it", "dmy") == datetime.date(2024, 4, 3)
    assert read_date("03/04/2024", "it", "mdy") == datetime.date(2024, 3, 4)
    assert read_date(" ", "it") is None


@given(days, st.integers(0, 800))
def test_days_lost_grow_by_one_with_each_later_return(accident: datetime.date, after: int) -> None:
    back = accident + after * DAY
    assert days_between(accident, back + DAY) - days_between(accident, back) == (after >= 1)


def test_columns_that_state_facts_are_found_by_name() -> None:
    found = fact_columns(["id", "Accident Date", "DAYS_LOST", "days lost", "Degree of Injury"])
    assert found == {
        "accident_date": "Accident Date",
        "days_lost": "DAYS_LOST",
        "degree": "Degree of Injury",
    }


@pytest.mark.parametrize(
    ("degree", "fatal"),
    [("FATALITY", True), ("Nonfatal", False), ("non-fatal", False), ("DAYS AWAY", False)],
)
def test_a_degree_of_injury_tells_the_fatal_ones(degree: str, fatal: bool) -> None:
    assert case(degree=degree).fatal is fatal
