"""Codes that people assigned, and whether the model's best code agrees at each level."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coder.errors import InputError, SchemeError
from coder.schemes import Scheme

Bools = NDArray[np.bool_]
SMALLEST = 100  # records; with fewer, an accuracy of 0.95 cannot be told from one of 0.90


@dataclass(frozen=True)
class Gold:
    """Gold codes of n records: `kinds` are the distinct sets of codes, `kind` (n,) which one.

    A set means "either is right". A code above the leaves is counted at the levels it reaches:
    "21" says something at levels 1 and 2, nothing at levels 3 and 4.
    """

    scheme: Scheme
    kinds: tuple[frozenset[str], ...]
    kind: NDArray[np.intp]

    @classmethod
    def of(
        cls,
        scheme: Scheme,
        codes: Sequence[str | Iterable[str]],
        places: Sequence[str] | None = None,
    ) -> Gold:
        """Check and normalise. Raises InputError for the first record that cannot be used.

        `places` says where each record stands, for that error; default "gold row 1" and so on.
        """
        seen: dict[frozenset[str], int] = {}
        spelled: dict[object, int] = {}
        kind = np.empty(len(codes), np.intp)
        for i, raw in enumerate(codes):
            key = raw if isinstance(raw, str) else frozenset(raw)
            if key not in spelled:
                parts = [key] if isinstance(key, str) else sorted(key)
                place = places[i] if places is not None else f"gold row {i + 1}"
                spelled[key] = seen.setdefault(_normal(scheme, parts, place), len(seen))
            kind[i] = spelled[key]
        return cls(scheme, tuple(seen), kind)

    def __len__(self) -> int:
        return len(self.kind)

    def take(self, rows: NDArray[np.intp]) -> Gold:
        """The same for some rows, in the order given."""
        return Gold(self.scheme, self.kinds, self.kind[rows])

    def agreement(
        self, level: int, codes: tuple[str, ...], best: NDArray[np.intp]
    ) -> tuple[Bools, Bools]:
        """(right, counted), both (n,), for the codes[best] that a model names at `level`.

        `counted` is False where the gold does not reach the level; `right` is False there.
        """
        column = {code: i for i, code in enumerate(codes)}
        table = np.zeros((len(self.kinds), len(codes)), np.bool_)
        reaches = np.zeros(len(self.kinds), np.bool_)
        for k, kind in enumerate(self.kinds):
            reaches[k] = all(self._reaches(code, level) for code in kind)
            for code in kind:
                place = column.get(self.scheme.ancestor(code, level))
                if place is not None:
                    table[k, place] = True
        counted = reaches[self.kind]
        return table[self.kind, best] & counted, counted

    def _reaches(self, code: str, level: int) -> bool:
        return self.scheme[code].level >= level or not self.scheme.children(code)

    def leaf_columns(self, codes: tuple[str, ...]) -> tuple[Bools, Bools]:
        """(n_kinds, k) which leaf columns are right; (n_kinds,) whether all codes are leaves."""
        column = {code: i for i, code in enumerate(codes)}
        table = np.zeros((len(self.kinds), len(codes)), np.bool_)
        whole = np.array(
            [not any(map(self.scheme.children, kind)) for kind in self.kinds], np.bool_
        )
        for k, kind in enumerate(self.kinds):
            for code in kind:
                if code in column:
                    table[k, column[code]] = True
        return table, whole


def _normal(scheme: Scheme, codes: list[str], place: str) -> frozenset[str]:
    if not codes:
        raise InputError(f"{place} has no code: leave it out", place=place)
    try:
        return frozenset(scheme.normalise(code) for code in codes)
    except SchemeError as error:
        raise InputError(
            f"{place}: {error.message}; correct the code or empty the cell",
            place=place,
            scheme=scheme.name,
        ) from error
