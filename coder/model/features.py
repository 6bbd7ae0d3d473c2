"""N-gram features: TF-IDF over words and over the characters inside words.

scikit-learn chooses the vocabularies; counting is our own, because texts repeat their words: what
a word contributes is worked out once, and importing scikit-learn costs a cold start a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float32]
_WORD = re.compile(r"(?u)\b\w+\b")
_REMEMBERED = 200_000  # words whose character n-grams are kept


@dataclass(frozen=True)
class FeatureConfig:
    """What is counted. An n-gram enters the vocabulary when `min_rows` texts have it.

    `max_chars` 0 leaves the characters out: long texts need them little, and pay for each.
    """

    word_grams: tuple[int, int] = (1, 2)
    char_grams: tuple[int, int] = (3, 5)
    word_min_rows: int = 2
    char_min_rows: int = 4
    max_words: int = 60_000
    max_chars: int = 60_000

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> FeatureConfig:
        pairs = {k: tuple(v) for k, v in values.items() if isinstance(v, list)}
        return cls(**{**values, **pairs})


class Features:
    """Fitted vocabularies. `transform` gives (n, words + chars), each block of length 1."""

    def __init__(
        self,
        config: FeatureConfig,
        words: Sequence[str],
        chars: Sequence[str],
        word_idf: Floats,
        char_idf: Floats,
    ) -> None:
        self.config, self.words, self.chars = config, tuple(words), tuple(chars)
        self.word_idf, self.char_idf = word_idf, char_idf
        self._word = {gram: i for i, gram in enumerate(self.words)}
        self._char = {gram: i for i, gram in enumerate(self.chars)}
        self._known: dict[str, list[int]] = {}  # a word's character n-grams

    @classmethod
    def fit(cls, texts: Sequence[str], config: FeatureConfig) -> Features:
        """Choose the vocabularies; the most frequent n-grams stay when there are too many."""
        words, word_idf = _choose(
            texts, "word", config.word_grams, config.word_min_rows, config.max_words
        )
        chars, char_idf = _choose(
            texts, "char_wb", config.char_grams, config.char_min_rows, config.max_chars
        )
        return cls(config, words, chars, word_idf, char_idf)

    def transform(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Sparse float32 features of shape (n, words + chars): what TfidfVectorizer gives for
        words, and for characters inside words, with sublinear counts."""
        lower = [text.lower() for text in texts]
        blocks = [
            _tf_idf([self._word_ids(text) for text in lower], self.word_idf),
            _tf_idf([self._char_ids(text) for text in lower], self.char_idf),
        ]
        return sparse.hstack(blocks, format="csr", dtype=np.float32)

    def novelty(self, texts: Sequence[str]) -> Floats:
        """Share of each text's distinct words that training never saw, (n,) in 0..1; else 1."""
        out = np.ones(len(texts), np.float32)
        for row, text in enumerate(texts):
            words = set(_WORD.findall(text.lower()))
            if words:
                out[row] = sum(word not in self._word for word in words) / len(words)
        return out

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_known": {}}  # words of texts stay in this process

    def _word_ids(self, text: str) -> list[int]:
        least, most = self.config.word_grams
        words = _WORD.findall(text)
        grams = list(words) if least == 1 else []
        for size in range(max(least, 2), most + 1):
            starts = range(len(words) - size + 1)
            grams += [" ".join(words[start : start + size]) for start in starts]
        found: Callable[[str], int | None] = self._word.get
        return [i for i in map(found, grams) if i is not None]

    def _char_ids(self, text: str) -> list[int]:
        out: list[int] = []
        if not self._char:
            return out
        known = self._known
        for word in text.split():
            ids = known.get(word)
            if ids is None:
                grams = _inside(word, *self.config.char_grams)
                ids = [i for i in map(self._char.get, grams) if i is not None]
                if len(known) < _REMEMBERED:
                    known[word] = ids
            out += ids
        return out


def _inside(word: str, least: int, most: int) -> list[str]:
    """The character n-grams of a word with a blank at either end; a short word is one of each."""
    padded = f" {word} "
    out = []
    for size in range(least, most + 1):
        out += [padded[i : i + size] for i in range(max(1, len(padded) - size + 1))]
        if len(padded) <= size:  # longer n-grams would count the whole word again
            break
    return out


def _tf_idf(ids: Sequence[Sequence[int]], idf: Floats) -> sparse.csr_matrix:
    """(n, len(idf)) rows of length 1: (1 + log count) x idf."""
    shape = (len(ids), len(idf))
    rows = np.repeat(np.arange(len(ids)), [len(one) for one in ids])
    flat = np.fromiter((i for one in ids for i in one), np.int64, len(rows))
    keys, counts = np.unique(rows * len(idf) + flat, return_counts=True)
    row, column = np.divmod(keys, max(1, len(idf)))
    value = (1 + np.log(counts)) * idf[column]
    length = np.sqrt(np.bincount(row, value * value, len(ids)))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(ids)))])
    data = (value / length[row]).astype(np.float32)
    return sparse.csr_matrix((data, column, indptr), shape)


def _choose(
    texts: Sequence[str], analyzer: str, grams: tuple[int, int], least: int, most: int
) -> tuple[list[str], Floats]:
    if most == 0:
        return [], np.zeros(0, np.float32)
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        analyzer=analyzer,
        ngram_range=grams,
        token_pattern=_WORD.pattern if analyzer == "word" else None,
        min_df=min(least, len(texts)),
        max_features=most,
    ).fit(texts)
    return vectorizer.get_feature_names_out().tolist(), vectorizer.idf_.astype(np.float32)
