"""Workers and time worked, and whether they cover what the cases cover (paragraph 19)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from coder.errors import InputError
from coder.measures.arrays import FloatArray
from coder.statistics.cases import Cases, checked_periods, column
from coder.statistics.dimensions import Dimension
from coder.statistics.options import Options

WORKERS, FTE, HOURS, DAYS_WORKED = "workers", "fte", "hours", "days_worked"
NORMAL_HOURS: Final = "normal_hours"
MEASURES: Final = (WORKERS, FTE, HOURS, NORMAL_HOURS, DAYS_WORKED)


@dataclass(frozen=True, slots=True)
class Denominators:
    """Workers (average of the period), full-time equivalents, hours and days worked per group.

    `group` has one tuple per row, in the order of `columns`; `period` is "" without periods.
    """

    columns: tuple[str, ...]
    group: tuple[tuple[str, ...], ...]
    period: tuple[str, ...]
    amount: Mapping[str, FloatArray]
    file: str

    def of(
        self, measure: str, periods: Sequence[str], dimensions: Sequence[Dimension]
    ) -> FloatArray:
        """Amounts as an array (period, dimension …), with the total last on every dimension.

        NaN where there is none: values without workers of their own (not coded, not stated). A
        dimension that the denominators do not have repeats the amount of all workers.
        """
        place = {period: i for i, period in enumerate(periods)}
        shape = (len(periods), *(len(d.values) + 1 for d in dimensions))
        found = np.zeros(shape)
        known = np.zeros(shape, bool)
        own = {d.name: self.columns.index(d.name) for d in dimensions if d.name in self.columns}
        for group, period, amount in zip(
            self.group, self.period, self.amount[measure], strict=True
        ):
            where: list[object] = [place[period]]
            for d in dimensions:
                if d.name not in own:
                    where.append(slice(None))
                elif (value := group[own[d.name]]) in d.values:
                    where.append([d.values.index(value), len(d.values)])
                else:
                    where.append([len(d.values)])
            at = _open(where, shape)
            found[at] += amount
            known[at] = True
        return np.where(known, found, np.nan)


def _open(where: Sequence[object], shape: Sequence[int]) -> tuple[np.ndarray, ...]:
    """Places along each axis as an open mesh."""
    axes = []
    for one, size in zip(where, shape, strict=True):
        if isinstance(one, slice):
            axes.append(np.arange(size))
        else:
            axes.append(np.atleast_1d(np.asarray(one)))
    return np.ix_(*axes)


def read_denominators(
    table: pa.Table, cases: Cases, dimensions: Sequence[Dimension], options: Options, file: str
) -> Denominators:
    """The denominators, checked against the cases. Every rule of paragraph 19 on coverage.

    Group columns are those that are no amounts. A dimension of the worker or the enterprise must
    be one of them. Groups with cases must have denominators; a group in the denominators that no
    case is in is refused unless `empty_groups`. Raises InputError, naming the rows.
    """
    measures = [name for name in MEASURES if name in table.column_names]
    if not measures:
        raise InputError(
            f"{file} has none of the columns {', '.join(MEASURES)}; it has: "
            f"{', '.join(table.column_names)}",
            file=file,
        )
    period = _period(table, cases, options, file)
    taken = {*measures, options.columns.period}
    groups = [name for name in table.column_names if name not in taken]
    names, values = [], []
    for group in groups:
        dimension = _matching(group, dimensions, file)
        names.append(dimension.name)
        values.append(_values(table, group, dimension, file))
    _refuse_missing(dimensions, names, file)
    found = Denominators(
        tuple(names),
        tuple(zip(*values, strict=True)) if values else ((),) * table.num_rows,
        period,
        {name: _amounts(table, name, file) for name in measures},
        file,
    )
    _refuse_repeated(found)
    _refuse_uncovered(found, cases, [d for d in dimensions if d.name in names], options)
    return found


def _period(table: pa.Table, cases: Cases, options: Options, file: str) -> tuple[str, ...]:
    name = options.columns.period
    dated = cases.periods != ("",)
    if dated != (name in table.column_names):
        have, lack = ("the cases", file) if dated else (file, "the cases")
        raise InputError(
            f"{have} have the reference period in '{name}' and {lack} does not: numerator and "
            "denominator need the same periods (paragraph 19); add the column"
        )
    if not dated:
        return ("",) * int(table.num_rows)
    rows = np.arange(table.num_rows) + 2
    found: tuple[str, ...] = checked_periods(column(table, name, file), file, rows)
    uncovered = sorted(set(cases.periods) ^ set(found))
    if uncovered:
        raise InputError(
            f"periods in only one of the cases and {file}: {', '.join(uncovered[:5])}; numerator "
            "and denominator need the same periods (paragraph 19)",
            periods=uncovered,
        )
    return found


def _matching(group: str, dimensions: Sequence[Dimension], file: str) -> Dimension:
    for dimension in dimensions:
        if group in (dimension.name, dimension.column, dimension.name.partition(":")[0]):
            return dimension
    raise InputError(
        f"{file} is broken down by '{group}', which is no dimension of the tables: add it to "
        "--by, or sum the file over it (its coverage cannot be compared otherwise)",
        column=group,
    )


def _values(table: pa.Table, group: str, dimension: Dimension, file: str) -> list[str]:
    cells = column(table, group, file)
    if "" in cells:
        raise InputError(
            f"{file} row {cells.index('') + 2}, column '{group}': empty; every row names its group",
            file=file,
            row=cells.index("") + 2,
        )
    if dimension.scheme is None:
        return list(cells)
    known = [dimension.scheme.normalise(cell) for cell in cells]
    for i, code in enumerate(known):
        if code not in dimension.values:
            raise InputError(
                f"{file} row {i + 2}, column '{group}': the code is not one of level "
                f"{dimension.level} of {dimension.scheme.name}",
                file=file,
                row=i + 2,
            )
    return known


def _refuse_missing(dimensions: Sequence[Dimension], names: Sequence[str], file: str) -> None:
    for d in dimensions:
        if not d.characteristic and d.name not in names:
            raise InputError(
                f"{file} has no column '{d.name}': rates by {d.name} need the workers of each "
                "group (paragraph 19); add the column, or say --per-all-workers "
                f"{d.name} where it describes the injury and not the worker",
                column=d.name,
            )


def _amounts(table: pa.Table, name: str, file: str) -> FloatArray:
    found = []
    for i, cell in enumerate(column(table, name, file)):
        try:
            value = float(cell)
        except ValueError:
            value = np.nan
        if not np.isfinite(value) or value < 0:
            raise InputError(
                f"{file} row {i + 2}, column '{name}': {'negative' if value < 0 else 'no number'}",
                file=file,
                row=i + 2,
                column=name,
            )
        found.append(value)
    return np.array(found, np.float64)


def _refuse_repeated(found: Denominators) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for i, (period, group) in enumerate(zip(found.period, found.group, strict=True)):
        first = seen.setdefault((period, *group), i)
        if first != i:
            raise InputError(
                f"{found.file} row {i + 2}: the same group and period as row {first + 2}; sum "
                "them first",
                row=i + 2,
            )


def _refuse_uncovered(
    found: Denominators, cases: Cases, dimensions: Sequence[Dimension], options: Options
) -> None:
    """Cases without denominators, workers of groups that no case is in, zero denominators."""
    by_name = {d.name: d for d in dimensions}
    ordered = [by_name[name] for name in found.columns]
    groups = {
        (cases.period[i], *(d.values[d.index[i]] for d in ordered)): int(cases.row[i])
        for i in reversed(range(len(cases)))
        if all(d.index[i] < d.rest for d in ordered)
    }
    place = {(p, *g): i for i, (p, g) in enumerate(zip(found.period, found.group, strict=True))}
    names = ", ".join(("period", *found.columns))
    for group, row in groups.items():
        if group not in place:
            raise InputError(
                f"cases (first: row {row}) are in a group that {found.file} lacks "
                f"({names}: {', '.join(group)}): numerator and denominator need the same "
                "coverage (paragraph 19)",
                row=row,
            )
        for measure, amount in found.amount.items():
            if amount[place[group]] == 0:
                raise InputError(
                    f"{found.file} row {place[group] + 2}, column '{measure}': zero, but "
                    f"there are cases in the group (first: row {row})",
                    column=measure,
                )
    if options.empty_groups:
        return
    for d in ordered:
        used = {d.values[i] for i in np.unique(d.index)}
        spare = {g[found.columns.index(d.name)] for g in found.group} - used
        if spare:
            raise InputError(
                f"{found.file}: no case has {d.name} {', '.join(sorted(spare)[:5])}: are these "
                "workers covered by the source of the cases (paragraph 19)? Leave them out, or "
                "say --empty-groups where they had no case",
                column=d.name,
            )
