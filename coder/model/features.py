"""N-gram features: TF-IDF over words and over the characters inside words.

scikit-learn chooses the vocabularies; counting is our own, because texts repeat their words: what
a word or a pair contributes is worked out once, and importing scikit-learn costs a cold start a
second.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
_WORD = re.compile(r"\w+")
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
        least, most = self.config.word_grams
        words = [one.known(self._word) for one in _word_grams(tuple(texts), most)[least - 1 :]]
        row, column = (np.concatenate(parts) for parts in zip(*words, strict=True))
        chars = _by_text([self._char_ids(text.lower()) for text in texts] if self._char else [])
        blocks = [
            _tf_idf(len(texts), row, column, self.word_idf),
            _tf_idf(len(texts), chars[0], np.fromiter(chars[1], np.int64), self.char_idf),
        ]
        return sparse.hstack(blocks, format="csr", dtype=np.float32)

    def novelty(self, texts: Sequence[str]) -> Floats:
        """Share of each text's distinct words that training never saw, (n,) in 0..1; else 1."""
        words = _word_grams(tuple(texts), self.config.word_grams[1])[0]
        strange = np.array([word not in self._word for word in words.spelling], np.bool_)
        row, number = words.distinct
        count = np.bincount(row, minlength=len(texts))
        unseen = np.bincount(row, strange[number], len(texts))
        share = np.divide(unseen, count, out=np.ones(len(texts)), where=count > 0)
        return share.astype(np.float32)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_known": {}}  # words of texts stay in this process

    def _char_ids(self, text: str) -> list[int]:
        out: list[int] = []
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


@dataclass(frozen=True)
class _Grams:
    """The n-grams of some texts: each is in text `row`, begins with word `start` of all words, and
    is spelled `spelling[number]`. The three columns are of one length."""

    row: Ints
    start: Ints
    number: Ints
    spelling: tuple[str, ...]

    @property
    def width(self) -> int:
        """A number above all numbers."""
        return max(1, len(self.spelling))

    @cached_property
    def distinct(self) -> tuple[Ints, Ints]:
        """Row and number of the n-grams, each once for a text that repeats it."""
        row, number = np.divmod(np.unique(self.row * self.width + self.number), self.width)
        return row, number

    def known(self, vocabulary: Mapping[str, int]) -> tuple[Ints, Ints]:
        """Row and column of those in a vocabulary, which is asked once for each spelling."""
        column = np.array([vocabulary.get(gram, -1) for gram in self.spelling], np.int64)
        there = column[self.number] >= 0
        return self.row[there], column[self.number[there]]


@lru_cache(maxsize=1)  # schemes that read the same texts do so one after the other
def _word_grams(texts: tuple[str, ...], most: int) -> tuple[_Grams, ...]:
    """The n-grams of 1 word, of 2 words and so on to `most`, in lower case."""
    row, spoken = _by_text([_WORD.findall(text.lower()) for text in texts])
    first: dict[str, int] = {}
    number = np.fromiter((first.setdefault(word, len(first)) for word in spoken), np.int64)
    words = _Grams(row, np.arange(len(row)), number, tuple(first))
    out = [words]
    for size in range(2, most + 1):
        out.append(_longer(out[-1], words, size))
    return tuple(out)


def _longer(grams: _Grams, words: _Grams, size: int) -> _Grams:
    """The n-grams of `size` words, from those that are one word shorter."""
    last = grams.start + size - 1
    goes_on = np.append(words.row, -1)[last] == grams.row  # the text has that word, too
    row, start, last = grams.row[goes_on], grams.start[goes_on], last[goes_on]
    pairs = grams.number[goes_on] * words.width + words.number[last]
    distinct, number = np.unique(pairs, return_inverse=True)
    both = np.divmod(distinct, words.width)
    spelling = [
        f"{grams.spelling[a]} {words.spelling[b]}"
        for a, b in zip(*(one.tolist() for one in both), strict=True)
    ]
    return _Grams(row, start, number, tuple(spelling))


def _by_text(lists: Sequence[Sequence[Any]]) -> tuple[Ints, Iterable[Any]]:
    """What is listed for each text in one row, with the number of the text."""
    row = np.repeat(np.arange(len(lists)), [len(one) for one in lists])
    return row, chain.from_iterable(lists)


def _tf_idf(n: int, row: Ints, column: Ints, idf: Floats) -> sparse.csr_matrix:
    """(n, len(idf)) rows of length 1: (1 + log count) x idf, counting the (row, column) pairs."""
    keys, counts = np.unique(row * len(idf) + column, return_counts=True)
    row, column = np.divmod(keys, max(1, len(idf)))
    value = (1 + np.log(counts)) * idf[column]
    length = np.sqrt(np.bincount(row, value * value, n))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n))])
    data = (value / length[row]).astype(np.float32)
    return sparse.csr_matrix((data, column, indptr), (n, len(idf)))


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
