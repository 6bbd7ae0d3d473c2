"""The cases of a file: what happened to whom when, checked (paragraphs 6, 12 to 18)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa

from coder.errors import InputError
from coder.measures.arrays import BoolArray, FloatArray, IntArray
from coder.statistics.options import (
    CALENDAR_WEEK,
    MONTH,
    NO_AREA,
    QUARTER,
    WORKDAYS,
    YEAR,
    Options,
)

T = TypeVar("T")
NO_PERIOD: Final = ""
WORK, COMMUTING, NEITHER, ABROAD = 0, 1, 2, 3
ACCIDENTS: Final = ("work", "commuting", "neither", "abroad")
KINDS: Final = {
    "occupational": WORK, "work": WORK, "yes": WORK, "commuting": COMMUTING, "neither": NEITHER,
    "no": NEITHER,
}  # fmt: skip
ONE_YEAR: Final = 365
YES: Final = frozenset({"1", "1.0", "yes", "y", "true", "t", "x", "fatal", "commuting"})
NO: Final = frozenset({"0", "0.0", "no", "n", "false", "f", "non-fatal", "nonfatal", "work"})
_PERIOD: Final = re.compile(r"(\d{4})(?:-?Q([1-4])|-(0[1-9]|1[0-2]))?")


@dataclass(frozen=True, slots=True)
class Cases:
    """One entry per case of occupational injury (paragraph 12), in the order of the file.

    count      cases that the row stands for, at least 1
    days       calendar days lost by the row's cases together, NaN where not stated
    kind       0 an accident at work, 1 commuting, 2 neither (paragraph 5), 3 in another country
               (paragraph 8), never added up
    temporary  non-fatal and not permanent: the cases whose days lost count as temporary
    row        line of the file at which the case starts (the header is line 1)
    notes      facts about the file that its readers must know, as (key, value)
    """

    table: pa.Table
    row: IntArray
    period: tuple[str, ...]
    periods: tuple[str, ...]
    fatal: BoolArray
    kind: IntArray
    permanent: BoolArray
    days: FloatArray
    count: FloatArray
    notes: dict[str, object] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.row)

    @property
    def temporary(self) -> BoolArray:
        return ~self.fatal & ~self.permanent


def read_cases(table: pa.Table, options: Options, file: str) -> Cases:
    """The cases of a text table.

    Raises InputError, naming row and column, for a cell that is none of what its column may
    hold, for negative days, a death or a return before the accident, and mixed period lengths.
    """
    names, notes = options.columns, dict[str, object]()
    table, row, first = _merged(table, options, file, notes)
    reader = _Reader(table, row, file)
    accident = reader.dates(names.accident_date)
    death = reader.dates(names.death_date)
    fatal = _fatal(reader, names.fatal, accident, death, notes)
    kind = _kind(reader, options, notes)
    notes["commuting_known"] = reader.has(names.commuting) or reader.has(names.occupational)
    days = _days(reader, options, accident, notes)
    days, table, row, fatal, kind, keep = _summed(days, table, row, fatal, kind, first)
    permanent = reader.flags(names.permanent)[keep] | (~fatal & (days > ONE_YEAR))
    notes["over_a_year"] = int((~fatal & (days > ONE_YEAR)).sum())
    period = _periods(reader, options, accident, file)
    period = tuple(period[i] for i in keep)
    count = _persons(reader, names.persons, options.one_per_row)[keep]
    notes |= {
        "rows": len(first),
        "cases": float(count.sum()),
        "days_not_stated": int(np.isnan(days[~fatal]).sum()),
        "without_absence": int((days[~fatal] < 1).sum()),
        "least_days": float(np.nanmin(days[days >= 1])) if (days >= 1).any() else None,
    }
    return Cases(
        table, row, period, tuple(sorted(set(period))), fatal, kind, permanent, days, count,
        notes,
    )  # fmt: skip


def _merged(
    table: pa.Table, options: Options, file: str, notes: dict[str, object]
) -> tuple[pa.Table, IntArray, IntArray]:
    """For each row the first row of its case: recurrences are the same case (paragraph 12)."""
    row = np.arange(table.num_rows) + 2
    if options.case is None:
        return table, row, np.arange(table.num_rows)
    seen: dict[str, int] = {}
    first = np.arange(table.num_rows)
    for i, name in enumerate(column(table, options.case, file)):
        if name:
            first[i] = seen.setdefault(name, i)
    notes["rows_merged"] = int((first != np.arange(len(first))).sum())
    return table, row, first


def _summed(
    days: FloatArray,
    table: pa.Table,
    row: IntArray,
    fatal: BoolArray,
    kind: IntArray,
    first: IntArray,
) -> tuple[FloatArray, pa.Table, IntArray, BoolArray, IntArray, IntArray]:
    """Periods of absence of one case added up (paragraph 15); a case is fatal if a row says so."""
    keep = np.flatnonzero(first == np.arange(len(first)))
    if len(keep) == len(first):
        return days, table, row, fatal, kind, keep
    total = np.zeros(len(first))
    np.add.at(total, first, np.nan_to_num(days))
    stated, dead = np.zeros(len(first), bool), np.zeros(len(first), bool)
    np.logical_or.at(stated, first, ~np.isnan(days))
    np.logical_or.at(dead, first, fatal)
    days = np.where(stated, total, np.nan)
    return days[keep], table.take(keep), row[keep], dead[keep], kind[keep], keep


def column(table: pa.Table, name: str, file: str) -> list[str]:
    """A text column, blanks trimmed. Raises InputError listing the columns there are."""
    if name not in table.column_names:
        raise InputError(
            f"{file} has no column '{name}'; it has: {', '.join(table.column_names)}",
            file=file,
            column=name,
        )
    return [value.strip() for value in table[name].to_pylist()]


class _Reader:
    """Typed columns of a text table; a bad cell is an error that names its row."""

    def __init__(self, table: pa.Table, row: IntArray, file: str) -> None:
        self.table, self.row, self.file = table, row, file

    def has(self, name: str) -> bool:
        return name in self.table.column_names

    def fail(self, name: str, place: int, what: str) -> InputError:
        return InputError(
            f"{self.file} row {self.row[place]}, column '{name}': {what}",
            file=self.file,
            row=int(self.row[place]),
            column=name,
        )

    def parsed(self, name: str, blank: T, parse: Callable[[str], T | None], what: str) -> list[T]:
        """Cells as `parse` reads them; None is an error that says what was expected."""
        found = []
        for place, text in enumerate(column(self.table, name, self.file)):
            value = parse(text) if text else blank
            if value is None:
                raise self.fail(name, place, what)
            found.append(value)
        return found

    def flags(self, name: str) -> BoolArray:
        if not self.has(name):
            return np.zeros(len(self.row), bool)
        what = "neither yes nor no (1 and 0, true and false)"
        return np.array(self.parsed(name, False, _flag, what), bool)

    def dates(self, name: str) -> list[datetime.date | None]:
        if not self.has(name):
            return [None] * len(self.row)
        unset = datetime.date.min
        what = "not a date as 2024-05-31; convert the column to ISO 8601 first"
        found = self.parsed(name, unset, _date, what)
        return [None if value == unset else value for value in found]

    def numbers(self, name: str) -> FloatArray:
        found = self.parsed(name, np.nan, _number, "not a number")
        return np.array(found, np.float64)


def _flag(text: str) -> bool | None:
    word = text.casefold()
    return True if word in YES else False if word in NO else None


def _date(text: str) -> datetime.date | None:
    try:
        return datetime.datetime.fromisoformat(text).date()
    except ValueError:
        return None


def _kind(reader: _Reader, options: Options, notes: dict[str, object]) -> IntArray:
    """Accidents at work, commuting ones, what is neither, and those abroad (paragraphs 5, 6, 8).

    A disease from exposure over time is no injury (5 c), whatever kind is stated beside it.
    """
    kind = np.where(reader.flags(options.columns.commuting), COMMUTING, WORK)
    name = options.columns.occupational
    if reader.has(name):
        what = "none of occupational, commuting, neither (or yes and no)"
        stated = np.array(reader.parsed(name, WORK, KINDS.get, what), np.int64)
        kind = np.where(stated == WORK, kind, stated)
    kind = np.where(_abroad(reader, options) & (kind != NEITHER), ABROAD, kind)
    disease = reader.flags(options.columns.disease)
    kind = np.where(disease, NEITHER, kind)
    notes["neither"], notes["abroad"] = int((kind == NEITHER).sum()), int((kind == ABROAD).sum())
    notes["diseases"] = int(disease.sum())
    return kind


def _abroad(reader: _Reader, options: Options) -> BoolArray:
    """Accidents outside the country that the statistics are of; blank is inside (paragraph 8)."""
    name = options.columns.country
    if name is None:
        return np.zeros(len(reader.row), bool)
    if options.area == NO_AREA:
        raise InputError(f"which accidents are abroad by '{name}' needs --area, your country")
    home = options.area.casefold()
    cells = column(reader.table, name, reader.file)
    return np.array([bool(cell) and cell.casefold() != home for cell in cells], bool)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _fatal(
    reader: _Reader,
    name: str,
    accident: Sequence[datetime.date | None],
    death: Sequence[datetime.date | None],
    notes: dict[str, object],
) -> BoolArray:
    """Death within one year of the day of the accident (paragraph 13); dates outweigh the flag."""
    fatal = reader.flags(name)
    later = differ = 0
    for i, (then, died) in enumerate(zip(accident, death, strict=True)):
        if died is None or then is None:
            continue
        if died < then:
            raise reader.fail("death_date", i, "the death is before the accident; correct one")
        within = died <= _year_after(then)
        later += not within
        differ += reader.has(name) and within != fatal[i]
        fatal[i] = within
    notes["fatal_known"] = reader.has(name) or any(d is not None for d in death)
    notes["deaths_after_a_year"], notes["fatal_by_dates_not_flag"] = later, int(differ)
    return fatal


def _year_after(day: datetime.date) -> datetime.date:
    """The same day of the next year; 29 February is followed by 28 February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def days_between(accident: datetime.date, back: datetime.date) -> int:
    """Calendar days lost, from the day after the accident to the day before the return.

    0 for a return on the same or the next day. Source: paragraph 15.
    """
    return max((back - accident).days - 1, 0)


