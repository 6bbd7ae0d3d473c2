"""From counted tables to published rows: measures, errors, intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from coder.figures.tables import Row
from coder.measures.arrays import FloatArray
from coder.measures.intervals import Z95
from coder.statistics import cube as c
from coder.statistics import measures as m
from coder.statistics.cases import ABROAD, ACCIDENTS, COMMUTING, NEITHER
from coder.statistics.cube import Cube
from coder.statistics.denominators import (
    DAYS_WORKED,
    FTE,
    HOURS,
    NORMAL_HOURS,
    WORKERS,
    Denominators,
)
from coder.statistics.dimensions import TOTAL

ALL, FATAL, NON_FATAL = "all", "fatal", "non-fatal"
TEMPORARY, PERMANENT = "temporary incapacity", "permanent or fatal"
NORMAL, SUPPRESSED, ESTIMATED = "A", "Q", "E"
_TIME = (HOURS, NORMAL_HOURS)  # normal hours where there are none worked (paragraph 19 a)

Interval = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True, slots=True)
class Measure:
    """A published measure: of which cases, from which tally, per what, in which unit.

    `decimals` is how many are printed; `group` says which figures give it away, "cases" or
    "days": a suppressed cell loses all measures of the group.
    """

    name: str
    outcome: str
    tally: str
    per: tuple[str, ...]
    rate: Callable[..., FloatArray] | None
    unit: str
    multiplier: int
    decimals: int
    group: str


MEASURES: Final = (
    *(
        Measure(name, outcome, tally, per, rate, unit, multiplier, decimals, "cases")
        for outcome, tally in ((ALL, c.CASES), (NON_FATAL, c.NON_FATAL), (FATAL, c.FATAL))
        for name, per, rate, unit, multiplier, decimals in (
            ("cases", (), None, "cases", 0, 0),
            ("frequency_rate", _TIME, m.frequency_rate, "cases per million hours", 6, 2),
            ("incidence_rate", (FTE, WORKERS), m.incidence_rate, "cases per 1000 workers", 3, 2),
        )
    ),
    Measure("cases", TEMPORARY, c.ABSENT, (), None, "cases", 0, 0, "days"),
    Measure("days_lost", TEMPORARY, c.DAYS, (), None, "calendar days", 0, 0, "days"),
    Measure(
        "severity_rate", TEMPORARY, c.DAYS, _TIME, m.severity_rate, "days per million hours",
        6, 1, "days",
    ),
    Measure(
        "severity_rate_per_days_worked", TEMPORARY, c.DAYS, (DAYS_WORKED,), m.severity_rate,
        "days per million days worked", 6, 1, "days",
    ),
    Measure("mean_days", TEMPORARY, c.MEAN, (), None, "days per case", 0, 1, "days"),
    Measure("median_days", TEMPORARY, c.MEDIAN, (), None, "days per case", 0, 1, "days"),
    Measure("cases", PERMANENT, c.PERMANENT, (), None, "cases", 0, 0, "days"),
    Measure("days_lost", PERMANENT, c.DAYS_PERMANENT, (), None, "calendar days", 0, 0, "days"),
)  # fmt: skip
KEY: Final = ("period", "accident", "outcome", "measure")


def table_name(dimensions: tuple[str, ...]) -> str:
    """The name of a table: its dimensions joined by `_by_`, `total` without any."""
    return "_by_".join(d.replace(":", "-") for d in dimensions) or TOTAL


def figure_rows(
    cube: Cube, denominators: Denominators | None, notes: Mapping[str, object]
) -> list[Row]:
    """The rows of a table, one per cell and measure, in the order of periods and codes.

    A row has period, accident (work, commuting), outcome, the dimensions, measure, value,
    se_sampling, se_coding, se (both), low and high (95 %), unit, status.
    """
    table: list[Row] = []
    amounts = _amounts(cube, denominators)
    for measure in MEASURES:
        if measure.group == "days" and not notes.get("days_known"):
            continue
        per = next((name for name in measure.per if name in amounts), None)
        if measure.per and per is None:
            continue
        array = _figures(cube, measure, amounts[per] if per else None)
        table += _rows(cube, measure, array, notes)
    return sorted(table, key=_order(cube))


def _amounts(cube: Cube, denominators: Denominators | None) -> dict[str, FloatArray]:
    """Denominators in the cube's shape; commuting accidents are per the same workers."""
    if denominators is None:
        return {}
    found = {}
    for name in denominators.amount:
        of = denominators.of(name, cube.periods, cube.dimensions)
        found[name] = np.broadcast_to(np.expand_dims(of, 1), cube.shape)
    return found


