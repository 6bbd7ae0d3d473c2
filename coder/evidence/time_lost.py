"""Death within a year and days lost, from the dates and numbers of a record.

Source: 16th ICLS resolution, paragraphs 13 to 16. A value that cannot be used is left out and
named in a doubt, so that a person mends it: no record is lost for a bad cell.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Literal

Order = Literal["iso", "dmy", "mdy"]
ORDERS: tuple[Order, ...] = ("iso", "dmy", "mdy")
_WEEK, _WORKING_WEEK = 7, 5
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_PARTS = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?: .*)?")
_SPAN = re.compile(r"\s*(.+?)\s*(?:\.\.|/(?=\d{4}-)|\bto\b|–)\s*(.+?)\s*")


class UnusableError(ValueError):
    """A cell that cannot be read; the message is the doubt for the person who mends it."""


@dataclass(frozen=True, slots=True)
class TimeLost:
    """Calendar days lost and where they come from ("dates", "absences", "days", "workdays")."""

    days: int | None
    basis: str | None


def read_date(raw: str, what: str, order: Order = "iso") -> datetime.date | None:
    """The day that a cell means, None for an empty one. `what` names it in the doubt.

    2024-05-31 is always read; 31/05/2024 and 05/31/2024 are read where only one day can be
    meant, or by `order`. Raises UnusableError.
    """
    text = raw.strip()
    if not text:
        return None
    if found := _ISO.fullmatch(text):
        return _day(int(found[1]), int(found[2]), int(found[3]), what)
    found = _PARTS.fullmatch(text)
    if found is None:
        raise UnusableError(f"{what} is not a date as 2024-05-31")
    first, second, year = (int(part) for part in found.groups())
    if order == "iso":
        if first != second and first <= 12 and second <= 12:
            raise UnusableError(
                f"{what} can be read two ways: say whether days or months come first"
            )
        order = "mdy" if second > 12 else "dmy"
    day, month = (first, second) if order == "dmy" else (second, first)
    return _day(year, month, day, what)


def _day(year: int, month: int, day: int, what: str) -> datetime.date:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        raise UnusableError(f"{what} is no day of the calendar") from None


def within_a_year(accident: datetime.date, death: datetime.date) -> bool:
    """Whether a death counts as a fatal occupational injury (paragraph 13).

    The same day of the next year is within; 29 February is followed by 28 February. Raises
    UnusableError for a death before the accident.
    """
    if death < accident:
        raise UnusableError("the death is before the accident")
    leap = (accident.month, accident.day) == (2, 29)
    return death <= accident.replace(year=accident.year + 1, day=28 if leap else accident.day)


def days_between(accident: datetime.date, back: datetime.date) -> int:
    """Days from the day after the accident to the day before the return (paragraph 15).

    Raises UnusableError for a return before the accident.
    """
    if back < accident:
        raise UnusableError("the return to work is before the accident")
    return max((back - accident).days - 1, 0)


def days_of_absences(accident: datetime.date | None, raw: str, order: Order = "iso") -> int:
    """Days of all periods of absence together (paragraph 15, recurrent absences).

    `raw` has "first day off..day of return" pairs, joined by ";". The day of the accident does
    not count, and a day that two periods share counts once. Raises UnusableError.
    """
    days: set[datetime.date] = set()
    for part in filter(None, (one.strip() for one in raw.split(";"))):
        found = _SPAN.fullmatch(part)
        if found is None:
            raise UnusableError("an absence is not written as 2024-05-02..2024-05-06")
        first = read_date(found[1], "the start of an absence", order)
        back = read_date(found[2], "the end of an absence", order)
        assert first is not None
        assert back is not None
        if back < first or (accident is not None and first < accident):
            raise UnusableError("an absence ends before it starts, or starts before the accident")
        days.update(first + datetime.timedelta(n) for n in range((back - first).days))
    days.discard(accident or datetime.date.min)
    return len(days)


def whole_days(raw: str, what: str) -> float | None:
    """A number of days, None for an empty cell. Raises UnusableError for no number from 0 on."""
    text = raw.strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise UnusableError(f"{what} is not a number") from None
    if not 0 <= value < 100_000:
        raise UnusableError(f"{what} is negative or too large")
    return value


def calendar_days(workdays: float) -> int:
    """Workdays as calendar days, five workdays to the week (paragraph 14, second half)."""
    return round(workdays * _WEEK / _WORKING_WEEK)