def _days(
    reader: _Reader,
    options: Options,
    accident: Sequence[datetime.date | None],
    notes: dict[str, object],
) -> FloatArray:
    """Days lost per row in calendar days; less than a day is none (paragraph 15)."""
    name, returns = options.columns.days_lost, options.columns.return_date
    days = np.full(len(reader.row), np.nan)
    if reader.has(name):
        days = reader.numbers(name)
        for place in map(int, np.flatnonzero(days < 0)):
            raise reader.fail(name, place, "negative days lost")
        if options.days == WORKDAYS:
            days = days * CALENDAR_WEEK / options.week
    for i, (then, back) in enumerate(zip(accident, reader.dates(returns), strict=True)):
        if then is None or back is None:
            continue
        if back < then:
            raise reader.fail(returns, i, "the return to work is before the accident")
        if np.isnan(days[i]):
            days[i] = days_between(then, back)
    notes["days_known"] = bool((~np.isnan(days)).any())
    return np.where(days < 1, days * 0.0, days)


def _persons(reader: _Reader, name: str, one_per_row: bool) -> FloatArray:
    """Cases per row: each injured person is a case of his or her own (paragraph 12)."""
    if one_per_row or not reader.has(name):
        return np.ones(len(reader.row))
    found = reader.numbers(name)
    found = np.where(np.isnan(found), 1.0, found)
    for i in np.flatnonzero((found < 1) | (found != np.floor(found))):
        raise reader.fail(name, int(i), "persons injured are a whole number, 1 or more")
    return found