def _figures(cube: Cube, measure: Measure, per: FloatArray | None) -> dict[str, FloatArray]:
    """value, se_sampling, se_coding, se, low, high of a measure in every cell."""
    value, coding = cube.value[measure.tally], cube.coding[measure.tally]
    if measure.tally == c.MEDIAN:
        sampling = cube.median_sampling
    elif measure.tally == c.MEAN:
        sampling = _mean_error(cube)
    else:
        sampling = np.sqrt(cube.squares[measure.tally])
    error = np.sqrt(sampling**2 + np.nan_to_num(coding) ** 2)
    low, high = _interval(measure)(value, error)
    # where the codes alone may leave the cell empty, its interval reaches that far down
    with np.errstate(invalid="ignore"):
        low = np.minimum(low, np.maximum(value - Z95 * np.nan_to_num(coding), 0.0))
    found = {
        "value": value, "se_sampling": sampling, "se_coding": coding, "se": error, "low": low,
        "high": high,
    }  # fmt: skip
    if measure.rate is not None:
        found = {name: measure.rate(array, per) for name, array in found.items()}
    return found


def _interval(measure: Measure) -> Interval:
    if measure.tally in (c.DAYS, c.DAYS_PERMANENT):
        return lambda value, error: m.days_interval(value, error**2)
    if measure.tally in (c.MEAN, c.MEDIAN):
        return m.normal_interval
    return lambda value, error: m.count_interval(value, error**2)


def _mean_error(cube: Cube) -> FloatArray:
    """Standard error of the mean days per case: their standard deviation over sqrt(n)."""
    n, days, squares = cube.value[c.ABSENT], cube.value[c.DAYS], cube.squares[c.DAYS]
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.maximum(squares - days**2 / n, 0.0) / (n - 1)
        return np.where(n > 1, np.sqrt(variance / n), np.nan)


def _rows(
    cube: Cube, measure: Measure, array: Mapping[str, FloatArray], notes: Mapping[str, object]
) -> Iterator[Row]:
    labels = [(*d.values, TOTAL) for d in cube.dimensions]
    for cell in cube.cells():
        if not _tabulated(cell[1], measure, notes):
            continue
        if measure.outcome in (FATAL, NON_FATAL) and not notes.get("fatal_known"):
            continue
        dimensions = {
            d.name: names[place]
            for d, names, place in zip(cube.dimensions, labels, cell[2:], strict=True)
        }
        value = float(array["value"][cell])
        estimated = value == value and not value.is_integer() and measure.name == "cases"
        yield {
            "period": cube.periods[cell[0]],
            "accident": ACCIDENTS[cell[1]],
            "outcome": measure.outcome,
            **dimensions,
            "measure": measure.name,
            **{name: float(part[cell]) for name, part in array.items()},
            "unit": measure.unit,
            "status": ESTIMATED if estimated else NORMAL,
        }


def _tabulated(kind: int, measure: Measure, notes: Mapping[str, object]) -> bool:
    """Whether accidents of a kind have rows of a measure.

    What is neither occupational nor commuting, and what happened abroad, is counted, but has no
    rate: the workers of the denominators are not those it happened to (paragraph 19).
    """
    if kind in (NEITHER, ABROAD):
        return bool(notes.get(ACCIDENTS[kind])) and measure.rate is None
    return kind != COMMUTING or bool(notes.get("commuting_known"))


def _order(cube: Cube) -> Callable[[Row], tuple[int, ...]]:
    places = [{value: i for i, value in enumerate((*d.values, TOTAL))} for d in cube.dimensions]
    periods = {period: i for i, period in enumerate(cube.periods)}
    measures = {(one.outcome, one.name): i for i, one in enumerate(MEASURES)}

    def order(row: Row) -> tuple[int, ...]:
        return (
            periods[str(row["period"])],
            ACCIDENTS.index(str(row["accident"])),
            *(place[str(row[d.name])] for d, place in zip(cube.dimensions, places, strict=True)),
            measures[str(row["outcome"]), str(row["measure"])],
        )

    return order


def shortened(
    rows: list[Row], dimensions: tuple[str, ...], denominators: Denominators | None
) -> list[Row]:
    """The rows without those of values that neither a case nor a worker is in."""
    kept: list[set[object]] = []
    for name in dimensions:
        used = {row[name] for row in rows if row["measure"] == "cases" and row["value"]}
        if denominators is not None and name in denominators.columns:
            place = denominators.columns.index(name)
            used |= {group[place] for group in denominators.group}
        kept.append({*used, TOTAL})
    return [
        row
        for row in rows
        if all(row[name] in own for name, own in zip(dimensions, kept, strict=True))
    ]
