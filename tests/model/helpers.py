"""A small scheme and a small world of texts, for models that train in a second."""

from __future__ import annotations

import random
from functools import lru_cache

from coder.model.encoder import Encoder, load_encoder
from coder.model.features import FeatureConfig
from coder.model.model import Model
from coder.model.scores import Score
from coder.model.train import Rows, Settings, train
from coder.schemes import Code, Scheme
from coder.text import Prepared

WORDS = {
    "11": ("barks", "bone", "leash", "puppy", "kennel"),
    "12": ("meows", "whisker", "purrs", "kitten", "mouse"),
    "21": ("hoots", "night", "forest", "feather", "silent"),
    "22": ("quacks", "pond", "swims", "duckling", "bread"),
}


def animals() -> Scheme:
    codes = [
        Code("1", "Mammals", 1, None),
        Code("11", "Dogs", 2, "1"),
        Code("12", "Cats", 2, "1"),
        Code("2", "Birds", 1, None),
        Code("21", "Owls", 2, "2"),
        Code("22", "Ducks", 2, "2"),
    ]
    return Scheme("animals", "Animals", codes)


def text_of(code: str, rng: random.Random) -> str:
    return " ".join([*rng.choices(WORDS[code], k=3), "garden", str(rng.randrange(99))])


def sample(n: int = 240, seed: int = 3, coarse: float = 0.0) -> Rows:
    """`coarse` is the share of rows whose label is only the level 1 code."""
    rng = random.Random(seed)
    rows = Rows([], [], [])
    parts = ["fit"] * 7 + ["calibrate", "tune", "test"]
    for i in range(n):
        code = rng.choice(sorted(WORDS))
        label = frozenset([code[0] if rng.random() < coarse else code])
        source = "zoo" if i % 3 else "farm"
        rows.add(Prepared(text_of(code, rng), "", None), label, source, parts[i % 10])
    return rows


@lru_cache(maxsize=1)
def shipped_encoder() -> Encoder:
    return load_encoder()


def small() -> Settings:
    config = FeatureConfig(char_grams=(3, 3), char_min_rows=2)
    return Settings(features=config, epochs=4, batch=16)


@lru_cache(maxsize=1)
def trained() -> tuple[Model, list[Score]]:
    return train(animals(), sample(), shipped_encoder(), small(), shipped_scheme=False)
