"""Exact and fuzzy lookup of a title or an activity in the index of a scheme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from coder.evidence.fuzzy import FuzzyIndex
from coder.evidence.terms import Entries, load_entries
from coder.evidence.words import order_key
from coder.text import domain_of, normal
from coder.text.normal import Domain

Kind = Literal["exact", "order", "fuzzy"]
_ORDER_SCORE = 0.95


@dataclass(frozen=True, slots=True)
class Match:
    """A code whose index term resembles the text.

    score is in (0, 1]: the share of the sources that file the term under this code, times 1 for
    an exact match, 0.95 when word order, plural or spelling variant differ, and less than that
    for a fuzzy match, by the similarity of the words.
    """

    code: str
    term: str
    score: float
    kind: Kind


class IndexLookup:
    """The index of one scheme. Load it once: `IndexLookup.load("isco-08")`.

    A scheme without an index (injuries, a user's scheme) finds nothing.
    """

    def __init__(self, entries: Entries, domain: Domain) -> None:
        self._entries = entries
        self._domain: Domain = domain
        self._exact = {form: i for i, form in enumerate(entries.forms())}
        self._order: dict[str, list[int]] | None = None
        self._fuzzy: FuzzyIndex | None = None

    @classmethod
    def load(cls, scheme: str) -> IndexLookup:
        """The lookup of a shipped scheme; the same object on every call."""
        return _load(scheme)

    def __len__(self) -> int:
        return len(self._entries)

    def find(
        self, text: str, limit: int = 5, fuzzy: bool = True, ready: bool = False
    ) -> list[Match]:
        """Up to `limit` codes for `text`, best first: exact matches, else the same words in
        another order or number, else (with `fuzzy`) terms that are spelled alike.

        `ready` says that the text is in `normal` form.
        """
        return self.find_many([text], limit=limit, fuzzy=fuzzy, ready=ready)[0]

    def find_many(
        self, texts: Sequence[str], limit: int = 5, fuzzy: bool = False, ready: bool = False
    ) -> list[list[Match]]:
        """`find` for each of `texts`, in order; equal texts are looked up once."""
        known: dict[str, list[Match]] = {}
        for text in texts:
            if text not in known:
                form = text if ready else normal(text, self._domain)
                known[text] = self._find(form, limit, fuzzy) if form else []
        return [list(known[text]) for text in texts]

    def _find(self, form: str, limit: int, fuzzy: bool) -> list[Match]:
        row = self._exact.get(form)
        if row is not None:
            return self._matches([(row, 1.0)], "exact", limit)
        if rows := self._same_words(form):
            return self._matches([(row, _ORDER_SCORE) for row in rows], "order", limit)
        if not fuzzy or not self._entries:
            return []
        if self._fuzzy is None:
            self._fuzzy = FuzzyIndex(self._entries.keys())
        return self._matches(self._fuzzy.search(order_key(form), 4 * limit), "fuzzy", limit)

    def _same_words(self, form: str) -> list[int]:
        if self._order is None:
            self._order = {}
            for i, word_key in enumerate(self._entries.keys()):
                self._order.setdefault(word_key, []).append(i)
        key = order_key(form)
        return self._order.get(key, []) if key else []

    def _matches(self, rows: list[tuple[int, float]], kind: Kind, limit: int) -> list[Match]:
        """One match per code: the best of its terms; shares of equally good terms are averaged."""
        best = max((score for _, score in rows), default=0.0)
        level = [row for row, score in rows if score == best]
        found: dict[str, Match] = {}
        for row, score in rows:
            entry = self._entries[row]
            among = len(level) if score == best else 1
            for code, share in entry.codes:
                value = score * share / among
                if code in found:
                    old = found[code]
                    value = old.score + value if score == best else old.score
                    found[code] = Match(code, old.term, min(value, 1.0), kind)
                else:
                    found[code] = Match(code, entry.term, value, kind)
        ranked = sorted(found.values(), key=lambda match: (-match.score, match.code))
        return ranked[:limit]


@lru_cache(maxsize=8)
def _load(scheme: str) -> IndexLookup:
    return IndexLookup(load_entries(scheme), domain_of(scheme))
