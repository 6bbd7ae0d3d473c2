"""The classification as arrays: every code a number, every level a look-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from coder.errors import InputError, SchemeError
from coder.measures.arrays import BoolArray as BoolArray
from coder.measures.arrays import FloatArray as FloatArray
from coder.measures.arrays import IntArray as IntArray
from coder.schemes import Scheme

NONE = -1  # "no answer", or "coarser than this level"


@dataclass(frozen=True, slots=True)
class Tree:
    """Codes in official order with their ancestor at every level.

    `at[level]` has shape (k,): the number of each code's ancestor at `level`, itself for a code
    without children that is coarser than `level` (it has nothing finer to be), and NONE for a
    coarser code that does have children (it says nothing at this level).
    """

    name: str
    title: str
    codes: tuple[str, ...]
    titles: tuple[str, ...]
    level: IntArray
    levels: tuple[int, ...]
    at: Mapping[int, IntArray]
    normalise: Callable[[str], str]
    number: Mapping[str, int] = field(repr=False)

    @classmethod
    def from_scheme(cls, scheme: Scheme) -> Tree:
        """The arrays of a `coder.schemes.Scheme`."""
        rows = [(c.code, c.title, c.level, c.parent) for c in scheme.codes.values()]
        return cls.from_rows(scheme.name, scheme.title, rows, scheme.normalise)

    @classmethod
    def flat(cls, codes: Iterable[str], name: str = "codes") -> Tree:
        """One level of codes without titles, for code lists that no scheme describes."""
        rows = [(code, "", 1, None) for code in sorted(set(codes))]
        return cls.from_rows(name, "codes without a scheme", rows, _known({row[0] for row in rows}))

    @classmethod
    def from_rows(
        cls,
        name: str,
        title: str,
        rows: Sequence[tuple[str, str, int, str | None]],
        normalise: Callable[[str], str] | None = None,
    ) -> Tree:
        """From (code, title, level, parent) rows. Raises InputError when there are none."""
        if not rows:
            raise InputError(f"no codes to evaluate in '{name}'", scheme=name)
        codes = tuple(row[0] for row in rows)
        number = {code: i for i, code in enumerate(codes)}
        parents = [NONE if row[3] is None else number[row[3]] for row in rows]
        level = np.array([row[2] for row in rows], dtype=np.int64)
        levels = tuple(sorted({int(v) for v in level}))
        has_children = np.zeros(len(codes), dtype=bool)
        has_children[[p for p in parents if p != NONE]] = True
        at = {wanted: _ancestors(wanted, level, parents, has_children) for wanted in levels}
        return cls(
            name=name,
            title=title,
            codes=codes,
            titles=tuple(row[1] for row in rows),
            level=level,
            levels=levels,
            at=at,
            normalise=normalise or _known(set(codes)),
            number=number,
        )

    def find(self, raw: str) -> int:
        """Number of a code as written in a file, or NONE when the scheme does not know it."""
        known = self.number.get(raw)
        if known is not None:
            return known
        try:
            return self.number.get(self.normalise(raw), NONE)
        except SchemeError:
            return NONE

    def label(self, number: int) -> str:
        """Code of a number; "" for NONE."""
        return self.codes[number] if number >= 0 else ""

    def named(self, number: int) -> str:
        """Title of a number; "no answer" for NONE."""
        return self.titles[number] if number >= 0 else "no answer"


def _ancestors(
    wanted: int, level: IntArray, parents: Sequence[int], has_children: BoolArray
) -> IntArray:
    out = np.empty(len(level), dtype=np.int64)
    for i, own in enumerate(level):
        if own < wanted:
            out[i] = NONE if has_children[i] else i
            continue
        climbing = i
        while level[climbing] > wanted:
            climbing = parents[climbing]
        out[i] = climbing
    return out


def _known(codes: set[str]) -> Callable[[str], str]:
    def normalise(raw: str) -> str:
        if raw.strip() in codes:
            return raw.strip()
        raise SchemeError("not one of the codes seen in the gold and prediction files")

    return normalise
