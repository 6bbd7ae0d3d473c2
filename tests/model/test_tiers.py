"""The fast tier: token vectors first, the encoder where they are not sure."""

import pickle
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from coder.errors import ModelError
from coder.model.calibration import switch
from coder.model.encoder import STATIC, Encoder, load_encoder
from coder.model.encoder.static_encoder import StaticEncoder
from coder.model.model import Model, Tier
from coder.model.train import train
from coder.resources import shipped
from coder.text import Prepared
from tests.model.helpers import animals, sample, shipped_encoder, small

NEW = [
    Prepared("a puppy with a leash", "", None),
    Prepared("quacks on the pond", "", None),
    Prepared("garden", "", None),
]


@lru_cache(maxsize=1)
def static() -> Encoder:
    return load_encoder(shipped("models", STATIC))


@lru_cache(maxsize=1)
def both() -> Model:
    return train(animals(), sample(), shipped_encoder(), small(), None, False, static())[0]


class Counting:
    """An encoder that notes how many texts it was asked for."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder, self.asked = encoder, 0
        self.name, self.fingerprint = encoder.name, encoder.fingerprint
        self.folder, self.dimensions = encoder.folder, encoder.dimensions

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += len(texts)
        return self._encoder.encode(texts)


def test_auto_is_fast_where_sure_and_accurate_elsewhere() -> None:
    fast, accurate = (tiered(tier).probabilities(NEW).values for tier in ("fast", "accurate"))
    assert not np.array_equal(fast, accurate)
    sure = float(np.sort(fast.max(axis=1))[1])  # the two surest stay with the fast tier
    counting = Counting(shipped_encoder())
    model = tiered("auto", sure)
    model.encoder = counting
    mixed = model.probabilities(NEW).values
    kept = fast.max(axis=1) >= sure
    assert np.array_equal(mixed[kept], fast[kept])
    assert np.array_equal(mixed[~kept], accurate[~kept])
    assert counting.asked == 1


def tiered(tier: Tier, sure: float | None = None) -> Model:
    model = both()
    assert model.fast is not None
    fast = model.fast if sure is None else replace(model.fast, sure=sure)
    return replace(model, tier=tier, fast=fast)


def test_the_fast_tier_never_asks_the_encoder() -> None:
    model = tiered("fast")
    model.encoder = counting = Counting(shipped_encoder())
    model.probabilities(NEW)
    assert counting.asked == 0


@given(st.lists(st.text(max_size=60) | st.sampled_from(["don't", "x" * 300, "a b " * 200])))
def test_words_tokenised_one_by_one_are_the_tokens_of_the_text(texts: list[str]) -> None:
    encoder = static()
    assert isinstance(encoder, StaticEncoder)
    whole = encoder._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    assert encoder._tokens(texts) == [one.ids for one in whole]


def test_the_words_of_texts_stay_in_the_process() -> None:
    encoder = static()
    encoder.encode(["secretword in a text"])
    assert b"secretword" not in pickle.dumps(encoder)


@pytest.mark.parametrize("tier", ["auto", "fast", "accurate"])
def test_a_text_gets_the_same_answer_in_any_company(tier: Tier) -> None:
    model = tiered(tier)
    many = [Prepared(f"the puppy swims {i}", "", None) for i in range(90)]
    together = model.probabilities(many).values
    alone = np.vstack([model.probabilities([one]).values for one in many[::30]])
    assert (together[::30] == alone).all()


def test_what_is_read_back_says_the_same_in_every_tier(tmp_path: Path) -> None:
    both().save(tmp_path / "animals")
    hashes = set()
    for tier in ("auto", "fast", "accurate"):
        again = Model.load(tmp_path / "animals", tier)
        assert np.array_equal(
            again.probabilities(NEW).values, tiered(tier).probabilities(NEW).values
        )
        hashes.add(again.hash)
    assert len(hashes) == 3  # other probabilities need other policies


def test_token_vectors_are_checked(tmp_path: Path) -> None:
    for file in static().folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert load_encoder(tmp_path).fingerprint == static().fingerprint
    with (tmp_path / "vectors.safetensors").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ModelError, match=r"vectors\.safetensors has been changed"):
        load_encoder(tmp_path)


def test_vectors_are_means_of_length_one() -> None:
    encoder = static()
    found = encoder.encode(["hand", "hand hand", "", "foot"])
    assert np.allclose(np.linalg.norm(found[[0, 1, 3]], axis=1), 1, atol=1e-5)
    assert np.allclose(found[0], found[1], atol=1e-6)
    assert (found[2] == 0).all()


def test_the_switch_is_the_lowest_that_loses_little() -> None:
    quick = np.array([[0.6, 0.4], [0.9, 0.1], [0.7, 0.3], [0.8, 0.2]], np.float32)
    slow = np.array([[0.1, 0.9], [0.9, 0.1], [0.4, 0.6], [0.8, 0.2]], np.float32)
    third = 0.4 * np.log(0.4 / 0.7) + 0.6 * np.log(0.6 / 0.3)
    fourth = 0.1 * np.log(0.1 / 0.6) + 0.9 * np.log(0.9 / 0.4)
    # by falling probability, leaving a row to the quick model costs 0, 0, `third` and `fourth`
    assert switch(quick, slow, 0.0) == pytest.approx(0.8)
    assert switch(quick, slow, 1.01 * third / 4) == pytest.approx(0.7)
    assert switch(quick, slow, 0.99 * (third + fourth) / 4) == pytest.approx(0.7)
    assert switch(quick, slow, 1.01 * (third + fourth) / 4) == pytest.approx(0.6)
    assert switch(quick, 1 - quick, 0.0) == 2.0


def test_where_both_say_the_same_everything_is_left_to_the_quick_model() -> None:
    quick = np.array([[0.6, 0.4], [0.2, 0.8]], np.float32)
    assert switch(quick, quick, 0.0) == pytest.approx(0.6)


def test_a_surer_answer_is_worth_asking_for_and_impossible_codes_cost_a_finite_amount() -> None:
    quick = np.array([[0.6, 0.4], [1.0, 0.0]], np.float32)
    surer = np.array([[0.99, 0.01], [1.0, 0.0]], np.float32)
    assert switch(quick, surer, 0.01) == 1.0
    assert switch(quick, 1 - quick, 20.0) == pytest.approx(0.6)
