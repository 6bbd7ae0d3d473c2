"""Tables of patterns below training_data/evidence: what a text says when one of them matches."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from coder.resources import shipped


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression over folded text, the value that it stands for, and what follows."""

    value: str
    regex: re.Pattern[str]
    more: tuple[str, ...] = ()

    def first(self, text: str) -> str | None:
        """The words of the first match, None without one."""
        found = self.regex.search(text)
        return None if found is None else found[0].strip()


@lru_cache(maxsize=8)
def patterns(table: str) -> Mapping[str, tuple[Pattern, ...]]:
    """The rows of a table (first column -> value and pattern), in file order."""
    path = shipped("training_data", "evidence", f"{table}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        found: dict[str, list[Pattern]] = {}
        for kind, value, pattern, *more in rows:
            found.setdefault(kind, []).append(Pattern(value, re.compile(pattern), tuple(more)))
    return MappingProxyType({kind: tuple(some) for kind, some in found.items()})


def met(table: str, kind: str, text: str) -> tuple[str, str] | None:
    """(value, words) of the first pattern of a kind that the text matches."""
    for pattern in patterns(table).get(kind, ()):
        if words := pattern.first(text):
            return pattern.value, words
    return None


def masked(table: str, kind: str, text: str) -> str:
    """The text without what the patterns of a kind match."""
    for pattern in patterns(table).get(kind, ()):
        text = pattern.regex.sub(" ; ", text)
    return text
