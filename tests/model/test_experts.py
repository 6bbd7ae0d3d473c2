"""Experts that read the n-grams and the embedding apart, and what they are for."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coder.model.encoder import Encoder
from coder.model.model import Model
from coder.model.scores import score_rows
from coder.model.softmax import Floats
from coder.model.train import APART, FIT, TEST, Expert, Rows, Settings, train
from tests.model.helpers import WORDS, animals, sample, small


class Crammer(Encoder):
    """Knows the answer for every text that it was tuned on, and half of the others."""

    def __init__(self, rows: Rows) -> None:
        self.name, self.fingerprint, self.folder = "crammer", "crammer", Path("crammer")
        self.dimensions = len(WORDS)
        codes = sorted(WORDS)
        self.answers = {}
        random = np.random.default_rng(5)
        for prepared, label, part in zip(rows.prepared, rows.labels, rows.part, strict=True):
            place = codes.index(next(iter(label)))
            if part != FIT and random.random() < 0.5:
                place = int(random.integers(len(codes)))
            self.answers[prepared.main] = place

    def encode(self, texts: Sequence[str]) -> Floats:
        return np.eye(self.dimensions, dtype=np.float32)[[self.answers[text] for text in texts]]


def accuracy(model: Model, rows: Rows) -> float:
    here = rows.where(TEST)
    p = model.probabilities([rows.prepared[i] for i in here])
    return score_rows(p, [rows.labels[i] for i in here], ["test"] * len(here))[-1].top1


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Half of the words are anybody's, so that neither words nor encoder settle it alone."""
    random, made = np.random.default_rng(7), sample(900)
    every = [word for own in WORDS.values() for word in own]
    for i, prepared in enumerate(made.prepared):
        words = [
            random.choice(every) if random.random() < 0.5 else w for w in prepared.main.split()
        ]
        made.prepared[i] = replace(prepared, main=" ".join([*words, str(i)]))
    return made


def test_ngrams_apart_mend_an_encoder_that_has_read_the_rows(rows: Rows) -> None:
    encoder = Crammer(rows)
    how = replace(small(), dense_scale=10.0)
    together, _ = train(animals(), rows, encoder, how, shipped_scheme=False)
    apart = replace(how, experts=APART)
    mended, _ = train(animals(), rows, encoder, apart, shipped_scheme=False)
    assert accuracy(mended, rows) > accuracy(together, rows) + 0.02


def test_an_expert_of_one_kind_gives_the_other_no_weight(rows: Rows) -> None:
    encoder = Crammer(rows)
    for expert, words in ((Expert(embedding=False), True), (Expert(ngrams=False), False)):
        how = replace(small(), experts=(expert,))
        model, _ = train(animals(), rows, encoder, how, shipped_scheme=False)
        assert bool(model.linear.sparse.nnz) is words
        assert bool(np.any(model.linear.dense)) is not words


def test_an_expert_learns_from_its_sources_only() -> None:
    """The zoo's labels, two in three, are turned round: an expert of the farm does not mind."""
    rows = sample(900)
    turned = {"11": "12", "12": "11", "21": "22", "22": "21"}
    for i in rows.where(FIT):
        if rows.source[i] == "zoo":
            rows.labels[i] = frozenset(turned[code] for code in rows.labels[i])
    farm = Settings(small().features, (Expert(sources=frozenset({"farm"})),), epochs=4, batch=16)
    model, _ = train(animals(), rows, Crammer(rows), farm, shipped_scheme=False)
    assert accuracy(model, rows) > 0.95
