"""Find a code by words: titles and index terms together, misspellings and word order forgiven."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz, process, utils

from coder.schemes.index import IndexTerm, load_index
from coder.schemes.scheme import Scheme

_CUTOFF = 60.0
# A part of a longer term ("welder" in "Welder, gas") counts, but less than the whole term.
_PART = 0.9


class Found(NamedTuple):
    """A code with the term that led to it; `score` is 0 to 100, 100 for the same words."""

    code: str
    term: str
    source: str
    score: float


def search(scheme: Scheme, query: str, limit: int = 10) -> list[Found]:
    """The codes whose title or index terms are nearest to `query`, one row each, best first.

    The score is the better of the token-sort ratio (whole terms, any word order) and nine tenths
    of the token-set ratio (some of the words). An empty list when nothing comes near.
    """
    terms, keys = _searchable(scheme)
    wanted = utils.default_process(query)
    if not wanted:
        return []
    best: dict[str, Found] = {}
    for scorer, weight in ((fuzz.token_sort_ratio, 1.0), (fuzz.token_set_ratio, _PART)):
        rows = process.extract(
            wanted, keys, scorer=scorer, score_cutoff=_CUTOFF, limit=20 * limit, processor=None
        )
        for _, score, number in rows:
            term = terms[number]
            kept = best.get(term.code)
            if kept is None or score * weight > kept.score:
                best[term.code] = Found(term.code, term.term, term.source, score * weight)
    return sorted(best.values(), key=lambda found: (-found.score, found.code))[:limit]


@lru_cache(maxsize=8)
def _searchable(scheme: Scheme) -> tuple[list[IndexTerm], list[str]]:
    titles = [IndexTerm(entry.title, entry.code, "title") for entry in scheme.codes.values()]
    terms = titles + list(load_index(scheme.name))
    return terms, [utils.default_process(term.term) for term in terms]
