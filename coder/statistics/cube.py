"""Counts and days of every cell of a table, its totals included, and how coding varies them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from coder.measures.arrays import FloatArray, IntArray
from coder.statistics.cases import ACCIDENTS, Cases
from coder.statistics.dimensions import Dimension
from coder.statistics.measures import median_days, median_error
from coder.statistics.options import OWN_ROW, SPREAD, Options

CASES, FATAL, NON_FATAL, ABSENT = "cases", "fatal", "non_fatal", "absent"
PERMANENT = "permanent"
DAYS, DAYS_PERMANENT, MEAN, MEDIAN = "days", "days_permanent", "mean", "median"


@dataclass(frozen=True, slots=True)
class Cube:
    """All figures of a table. Arrays have the axes period, accident, then one per dimension.

    Every dimension ends with its rest (not coded, not stated) and its total. `value` holds the
    published figure of each tally, `squares` the sum of the squared contributions of cases,
    `coding` the standard error from coding (NaN where the file has no probabilities),
    `median_sampling` the median's error from sampling. Commuting is apart (paragraph 6), and
    so are the days of permanent incapacity and death (paragraph 16).
    """

    dimensions: tuple[Dimension, ...]
    periods: tuple[str, ...]
    value: Mapping[str, FloatArray]
    squares: Mapping[str, FloatArray]
    coding: Mapping[str, FloatArray]
    median_sampling: FloatArray

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value[CASES].shape

    def cells(self) -> Iterator[tuple[int, ...]]:
        """Every place in the arrays, in the order of the published rows."""
        return product(*map(range, self.shape))


class _Counter:
    """The cases laid out for repeated counting under other codes."""

    def __init__(self, cases: Cases, dimensions: Sequence[Dimension]) -> None:
        self.dimensions = dimensions
        self.shape = (len(cases.periods), len(ACCIDENTS), *(len(d.values) for d in dimensions))
        number = {period: i for i, period in enumerate(cases.periods)}
        period = np.array([number[p] for p in cases.period], np.int64)
        self.lead = (period, cases.kind)
        days = np.nan_to_num(cases.days)
        absent = cases.temporary & (days >= 1)
        self.weight: dict[str, FloatArray] = {
            CASES: cases.count,
            FATAL: cases.count * cases.fatal,
            NON_FATAL: cases.count * ~cases.fatal,
            ABSENT: cases.count * absent,
            PERMANENT: cases.count * ~cases.temporary,
            DAYS: days * absent,
            DAYS_PERMANENT: days * ~cases.temporary,
        }
        self.absent = np.repeat(np.flatnonzero(absent), cases.count[absent].astype(np.int64))
        self.each = (days / cases.count)[self.absent]

    def tally(self, index: Sequence[IntArray], power: int = 1) -> dict[str, FloatArray]:
        """Every tally under the codes `index`, one array of values per dimension."""
        flat = np.ravel_multi_index((*self.lead, *index), self.shape)
        size = int(np.prod(self.shape))
        return {
            name: with_totals(
                np.bincount(flat, weight**power, size).reshape(self.shape).astype(np.float64),
                len(self.dimensions),
            )
            for name, weight in self.weight.items()
        }

    def groups(self, index: Sequence[IntArray]) -> Iterator[tuple[tuple[int, ...], FloatArray]]:
        """The days of the cases with temporary incapacity, for each cell that has any."""
        if not len(self.absent):
            return
        own = [axis[self.absent] for axis in (*self.lead, *index)]
        shape = (*self.shape[:2], *(n + 1 for n in self.shape[2:]))
        for summed in product((False, True), repeat=len(index)):
            place = [
                np.full(len(self.absent), n - 1) if total else axis
                for axis, n, total in zip(own, shape, (False, False, *summed), strict=True)
            ]
            flat = np.ravel_multi_index(tuple(place), shape)
            order = np.argsort(flat, kind="stable")
            cells, starts = np.unique(flat[order], return_index=True)
            for cell, days in zip(cells, np.split(self.each[order], starts[1:]), strict=True):
                yield tuple(int(i) for i in np.unravel_index(cell, shape)), days


def with_totals(array: FloatArray, dimensions: int) -> FloatArray:
    """The array with the sum appended to each of its last `dimensions` axes."""
    for axis in range(array.ndim - dimensions, array.ndim):
        array = np.concatenate([array, array.sum(axis=axis, keepdims=True)], axis=axis)
    return array


def build_cube(cases: Cases, dimensions: Sequence[Dimension], options: Options) -> Cube:
    """Count a table, and recount it under codes drawn from their probabilities.

    The codes of different dimensions are drawn independently, those a person gave are kept. With
    undecided records in their own row the figure is the count of the decided codes and its
    coding error the root mean square distance of the draws from it; with undecided records
    spread, the figure is the mean of the draws and its error their standard deviation times
    sqrt(1 + 1/draws). Source: Rubin (1987), Multiple Imputation for Nonresponse in Surveys,
    ch. 3. Shapes as in `Cube`. The same seed gives the same figures.
    """
    counter = _Counter(cases, dimensions)
    index = [d.index for d in dimensions]
    value, squares = counter.tally(index), counter.tally(index, 2)
    value |= _days_per_case(counter, index, value)
    sampling = np.full(value[CASES].shape, np.nan)
    for cell, days in counter.groups(index):
        sampling[cell] = median_error(days)
    uncertain = any(d.chances is not None for d in dimensions)
    machine = any(s in ("auto", "review") for d in dimensions for s in d.status)
    if not uncertain:
        missing = np.nan if machine else 0.0
        coding = {name: np.full(value[CASES].shape, missing) for name in value}
    else:
        value, squares, coding = _drawn(counter, value, squares, options)
    return Cube(tuple(dimensions), cases.periods, value, squares, coding, sampling)


def _days_per_case(
    counter: _Counter, index: Sequence[IntArray], tally: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(tally[ABSENT] > 0, tally[DAYS] / tally[ABSENT], np.nan)
    median = np.full(mean.shape, np.nan)
    for cell, days in counter.groups(index):
        median[cell] = median_days(days)
    return {MEAN: mean, MEDIAN: median}


Arrays = dict[str, FloatArray]


def _drawn(
    counter: _Counter, base: Arrays, squares: Arrays, options: Options
) -> tuple[Arrays, Arrays, Arrays]:
    """Figures, sums of squares and coding errors from `options.draws` draws of all codes."""
    total, away, seen = ({name: np.zeros(a.shape) for name, a in base.items()} for _ in range(3))
    drawn_squares = {name: np.zeros(array.shape) for name, array in squares.items()}
    for draw in range(options.draws):
        index = [_redrawn(d, draw, options) for d in counter.dimensions]
        found = counter.tally(index)
        found |= _days_per_case(counter, index, found)
        for name, array in found.items():
            # differences from the base keep the sums of squares exact for large counts
            gap = np.nan_to_num(array) - np.nan_to_num(base[name])
            known = ~np.isnan(array)
            total[name] += np.where(known, gap, 0.0)
            away[name] += np.where(known, gap * gap, 0.0)
            seen[name] += known
        if options.undecided == SPREAD:
            for name, array in counter.tally(index, 2).items():
                drawn_squares[name] += array / options.draws
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = {name: total[name] / seen[name] for name in base}
        mean_square = {name: away[name] / seen[name] for name in base}
    if options.undecided == OWN_ROW:
        error = {n: np.where(np.isnan(base[n]), np.nan, np.sqrt(mean_square[n])) for n in base}
        return base, squares, error
    value = {name: np.nan_to_num(base[name]) + shift[name] for name in base}
    between = (options.draws + 1) / max(options.draws - 1, 1)
    error = {
        name: np.sqrt(np.maximum(mean_square[name] - shift[name] ** 2, 0.0) * between)
        for name in base
    }
    return value, drawn_squares, error


def _redrawn(dimension: Dimension, draw: int, options: Options) -> IntArray:
    """Codes of one draw; the same in every table, so that their totals agree."""
    if dimension.chances is None:
        return dimension.index
    key = zlib.crc32(dimension.column.encode())
    rng = np.random.default_rng([options.seed, key, draw])
    index = dimension.index.copy()
    index[dimension.chances.row] = dimension.chances.draw(rng, options.systematic)
    return index