def _periods(
    reader: _Reader, options: Options, accident: Sequence[datetime.date | None], file: str
) -> tuple[str, ...]:
    """The reference period of the accident, also for later deaths (paragraphs 17 and 18)."""
    if options.every is not None:
        found = []
        for i, day in enumerate(accident):
            if day is None:
                raise reader.fail(options.columns.accident_date, i, "no date of the accident")
            found.append(period_of(day, options.every))
        return tuple(found)
    if not reader.has(options.columns.period):
        return (NO_PERIOD,) * len(reader.row)
    return checked_periods(column(reader.table, options.columns.period, file), file, reader.row)


def checked_periods(values: Sequence[str], file: str, row: IntArray) -> tuple[str, ...]:
    """Periods as SDMX writes them: 2024, 2024-Q1 or 2024-03, all of one length.

    Raises InputError for anything else: a period is at most a year (paragraph 18).
    """
    found, lengths = [], set()
    for i, text in enumerate(values):
        match = _PERIOD.fullmatch(text.upper().removesuffix(".0"))
        if match is None:
            raise InputError(
                f"{file} row {row[i]}: a period is a year, quarter or month (2024, 2024-Q1, "
                "2024-03), not a longer one (paragraph 18)",
                file=file,
                row=int(row[i]),
            )
        year, quarter, month = match.groups()
        found.append(f"{year}-Q{quarter}" if quarter else f"{year}-{month}" if month else year)
        lengths.add(frequency(found[-1]))
    if len(lengths) > 1:
        raise InputError(
            f"{file}: periods of different length ({', '.join(sorted(lengths))}); use one",
            file=file,
        )
    return tuple(found)


def frequency(period: str) -> str:
    """The length of a period as SDMX codes it: A, Q or M."""
    return "Q" if "Q" in period else "M" if "-" in period else "A"


def period_of(day: datetime.date, every: str) -> str:
    """The year, quarter or month of a day."""
    if every == YEAR:
        return f"{day.year:04}"
    if every == QUARTER:
        return f"{day.year:04}-Q{(day.month + 2) // 3}"
    assert every == MONTH
    return f"{day.year:04}-{day.month:02}"
