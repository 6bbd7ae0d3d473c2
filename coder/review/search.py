"""Searching codes while a clerk types: titles and index terms, misspelt words, beginnings."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import numpy as np
from rapidfuzz import fuzz, process

from coder.review.shown import Candidate, candidate
from coder.schemes import Scheme, load_index

_ALIKE = 72.0  # the least likeness (0 to 100) at which a word may be a misspelling
_BEGINNING = 96.0
_LONG = 0.15  # what each further word of a title costs: "Nurse" before "Nurse, head, hospital"
_TITLE = 0.5  # a title beats an index term that is as good


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c))
    return plain.split()


class CodeSearch:
    """The words of a scheme's titles and index terms, ready to be searched."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        entries = [(c.code, c.title, _TITLE) for c in scheme.codes.values()]
        entries += [(t.code, t.term, 0.0) for t in load_index(scheme.name) if t.code in scheme]
        places: dict[str, list[int]] = {}
        costs = []
        for number, (_, text, bonus) in enumerate(entries):
            words = dict.fromkeys(_words(text))
            costs.append(bonus - _LONG * len(words))
            for word in words:
                places.setdefault(word, []).append(number)
        self._codes = [code for code, _, _ in entries]
        self._costs = np.array(costs)
        self._vocabulary = list(places)
        self._places = [np.array(p) for p in places.values()]

    def find(self, query: str, limit: int = 10) -> list[Candidate]:
        """Up to `limit` codes, best first: the code itself, codes that begin with the query, then
        entries by how well each word of the query is met. All words must be met somehow."""
        asked = " ".join(query.split())[:200]
        found: dict[str, None] = {}
        if asked and any(c.isdigit() for c in asked):
            found.update(dict.fromkeys(c for c in self.scheme.codes if c.startswith(asked)))
        words = _words(asked)[:8]
        if words:
            found.update(dict.fromkeys(self._by_words(words, limit)))
        return [candidate(self.scheme, code) for code in list(found)[:limit]]

    def _by_words(self, words: list[str], limit: int) -> list[str]:
        total = np.zeros(len(self._codes))
        met = np.ones(len(self._codes), dtype=bool)
        for word in words:
            one = self._word(word)
            met &= one > 0
            total += one
        score = np.where(met, total / len(words) + self._costs, -np.inf)
        codes: dict[str, None] = {}
        for place in np.argsort(-score, kind="stable"):
            if not np.isfinite(score[place]) or len(codes) >= limit:
                break
            codes.setdefault(self._codes[place])
        return list(codes)

    def _word(self, word: str) -> np.ndarray:
        """How well each entry meets one word, 0 to 100."""
        like = process.cdist([word], self._vocabulary, scorer=fuzz.ratio, score_cutoff=_ALIKE)[0]
        best = np.zeros(len(self._codes))
        for place, other in enumerate(self._vocabulary):
            value = float(like[place])
            if len(word) > 1 and other.startswith(word):
                value = max(value, _BEGINNING)
            if value:
                entries = self._places[place]
                best[entries] = np.maximum(best[entries], value)
        return best


@lru_cache(maxsize=16)
def code_search(scheme: Scheme) -> CodeSearch:
    """The search of a scheme; built once."""
    return CodeSearch(scheme)
