"""N-gram features: TF-IDF over words and over the characters inside words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float32]
_WORD = r"(?u)\b\w+\b"


@dataclass(frozen=True)
class FeatureConfig:
    """What is counted. An n-gram enters the vocabulary when `min_rows` texts have it."""

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
        self._word = _vectorizer("word", config.word_grams, words, word_idf)
        self._char = _vectorizer("char_wb", config.char_grams, chars, char_idf)
        self._single = {word for word in self.words if " " not in word}

    @classmethod
    def fit(cls, texts: Sequence[str], config: FeatureConfig) -> Features:
        """Choose the vocabularies; the most frequent n-grams stay when there are too many."""
        word = _vectorizer("word", config.word_grams)
        char = _vectorizer("char_wb", config.char_grams)
        word.set_params(min_df=min(config.word_min_rows, len(texts)), max_features=config.max_words)
        char.set_params(min_df=min(config.char_min_rows, len(texts)), max_features=config.max_chars)
        word.fit(texts)
        char.fit(texts)
        return cls(
            config,
            word.get_feature_names_out().tolist(),
            char.get_feature_names_out().tolist(),
            word.idf_.astype(np.float32),
            char.idf_.astype(np.float32),
        )

    def transform(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Sparse float32 features of shape (n, words + chars)."""
        blocks = [self._word.transform(texts), self._char.transform(texts)]
        return sparse.hstack(blocks, format="csr", dtype=np.float32)

    def novelty(self, texts: Sequence[str]) -> Floats:
        """Share of each text's distinct words that training never saw, (n,) in 0..1; else 1."""
        tokens = self._word.build_tokenizer()
        out = np.ones(len(texts), np.float32)
        for row, text in enumerate(texts):
            words = set(tokens(text.lower()))
            if words:
                out[row] = len(words - self._single) / len(words)
        return out


def _vectorizer(
    analyzer: str,
    grams: tuple[int, int],
    vocabulary: Sequence[str] | None = None,
    idf: Floats | None = None,
) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    given = None if vocabulary is None else {gram: i for i, gram in enumerate(vocabulary)}
    vectorizer = TfidfVectorizer(
        analyzer=analyzer,
        ngram_range=grams,
        vocabulary=given,
        token_pattern=_WORD if analyzer == "word" else None,
        sublinear_tf=True,
        dtype=np.float32,
    )
    if idf is not None:
        vectorizer.idf_ = idf
    return vectorizer
