"""The facts of one case: what its columns state, and what its narrative tells."""

from __future__ import annotations

import csv
import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from coder.evidence.facts import COMMUTING, TextFacts, text_facts
from coder.evidence.time_lost import (
    Order,
    TimeLost,
    UnusableError,
    calendar_days,
    days_between,
    days_of_absences,
    read_date,
    whole_days,
    within_a_year,
)
from coder.resources import shipped

LONGEST_ABSENCE = 365
_YES = frozenset(("1", "1.0", "yes", "y", "true", "t", "x", "fatal"))
_NO = frozenset(("0", "0.0", "no", "n", "false", "f", "nonfatal", "non-fatal"))
_DEATH = re.compile(r"(?<!non)(?<!non-)(?<!non )(?:fatal|death|died|killed)")


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """The facts of one case; None where neither the columns nor the text say anything.

    `days_lost` are calendar days (paragraph 15), `review` the reasons for a person to look, ""
    without one. The other fields are those of `TextFacts`.
    """

    occupational: str | None
    commuting: bool | None
    transport_mode: str | None
    transport_role: str | None
    counterpart_mode: str | None
    fatal: bool | None
    persons_injured: int | None
    days_lost: int | None
    days_lost_basis: str | None
    violence: str | None
    violence_by: str | None
    occupational_disease: bool | None
    platform_work: bool | None
    review: str


@lru_cache(maxsize=1)
def _columns() -> Mapping[str, str]:
    path = shipped("training_data", "evidence", "fact_columns.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return MappingProxyType({row["name"]: row["fact"] for row in csv.DictReader(file)})


def fact_columns(columns: Sequence[str]) -> dict[str, str]:
    """Which columns state facts, by name: fact -> the first column that states it.

    The facts are accident_date, death_date, return_date, absences, days_lost, workdays_lost,
    persons_injured, fatal and degree (of injury); the names are in
    training_data/evidence/fact_columns.csv.
    """
    found: dict[str, str] = {}
    for column in columns:
        fact = _columns().get(re.sub(r"[\W_]+", "", column.casefold()))
        if fact is not None:
            found.setdefault(fact, column)
    return found


def case_facts(narrative: str, stated: Mapping[str, str], order: Order = "iso") -> CaseFacts:
    """The facts of a case from its narrative and its columns (fact -> cell, "" where empty).

    Dates outweigh a stated flag or number, and both outweigh the text; where they differ a
    person looks. A cell that cannot be used is left out and named in `review`.
    """
    told = text_facts(narrative)
    doubts = list(told.doubts)
    accident = _date(stated, "accident_date", order, doubts)
    fatal = _fatal(stated, told, accident, order, doubts)
    lost = TimeLost(None, None) if fatal else _time_lost(stated, accident, order, doubts)
    if lost.days is not None and lost.days > LONGEST_ABSENCE:
        doubts.append("more than a year of absence: perhaps permanent (paragraphs 14 and 16)")
    kind = told.occupational
    return CaseFacts(
        occupational=kind,
        commuting=None if kind is None else kind == COMMUTING,
        transport_mode=told.mode,
        transport_role=told.role,
        counterpart_mode=told.counterpart,
        fatal=fatal,
        persons_injured=_persons(stated, told, doubts),
        days_lost=lost.days,
        days_lost_basis=lost.basis,
        violence=told.violence,
        violence_by=told.violence_by,
        occupational_disease=told.disease,
        platform_work=told.platform,
        review="; ".join(doubts),
    )


def _date(
    stated: Mapping[str, str], fact: str, order: Order, doubts: list[str]
) -> datetime.date | None:
    try:
        return read_date(stated.get(fact, ""), f"the {fact.replace('_', ' ')}", order)
    except UnusableError as error:
        doubts.append(str(error))
        return None


def _fatal(
    stated: Mapping[str, str],
    told: TextFacts,
    accident: datetime.date | None,
    order: Order,
    doubts: list[str],
) -> bool | None:
    """Paragraph 13, from the dates, else the stated flag, else the text."""
    died = _date(stated, "death_date", order, doubts)
    flag = _flag(stated, doubts)
    found: bool | None = None
    if died is not None and accident is not None:
        try:
            found = within_a_year(accident, died)
        except UnusableError as error:
            doubts.append(str(error))
            return None
    elif died is not None:
        found = True
        doubts.append("a death without the date of the accident (paragraph 13)")
    found = flag if found is None else found
    if found is None:
        return told.fatal
    if (flag is not None and flag != found) or (told.fatal and not found and died is None):
        doubts.append("dates, flag and text disagree on the death (paragraph 13)")
    return found


def _flag(stated: Mapping[str, str], doubts: list[str]) -> bool | None:
    """What the column of fatal cases states, or the column of degrees of injury."""
    word = stated.get("fatal", "").strip().casefold()
    if word in _YES | _NO:
        return word in _YES
    if word:
        doubts.append("the column of fatal cases says neither yes nor no")
    degree = stated.get("degree", "").strip().casefold()
    return _DEATH.search(degree) is not None if degree else None


def _time_lost(
    stated: Mapping[str, str], accident: datetime.date | None, order: Order, doubts: list[str]
) -> TimeLost:
    """Paragraphs 14 and 15, from absences, else the return, else the days, else the workdays."""
    found: list[TimeLost] = []
    try:
        if stated.get("absences", "").strip():
            days = days_of_absences(accident, stated["absences"], order)
            found.append(TimeLost(days, "absences"))
        back = read_date(stated.get("return_date", ""), "the return date", order)
        if back is not None and accident is not None:
            found.append(TimeLost(days_between(accident, back), "dates"))
        stated_days = whole_days(stated.get("days_lost", ""), "the number of days lost")
        if stated_days is not None:  # less than one day is no absence
            found.append(TimeLost(int(stated_days), "days"))
        workdays = whole_days(stated.get("workdays_lost", ""), "the number of workdays lost")
        if workdays is not None:
            found.append(TimeLost(calendar_days(int(workdays)), "workdays"))
    except UnusableError as error:
        doubts.append(str(error))
        return TimeLost(None, None)
    if len({one.days for one in found if one.basis in ("dates", "days")}) > 1:
        doubts.append("the dates and the number of days lost disagree (paragraph 15)")
    return found[0] if found else TimeLost(None, None)


def _persons(stated: Mapping[str, str], told: TextFacts, doubts: list[str]) -> int | None:
    """Paragraph 12: what the column states, else what the text tells."""
    try:
        number = whole_days(stated.get("persons_injured", ""), "the number of persons injured")
    except UnusableError as error:
        doubts.append(str(error))
        return told.persons
    if number is None:
        return told.persons
    if number != int(number) or number < 1:
        doubts.append("the number of persons injured is no whole number from 1 on")
        return told.persons
    if number > 1 and not any("paragraph 12" in doubt for doubt in doubts):
        doubts.append("several persons injured: one case for each (paragraph 12)")
    return int(number)
