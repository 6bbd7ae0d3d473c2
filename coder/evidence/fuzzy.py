"""Terms that are spelled like a text: blocked by their words, then compared with RapidFuzz."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

_CANDIDATES = 60
_NEAR_WORDS = 6
_MIN_WORD = 4
_CUTOFF = 60.0
_LOWEST = 0.6
_CEILING = 0.9  # a fuzzy match never reaches the score of an exact one


class FuzzyIndex:
    """Search over `keys` (order keys) in two steps.

    1. Every word of the query, or what it may be a misspelling of (at most a third of its letters
       changed, first found by shared trigrams), votes for the terms that hold it, with the weight
       of its rarity. 2. The best voted terms are compared with the whole query: the score is the
       mean of the RapidFuzz ratio of the sorted words and of the share of weight in common, so
       that "manager" is not taken for a misspelt "arts manager".
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = list(keys)
        words: dict[str, list[int]] = {}
        lengths = np.zeros(len(keys), dtype=np.float32)
        for i, key in enumerate(keys):
            for word in key.split():
                words.setdefault(word, []).append(i)
        self._rows = {word: np.asarray(rows, dtype=np.int32) for word, rows in words.items()}
        self._weight = {
            word: float(np.log1p(len(keys) / len(rows))) for word, rows in words.items()
        }
        for word, rows_of in self._rows.items():
            lengths[rows_of] += self._weight[word]
        self._total = lengths
        self._vocabulary = [word for word in self._rows if len(word) >= _MIN_WORD]
        self._trigrams: dict[str, list[int]] = {}
        for i, word in enumerate(self._vocabulary):
            for gram in _grams(word):
                self._trigrams.setdefault(gram, []).append(i)
        self._near = lru_cache(maxsize=20_000)(self._near_words)

    def search(self, key: str, limit: int) -> list[tuple[int, float]]:
        """(row of `keys`, score below 0.9) of the terms most like `key`, best first."""
        votes = self._votes(key.split())
        if votes is None:
            return []
        count = min(_CANDIDATES, int(np.count_nonzero(votes)))
        rows = np.argpartition(-votes, count - 1)[:count]
        rows = rows[np.lexsort((rows, -votes[rows]))]
        found = process.extract(
            key,
            [self._keys[row] for row in rows],
            scorer=fuzz.token_sort_ratio,
            score_cutoff=_CUTOFF,
            limit=_CANDIDATES,
        )
        scored = [
            (int(rows[place]), round(_CEILING * (ratio / 100 + float(votes[rows[place]])) / 2, 4))
            for _, ratio, place in found
        ]
        return sorted((s for s in scored if s[1] >= _LOWEST), key=lambda s: (-s[1], s[0]))[:limit]

    def _votes(self, words: list[str]) -> NDArray[np.float32] | None:
        """Share of the weight that query and term have in common, per term (n,), in 0..1."""
        common = np.zeros(len(self._keys), dtype=np.float32)
        query = 0.0
        for word in words:
            near = ((word, 1.0),) if word in self._rows else self._near(word)
            query += max((self._weight[w] for w, _ in near), default=3.0)
            share = np.zeros(len(self._keys), dtype=np.float32) if len(near) > 1 else common
            for other, likeness in near:
                rows = self._rows[other]
                value = self._weight[other] * likeness
                if share is common:
                    common[rows] += value
                else:
                    share[rows] = np.maximum(share[rows], value)
            if share is not common:
                common += share
        if not common.any():
            return None
        return 2 * common / (self._total + np.float32(query))

    def _near_words(self, word: str) -> tuple[tuple[str, float], ...]:
        """Words of the index that `word` may be a misspelling of, with their likeness (0..1)."""
        if len(word) < _MIN_WORD:
            return ()
        shared: Counter[int] = Counter()
        for gram in _grams(word):
            shared.update(self._trigrams.get(gram, ()))
        candidates = [self._vocabulary[i] for i, _ in shared.most_common(150)]
        likely = process.extract(
            word,
            candidates,
            scorer=Levenshtein.normalized_similarity,
            score_cutoff=0.6,
            limit=_NEAR_WORDS,
        )
        return tuple((other, float(score)) for other, score, _ in likely)


def _grams(word: str) -> list[str]:
    """Distinct bigrams of the padded word: short enough to survive one wrong letter in a short
    word. In order, because ties between terms go to the one met first: a set has another order in
    every process."""
    padded = f"^{word}$"
    return list(dict.fromkeys(padded[i : i + 2] for i in range(len(padded) - 1)))
