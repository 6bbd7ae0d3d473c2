"""Disclosure control over all tables of a publication (paragraph 23)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from coder.errors import InputError
from coder.figures.tables import Row
from coder.measures.arrays import BoolArray, FloatArray
from coder.statistics.cases import ACCIDENTS, Cases, column
from coder.statistics.dimensions import Dimension
from coder.statistics.equations import Cell, build_system, cell_of
from coder.statistics.figures import ALL, FATAL, NON_FATAL, PERMANENT, SUPPRESSED, TEMPORARY
from coder.statistics.options import Disclosure, Options
from coder.statistics.suppress import protect

if TYPE_CHECKING:
    from coder.statistics.run import Table

Block = tuple[str, str]  # period, accident: nothing adds up across these
NUMBERS = ("value", "se_sampling", "se_coding", "se", "low", "high")
#: The least width of the interval of days that may be worked out, as a share of the days.
DAYS_WIDTH = 0.2
_DAYS = frozenset({TEMPORARY, PERMANENT})


def protect_tables(
    tables: Sequence[Table],
    cases: Cases,
    dimensions: Sequence[Dimension],
    options: Options,
    file: str,
) -> None:
    """Suppress, in place, what could disclose a person or establishment (see `Disclosure`).

    All tables are protected together, as one system of equations: a figure that one table
    suppresses is not published by another, and no total gives it back. Neither which cells were
    the small ones nor their number is told. Raises InputError for a rule that lacks its column.
    """
    rule = options.disclosure
    if not rule.active:
        return
    if (rule.minimum_units or rule.dominance[0] or rule.p_percent) and options.unit is None:
        raise InputError("rules on units need --unit COLUMN, the establishment or enterprise")
    names = [table.dimensions for table in tables]
    own = {name for table in names for name in table}
    used = [d for d in dimensions if d.name in own]
    units = _Units(cases, used, options, file)
    counts, days = _values(tables)
    for block, value in counts.items():
        gone = _protected_counts(value, names, used, rule, units.of("count", block, names))
        # nor is it told how many days suppressed cases lost, were it none
        gone |= {(o, own) for outcome, own in gone for o in _DAYS if outcome in (ALL, NON_FATAL)}
        lost = days.get(block, {})
        for outcome in _DAYS:
            part = {cell: v for cell, v in lost.items() if cell[0] == outcome}
            gone |= _protected_days(
                part, names, used, rule, gone, value, units.of("days", block, names)
            )
        _suppress(tables, block, gone)


def _values(
    tables: Sequence[Table],
) -> tuple[dict[Block, dict[Cell, float]], dict[Block, dict[Cell, float]]]:
    """Counts of cases and days lost of every cell, by period and accident."""
    counts: dict[Block, dict[Cell, float]] = defaultdict(dict)
    days: dict[Block, dict[Cell, float]] = defaultdict(dict)
    for table in tables:
        for row in table.rows:
            into = {"cases": counts, "days_lost": days}.get(str(row["measure"]))
            if into is not None:
                cell = cell_of(str(row["outcome"]), row, table.dimensions)
                value = row["value"]
                assert isinstance(value, float)
                into[str(row["period"]), str(row["accident"])][cell] = value
    return counts, days


def _protected_counts(
    value: Mapping[Cell, float],
    tables: Sequence[tuple[str, ...]],
    dimensions: Sequence[Dimension],
    rule: Disclosure,
    held: Mapping[Cell, FloatArray],
) -> set[Cell]:
    system, number = build_system(value, tables, dimensions, every_outcome=True)
    width = np.full(len(system.value), float(max(rule.threshold, 1)))
    primary = []
    for cell, place in number.items():
        few = 0 < value[cell] < rule.threshold
        need = _unit_need(held.get(cell), rule)
        if few or need > 0:
            primary.append(place)
            width[place] = max(width[place], need)
    gone = protect(system, primary, width, np.zeros(len(system.value), bool))
    return {cell for cell, place in number.items() if gone[place]}


def _protected_days(
    value: Mapping[Cell, float],
    tables: Sequence[tuple[str, ...]],
    dimensions: Sequence[Dimension],
    rule: Disclosure,
    before: set[Cell],
    counts: Mapping[Cell, float],
    held: Mapping[Cell, FloatArray],
) -> set[Cell]:
    """Days lost: cells of few cases or dominated by few units, and what totals would give back."""
    if not value:
        return set()
    system, number = build_system(value, tables, dimensions, every_outcome=False)
    width = np.maximum(DAYS_WIDTH * system.value, 1.0)
    gone: BoolArray = np.zeros(len(system.value), bool)
    primary = []
    for cell, place in number.items():
        gone[place] = cell in before
        need = _unit_need(held.get(cell), rule)
        if 0 < counts.get(cell, 0.0) < rule.threshold or need > 0:
            primary.append(place)
            width[place] = max(width[place], need)
    gone = protect(system, primary, width, gone)
    return {cell for cell, place in number.items() if gone[place]}


def _unit_need(held: FloatArray | None, rule: Disclosure) -> float:
    """How wide a cell's interval must be for its units' sake; 0 where no rule is broken.

    `held` is what each unit holds of the cell, the largest first. Source: Hundepool et al.
    (2012), Statistical Disclosure Control, ch. 4.2 (p %, dominance and their protection levels).
    """
    if held is None or not len(held):
        return 0.0
    total, need = float(held.sum()), 0.0
    if 0 < len(held) < rule.minimum_units:
        need = max(need, 1.0)
    n, k = rule.dominance
    if n and held[:n].sum() > k / 100 * total:
        need = max(need, float(held[:n].sum()) * 100 / k - total, 1.0)
    if rule.p_percent:
        rest = total - float(held[:2].sum())
        if rest < rule.p_percent / 100 * float(held[0]):
            need = max(need, rule.p_percent / 100 * float(held[0]) - rest, 1.0)
    return need


class _Units:
    """What each statistical unit holds of each cell, by the decided codes."""

    def __init__(
        self, cases: Cases, dimensions: Sequence[Dimension], options: Options, file: str
    ) -> None:
        self.cases, self.dimensions = cases, {d.name: d for d in dimensions}
        self.unit: list[str] | None = None
        if options.unit is not None:
            names = column(cases.table, options.unit, file)
            # a case without a unit is a unit of its own
            self.unit = [name or f"\0{i}" for i, name in enumerate(names)]

    def of(
        self, what: str, block: Block, tables: Sequence[tuple[str, ...]]
    ) -> dict[Cell, FloatArray]:
        """Cell → amounts of its units, the largest first; `what` is count or days."""
        found: dict[Cell, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        if self.unit is None:
            return {}
        subsets = {
            kept
            for names in tables
            for flags in product((False, True), repeat=len(names))
            if (kept := tuple(n for n, flag in zip(names, flags, strict=True) if flag)) is not None
        }
        for i in self._members(block):
            amount = self.cases.count[i] if what == "count" else self.cases.days[i]
            if not amount > 0:
                continue
            for names in subsets:
                own = frozenset(
                    (n, self.dimensions[n].values[self.dimensions[n].index[i]]) for n in names
                )
                for outcome in self._outcomes(i, what):
                    found[outcome, own][self.unit[i]] += float(amount)
        return {cell: -np.sort(-np.array(list(held.values()))) for cell, held in found.items()}

    def _members(self, block: Block) -> list[int]:
        kind = ACCIDENTS.index(block[1])
        return [
            i
            for i in range(len(self.cases))
            if self.cases.period[i] == block[0] and self.cases.kind[i] == kind
        ]

    def _outcomes(self, i: int, what: str) -> tuple[str, ...]:
        fatal, temporary = self.cases.fatal[i], self.cases.temporary[i]
        absent = temporary and self.cases.days[i] >= 1
        days = () if temporary and not absent else (TEMPORARY if temporary else PERMANENT,)
        return days if what == "days" else (ALL, FATAL if fatal else NON_FATAL, *days)


def _suppress(tables: Sequence[Table], block: Block, gone: set[Cell]) -> None:
    for table in tables:
        for row in table.rows:
            if (row["period"], row["accident"]) != block:
                continue
            if cell_of(str(row["outcome"]), row, table.dimensions) in gone:
                _blank(row)


def _blank(row: Row) -> None:
    row.update(dict.fromkeys(NUMBERS))
    row["status"] = SUPPRESSED
