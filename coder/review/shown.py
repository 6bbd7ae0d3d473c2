"""An item as a person sees it: the candidates with title and place in the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coder.review.models import Item
from coder.schemes import Scheme

MOST = 9  # one digit key each


@dataclass(frozen=True, slots=True)
class Candidate:
    """A code to choose: `path` are the titles above it, coarsest first; probability 0 to 1,
    None when the engine gave none."""

    code: str
    title: str
    level: int
    path: tuple[str, ...]
    probability: float | None


def candidates(item: Item, scheme: Scheme, chosen: Sequence[str] = ()) -> list[Candidate]:
    """Up to nine codes: those that people chose before (for an adjudicator), what the engine
    suggested by probability, then the rest of its set.

    Codes that the scheme does not have (an older version) are left out.
    """
    probability = {str(code): float(p) for code, p in item.suggestions}
    codes = dict.fromkeys([*chosen, *probability, *item.candidates])
    return [candidate(scheme, c, probability.get(c)) for c in codes if c in scheme][:MOST]


def candidate(scheme: Scheme, code: str, probability: float | None = None) -> Candidate:
    """One code of the scheme, ready to show."""
    entry = scheme[code]
    return Candidate(code, entry.title, entry.level, titles_above(scheme, code), probability)


def titles_above(scheme: Scheme, code: str) -> tuple[str, ...]:
    """The titles of the codes above `code`, coarsest first."""
    return tuple(scheme[c].title for c in scheme.path(code)[:-1])
