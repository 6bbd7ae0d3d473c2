"""What a run of `coder stats` was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

OWN_ROW, SPREAD = "own-row", "spread"
CALENDAR, WORKDAYS = "calendar", "workdays"
YEAR, QUARTER, MONTH = "year", "quarter", "month"
NO_AREA = "_X"  # as SDMX codes it
#: A calendar week over the days worked in it, where time lost was measured in workdays.
CALENDAR_WEEK = 7
#: How far the odds of a code are off in a file, as a log-normal factor of this standard deviation:
#: what codes of level 1 differ by between sources (evaluation/statistics_systematic.py).
SYSTEMATIC = 0.45


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Rules against disclosure (paragraph 23); a rule with 0 is off.

    threshold       a cell with fewer cases (and more than none) is not published
    minimum_units   a cell from fewer units (establishments) is not published
    dominance       (n, k): nor one where the n largest units hold more than k % of it
    p_percent       nor one where the second largest unit could estimate the largest within p %
    """

    threshold: int = 0
    minimum_units: int = 0
    dominance: tuple[int, float] = (0, 0.0)
    p_percent: float = 0.0

    @property
    def active(self) -> bool:
        return bool(self.threshold or self.minimum_units or self.dominance[0] or self.p_percent)


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns that hold the facts of a case; one that the file lacks is not used.

    `country` is where the accident was; without a name no column is taken for it.
    """

    fatal: str = "fatal"
    commuting: str = "commuting"
    occupational: str = "occupational"
    disease: str = "occupational_disease"
    days_lost: str = "days_lost"
    persons: str = "persons_injured"
    permanent: str = "permanent"
    accident_date: str = "accident_date"
    death_date: str = "death_date"
    return_date: str = "return_date"
    period: str = "period"
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """All choices of a run.

    tables           one tuple of dimensions per table: a column, `scheme` or `scheme:level`
    codes            column → scheme, for columns that hold codes without being `<scheme>_code`
    bands            column → where bands of its numbers start, such as 15, 25, 35 for ages
    area             the country or area that the statistics are of
    not_covered      groups of workers, activities or areas that the source leaves out
    characteristics  dimensions that describe the injury or accident, not the worker
    case             column that names the case; rows of one case are one case
    unit             column that names the statistical unit to be protected
    days             the unit of the days lost: calendar or workdays
    week             workdays in a week, where days are workdays
    systematic       standard deviation of the common log factor on the odds of each code
    undecided        records without a decided code: `own-row`, or `spread` by their probabilities
    """

    tables: tuple[tuple[str, ...], ...] = ((),)
    columns: Columns = field(default_factory=Columns)
    codes: tuple[tuple[str, str], ...] = ()
    bands: tuple[tuple[str, tuple[int, ...]], ...] = ()
    area: str = NO_AREA
    not_covered: tuple[str, ...] = ()
    characteristics: tuple[str, ...] = ()
    case: str | None = None
    unit: str | None = None
    every: str | None = None
    days: str = CALENDAR
    week: float = 5.0
    one_per_row: bool = False
    empty_groups: bool = False
    undecided: str = OWN_ROW
    draws: int = 200
    systematic: float = SYSTEMATIC
    seed: int = 0
    disclosure: Disclosure = field(default_factory=Disclosure)
