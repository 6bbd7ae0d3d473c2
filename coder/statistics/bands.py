"""Numbers of a column in bands: ages, times of day, hours at work (paragraphs 9 b, 9 d, 10 b)."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from coder.errors import InputError
from coder.measures.arrays import IntArray

_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?")


def band_names(starts: Sequence[int]) -> tuple[str, ...]:
    """What bands are called: those from 15, 25, 65 "under 15", "15 to 24", "25 to 64",
    "65 and over".

    A band holds completed units: 24.9 is in "15 to 24".
    """
    inner = [f"{a} to {b - 1}" if b - a > 1 else f"{a}" for a, b in pairwise(starts)]
    return (f"under {starts[0]}", *inner, f"{starts[-1]} and over")


def banded(
    cells: Sequence[str], starts: Sequence[int], name: str, row: IntArray, file: str
) -> list[str]:
    """The band of each cell: a number, or a time of day such as 14:35. Blanks stay blank.

    Raises InputError, naming the row, for anything else.
    """
    names, found = band_names(starts), []
    for line, cell in zip(row, cells, strict=True):
        number = _number(cell) if cell else None
        if cell and number is None:
            raise InputError(
                f"{file} row {line}, column '{name}': neither a number nor a time as 14:35",
                file=file,
                row=int(line),
                column=name,
            )
        found.append("" if number is None else names[bisect_right(starts, number)])
    return found


def _number(cell: str) -> float | None:
    """A number; of a time of day its completed hours. None for anything else."""
    if clock := _CLOCK.fullmatch(cell):
        return float(clock[1])
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
