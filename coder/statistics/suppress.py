"""Which further cells to suppress, so that equations between cells do not give any back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack

from coder.measures.arrays import BoolArray, FloatArray

_TINY = 1e-7
#: Suppressing a cell costs at least this much, so that zero-cost detours are not taken.
_LEAST_COST = 1.0
_CLEANING = 400  # most (further cell × protected cell) checks for putting cells back


@dataclass(frozen=True, slots=True)
class System:
    """Cells with their values, and the equations `matrix @ value = 0` that readers know.

    `hidden` marks values that are never published: what is in a parent but in none of its
    published parts. They are 0 or more, like every cell.
    """

    value: FloatArray
    matrix: csr_matrix
    hidden: BoolArray


def feasible(system: System, unknown: BoolArray, cell: int) -> tuple[float, float]:
    """What a reader can work out of a cell: its least and largest possible value.

    The reader knows all cells but the `unknown` (hidden ones are unknown anyway), the equations,
    and that no value is negative. The upper end is infinite where nothing bounds it.
    """
    return _end(system, unknown, cell, 1.0), _end(system, unknown, cell, -1.0)


def _end(system: System, unknown: BoolArray, cell: int, sign: float) -> float:
    """The lower (sign 1) or upper (sign -1) end of `feasible`."""
    free = np.flatnonzero(unknown | system.hidden)
    known = np.where(unknown | system.hidden, 0.0, system.value)
    right = -(system.matrix @ known)
    part = system.matrix[:, free]
    rows = np.flatnonzero(np.diff(part.indptr))
    goal = np.zeros(len(free))
    goal[int(np.searchsorted(free, cell))] = sign
    found = linprog(goal, A_eq=part[rows], b_eq=right[rows], method="highs")
    if found.status == 0:
        return float(found.fun * sign)
    # unbounded, or sums of fractional counts that miss by a hair: then nothing is known
    return 0.0 if sign > 0 else np.inf


def protect(
    system: System, primary: Sequence[int], width: FloatArray, suppressed: BoolArray
) -> BoolArray:
    """Cells to suppress: the `primary` ones, those `suppressed` before, and further ones.

    Every primary cell i is left with a feasible interval of at least `width[i]`. Cells are added
    one primary cell after the other by the linear programme that moves the cell by its width
    with the least total of changed published values (zeros stay published); then cells that turn
    out not to be needed are put back, where that takes few checks. A heuristic: every primary
    cell is protected, the number of further cells is small and not the smallest possible.
    Source: Kelly, Golden and Assad (1992), Networks 22:397-417 (one LP per cell); Fischetti and
    Salazar (2001), J. Am. Stat. Assoc. 96:1294-1302 (the optimal problem).
    """
    gone = suppressed.copy()
    gone[list(primary)] = True
    ordered = sorted(primary, key=lambda i: -float(system.value[i]))
    for cell in ordered:
        if not _wide(system, gone, cell, width):
            gone |= _moved(system, gone, cell, float(width[cell]))
    further = np.flatnonzero(gone & ~suppressed)
    further = further[~np.isin(further, primary)]
    if len(further) * len(ordered) <= _CLEANING:
        for place in sorted(map(int, further), key=lambda i: -float(system.value[i])):
            gone[place] = False
            gone[place] = not all(_wide(system, gone, i, width) for i in ordered)
    return gone


def _wide(system: System, gone: BoolArray, cell: int, width: FloatArray) -> bool:
    """Whether the interval that a reader can work out is wide enough; mostly its top tells."""
    high = _end(system, gone, cell, -1.0)
    low = float(system.value[cell])
    if high - low < width[cell] - _TINY:
        low = _end(system, gone, cell, 1.0)
    return bool(high - low >= width[cell] - _TINY)


def _moved(system: System, gone: BoolArray, cell: int, by: float) -> BoolArray:
    """The cells that change when `cell` rises by `by` at the least cost."""
    n = len(system.value)
    cost = np.where(gone | system.hidden, 0.0, _LEAST_COST + np.log1p(system.value))
    up = np.full(n, np.inf)
    up[(system.value <= _TINY) & ~system.hidden] = 0.0
    down = system.value.copy()
    bounds = np.concatenate([np.stack([np.zeros(n), up], 1), np.stack([np.zeros(n), down], 1)])
    bounds[cell] = (by, by)
    bounds[n + cell] = (0.0, 0.0)
    both = hstack([system.matrix, -system.matrix]).tocsr()
    found = linprog(
        np.concatenate([cost, cost]) + _TINY,
        A_eq=both,
        b_eq=np.zeros(both.shape[0]),
        bounds=bounds,
        method="highs",
    )
    if found.status != 0:
        return ~system.hidden & (system.value > _TINY)  # no way to move it: publish no cell
    change = np.abs(found.x[:n] - found.x[n:])
    return np.asarray((change > _TINY) & ~system.hidden)
