"""Codes that do not go together: between two schemes, or between a code and the text's words.

The tables lie in `training_data/consistency/`. They list what hardly ever happens; a pair found
there is no proof of an error, it is a reason for a person to look.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coder.errors import InputError
from coder.resources import shipped
from coder.schemes import Scheme, load_scheme

PHRASES = "phrases.csv"


@dataclass(frozen=True)
class PairTable:
    """Pairs of codes of two schemes that do not go together.

    `pairs` maps (code of `first`, code of `second`) to the reason. A coarse code stands for all
    codes below it; a decision coarser than the entry is not flagged.
    """

    first: str
    second: str
    pairs: Mapping[tuple[str, str], str]

    @cached_property
    def expanded(self) -> dict[tuple[str, str], str]:
        """The pairs with every code below the listed ones."""
        one, two = load_scheme(self.first), load_scheme(self.second)
        return {
            (a, b): reason
            for (high, low), reason in self.pairs.items()
            for a in below(one, high)
            for b in below(two, low)
        }


@dataclass(frozen=True)
class PhraseTable:
    """Phrases that leave only some codes of a scheme: (phrases, codes allowed, reason) per row."""

    scheme: str
    rows: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches any phrase, as whole words, in casefolded text."""
        phrases = sorted({phrase for row in self.rows for phrase in row[0]}, key=len, reverse=True)
        return re.compile(r"\b(?:" + "|".join(map(re.escape, phrases)) + r")\b")

    @cached_property
    def anchors(self) -> tuple[str, ...]:
        """Words without which no phrase can match: ten times faster than the pattern."""
        phrases = (phrase for row in self.rows for phrase in row[0])
        return tuple(sorted({max(phrase.split(), key=len) for phrase in phrases}))

    @cached_property
    def allowed(self) -> dict[str, tuple[frozenset[str], str]]:
        """Per phrase the codes allowed, with those above and below them, and the reason."""
        scheme = load_scheme(self.scheme)
        found = {}
        for phrases, codes, reason in self.rows:
            fit = {fine for code in codes for fine in (*below(scheme, code), *scheme.path(code))}
            found.update(dict.fromkeys(phrases, (frozenset(fit), reason)))
        return found


@dataclass(frozen=True)
class Tables:
    """All consistency tables."""

    pairs: tuple[PairTable, ...]
    phrases: tuple[PhraseTable, ...]


def below(scheme: Scheme, code: str) -> list[str]:
    """`code` and every code under it."""
    found = [code]
    for child in scheme.children(code):
        found += below(scheme, child)
    return found


def load_tables(folder: str | Path | None = None) -> Tables:
    """The shipped tables, or those in `folder`. Raises InputError for an unknown code."""
    return _load(Path(folder) if folder else shipped("training_data", "consistency"))


@lru_cache(maxsize=4)
def _load(folder: Path) -> Tables:
    pairs: list[PairTable] = []
    phrases: dict[str, list[tuple[tuple[str, ...], tuple[str, ...], str]]] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        try:
            if path.name == PHRASES:
                for row in rows:
                    codes = tuple(row["codes"].split("|"))
                    _known(path, row["scheme"], codes)
                    entry = (tuple(row["phrases"].casefold().split("|")), codes, row["reason"])
                    phrases.setdefault(row["scheme"], []).append(entry)
            elif rows:
                first, second = list(rows[0])[:2]
                _known(path, first, [row[first] for row in rows])
                _known(path, second, [row[second] for row in rows])
                listed = {(row[first], row[second]): row["reason"] for row in rows}
                pairs.append(PairTable(first, second, listed))
        except KeyError as error:
            raise InputError(f"{path.name} lacks the column {error}", file=path.name) from error
    texts = tuple(PhraseTable(scheme, tuple(rows)) for scheme, rows in phrases.items())
    return Tables(tuple(pairs), texts)


def _known(path: Path, scheme: str, codes: Sequence[str]) -> None:
    there = load_scheme(scheme)
    for number, code in enumerate(codes, start=2):
        if code not in there:
            raise InputError(
                f"{path.name} row {number}: {scheme} has no code {code!r}",
                file=path.name,
                row=number,
            )


def pair_flags(
    codes: Mapping[str, Sequence[str | None]], tables: Tables | None = None
) -> dict[str, list[tuple[int, str]]]:
    """Per scheme the (row, reason) of records whose codes do not go together, rows ascending.

    `codes` has the decided codes per scheme, None where there is none. Both schemes of a pair
    are flagged: which of the two is wrong is for the clerk to see.
    """
    flags: dict[str, dict[int, str]] = {scheme: {} for scheme in codes}
    for table in (tables or load_tables()).pairs:
        if table.first in codes and table.second in codes:
            for row, reason in _matches(table, codes[table.first], codes[table.second]):
                flags[table.first].setdefault(row, reason)
                flags[table.second].setdefault(row, reason)
    return {scheme: sorted(found.items()) for scheme, found in flags.items()}


def _matches(
    table: PairTable, first: Sequence[str | None], second: Sequence[str | None]
) -> list[tuple[int, str]]:
    one, places = _numbered(first)
    two, others = _numbered(second)
    reasons = [[table.expanded.get((a, b)) if a and b else None for b in two] for a in one]
    bad = np.array([[reason is not None for reason in row] for row in reasons], np.bool_)
    if not bad.size:
        return []
    rows = np.flatnonzero(bad[places, others]).tolist()
    return [(row, str(reasons[places[row]][others[row]])) for row in rows]


def _numbered(codes: Sequence[str | None]) -> tuple[list[str | None], NDArray[np.intp]]:
    """The distinct codes, and for each row the number of its code."""
    place: dict[str | None, int] = {}
    numbers = np.fromiter((place.setdefault(c, len(place)) for c in codes), np.intp, len(codes))
    return list(place), numbers


def phrase_flags(
    scheme: str,
    texts: Sequence[str],
    codes: Sequence[str | None],
    tables: Tables | None = None,
) -> list[tuple[int, str]]:
    """The (row, reason) of records whose code contradicts a phrase of their text.

    "fractured tooth" coded to the foot. Records without a code are not looked at.
    """
    found: list[tuple[int, str]] = []
    for table in (tables or load_tables()).phrases:
        if table.scheme != scheme:
            continue
        for row, (text, code) in enumerate(zip(texts, codes, strict=True)):
            if code is None:
                continue
            folded = text.casefold()
            if not any(anchor in folded for anchor in table.anchors):
                continue
            for match in table.pattern.finditer(folded):
                fit, reason = table.allowed[match.group()]
                if code not in fit:
                    found.append((row, reason))
                    break
    return found
