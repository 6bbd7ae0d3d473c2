"""The cells of all tables of one period as one system: what adds up to what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np
from scipy.sparse import csr_matrix

from coder.statistics.dimensions import NOT_CODED, TOTAL, Dimension
from coder.statistics.figures import ALL, FATAL, NON_FATAL, PERMANENT, TEMPORARY
from coder.statistics.suppress import System

#: A cell: its outcome and its value on every dimension that is not at its total.
Cell = tuple[str, frozenset[tuple[str, str]]]
#: Whole and parts; with a rest, what the parts leave over is hidden.
Equation = tuple[Cell, tuple[Cell, ...], bool]

_OUTCOMES = (
    (ALL, (FATAL, NON_FATAL), False),
    (NON_FATAL, (TEMPORARY,), True),
    (PERMANENT, (FATAL,), True),
    (ALL, (TEMPORARY, PERMANENT), True),
)


def cell_of(outcome: str, row: Mapping[str, object], dimensions: Sequence[str]) -> Cell:
    """The cell of a row, the same for the same figure in every table."""
    own = frozenset((d, str(row[d])) for d in dimensions if row[d] != TOTAL)
    return outcome, own


def build_system(
    value: Mapping[Cell, float],
    tables: Sequence[tuple[str, ...]],
    dimensions: Sequence[Dimension],
    every_outcome: bool,
) -> tuple[System, dict[Cell, int]]:
    """The equations between the cells that readers know, and the number of each cell.

    Totals are the sums of their values, all accidents those of fatal and non-fatal ones, a code
    at least the sum of the codes below it. `every_outcome` is for counts of cases, where the
    outcomes add up; days lost are of one outcome.
    """
    number = {cell: i for i, cell in enumerate(value)}
    labels = _labels(value)
    rows = [
        equation
        for names in tables
        for equation in _sums(names, labels, {outcome for outcome, _ in value})
    ]
    if every_outcome:
        rows += list(_outcomes(value))
    rows += list(_levels(value, tables, dimensions))
    usable = dict.fromkeys(
        (whole, parts, rest)
        for whole, parts, rest in rows
        if whole in number and all(part in number for part in parts)
    )
    return _system(value, number, list(usable)), number


def _labels(value: Mapping[Cell, float]) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for _, own in value:
        for name, code in own:
            found.setdefault(name, {})[code] = None
    return {name: list(codes) for name, codes in found.items()}


def _sums(
    names: Sequence[str], labels: Mapping[str, Sequence[str]], outcomes: set[str]
) -> Iterator[Equation]:
    """Each total of a table is the sum over one dimension."""
    for name in names:
        others = [d for d in names if d != name]
        for combined in product(*([None, *labels.get(d, ())] for d in others)):
            fixed = frozenset((d, v) for d, v in zip(others, combined, strict=True) if v)
            for outcome in outcomes:
                parts = tuple((outcome, fixed | {(name, v)}) for v in labels.get(name, ()))
                yield (outcome, fixed), parts, False


def _outcomes(value: Mapping[Cell, float]) -> Iterator[Equation]:
    for own in {own for _, own in value}:
        for whole, parts, rest in _OUTCOMES:
            yield (whole, own), tuple((part, own) for part in parts), rest
        if (NON_FATAL, own) not in value:
            yield (ALL, own), ((TEMPORARY, own),), True


def _levels(
    value: Mapping[Cell, float],
    tables: Sequence[tuple[str, ...]],
    dimensions: Sequence[Dimension],
) -> Iterator[Equation]:
    """A code holds the codes below it, where two tables differ in a scheme's level alone."""
    used = {name for names in tables for name in names}
    coded = [d for d in dimensions if d.scheme is not None and d.name in used]
    for coarse, fine in product(coded, coded):
        if coarse.column != fine.column or coarse.level >= fine.level:
            continue
        up = _parents(coarse, fine)
        for outcome, own in value:
            held = dict(own)
            if held.get(coarse.name) not in up:
                continue
            others = own - {(coarse.name, held[coarse.name])}
            parts = tuple(
                cell
                for code in up[held[coarse.name]]
                if (cell := (outcome, others | {(fine.name, code)})) in value
            )
            if parts:
                yield (outcome, own), parts, True


def _parents(coarse: Dimension, fine: Dimension) -> dict[str, list[str]]:
    assert coarse.scheme is not None
    found: dict[str, list[str]] = {}
    for code in fine.values:
        if code != NOT_CODED:
            found.setdefault(coarse.scheme.ancestor(code, coarse.level), []).append(code)
    return found


def _system(
    value: Mapping[Cell, float], number: Mapping[Cell, int], equations: Sequence[Equation]
) -> System:
    values = list(value.values())
    entries: list[tuple[int, int, float]] = []
    for line, (whole, parts, rest) in enumerate(equations):
        entries.append((line, number[whole], 1.0))
        entries += [(line, number[part], -1.0) for part in parts]
        if rest:
            entries.append((line, len(values), -1.0))
            values.append(max(value[whole] - sum(value[part] for part in parts), 0.0))
    row, column, sign = zip(*entries, strict=True) if entries else ((), (), ())
    shape = (len(equations), len(values))
    matrix = csr_matrix((np.array(sign, float), (row, column)), shape)
    hidden = np.arange(len(values)) >= len(value)
    return System(np.array(values), matrix, hidden)
