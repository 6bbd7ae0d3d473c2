"""N-gram features against scikit-learn's, whose definition they share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from coder.model.features import FeatureConfig, Features

TEXTS = [
    "fell from the ladder and broke his left arm",
    "burnt hand on hot pipe, burnt hand again",
    "a cut on a finger",
    "Élan d'été, naïve œuvre",
    "x",
]
CONFIGS = [
    FeatureConfig(word_min_rows=1, char_min_rows=1),
    FeatureConfig(word_grams=(1, 3), char_grams=(2, 4), word_min_rows=1, char_min_rows=2),
    FeatureConfig(word_grams=(2, 2), char_grams=(4, 4), word_min_rows=1, char_min_rows=1),
]


def reference(features: Features, texts: list[str]) -> sparse.csr_matrix:
    """What TfidfVectorizer makes of the texts with the same vocabularies and weights."""
    blocks = []
    for analyzer, grams, vocabulary, idf in (
        ("word", features.config.word_grams, features.words, features.word_idf),
        ("char_wb", features.config.char_grams, features.chars, features.char_idf),
    ):
        vectorizer = TfidfVectorizer(
            analyzer=analyzer,
            ngram_range=grams,
            vocabulary={gram: i for i, gram in enumerate(vocabulary)},
            token_pattern=r"(?u)\b\w+\b" if analyzer == "word" else None,
            sublinear_tf=True,
            dtype=np.float32,
        )
        vectorizer.idf_ = idf
        blocks.append(vectorizer.transform(texts))
    return sparse.hstack(blocks, format="csr")


@pytest.mark.parametrize("config", CONFIGS)
@settings(max_examples=40)
@given(
    texts=st.lists(
        st.one_of(st.text(max_size=30), st.sampled_from(TEXTS), st.text("aehlrt \t", max_size=40)),
        min_size=1,
        max_size=5,
    )
)
def test_the_same_numbers_as_scikit_learn(config: FeatureConfig, texts: list[str]) -> None:
    features = Features.fit(TEXTS, config)
    found = features.transform(texts)
    assert found.shape == (len(texts), len(features.words) + len(features.chars))
    assert abs(found - reference(features, texts)).max() < 1e-6


def test_a_text_has_the_same_features_in_any_company() -> None:
    features = Features.fit(TEXTS, CONFIGS[0])
    together = features.transform(TEXTS)
    for row, text in enumerate(TEXTS):
        assert (together[row] != features.transform([text])).nnz == 0


def test_characters_can_be_left_out() -> None:
    features = Features.fit(TEXTS, FeatureConfig(word_min_rows=1, max_chars=0))
    assert features.chars == ()
    assert features.transform(TEXTS).shape == (len(TEXTS), len(features.words))


def test_novelty_is_the_share_of_unknown_words() -> None:
    features = Features.fit(TEXTS, CONFIGS[0])
    assert features.novelty(["fell zyxv", "fell", "", "zyxv wvut"]).tolist() == [0.5, 0, 1, 1]
