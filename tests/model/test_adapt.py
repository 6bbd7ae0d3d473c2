"""Teaching a model: it learns what is new, forgets little, and is not led astray by noise."""

from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from coder.errors import TrainingError
from coder.model.adapt import adapt, surest
from coder.model.model import Model
from coder.model.rivals import right
from coder.model.train import Rows, train
from coder.text import Prepared
from tests.model.helpers import animals, sample, shipped_encoder, small, trained

NEW = {"11": ("zorp", "blick"), "12": ("frumious", "vorpal"), "21": ("dax",), "22": ("wug",)}


def decisions(n: int = 120, seed: int = 5) -> Rows:
    """Texts in words that the model does not know."""
    rng = random.Random(seed)
    rows = Rows([], [], [], [])
    for i in range(n):
        code = rng.choice(sorted(NEW))
        text = " ".join([*rng.choices(NEW[code], k=3), "shed", str(rng.randrange(99))])
        part = ("calibrate", "test", *["fit"] * 8)[i % 10]
        rows.add(Prepared(text, "", None), frozenset([code]), "review", part)
    return rows


def share(model: Model, rows: Rows) -> float:
    chosen = rows.where("test")
    labels = [rows.labels[i] for i in chosen]
    return float(right(model, [rows.prepared[i] for i in chosen], labels).mean())


@lru_cache(maxsize=1)
def taught() -> Model:
    return adapt(trained()[0], decisions())


def test_it_learns_the_new_and_keeps_the_old() -> None:
    old, new = trained()[0], taught()
    unseen = decisions(400, seed=6)
    assert share(old, unseen) < 0.6
    assert share(new, unseen) > 0.9
    known = sample(400, seed=9)
    assert share(new, known) >= share(old, known) - 0.05


def test_what_it_knew_already_changes_hardly_anything() -> None:
    old, rows = trained()[0], sample(100, seed=21)
    best = old.probabilities(rows.prepared).values.argmax(axis=1)
    rows.labels = [frozenset([old.codes[i]]) for i in best]
    texts = sample(200, seed=9).prepared
    before, after = (m.probabilities(texts).values.argmax(axis=1) for m in (old, adapt(old, rows)))
    assert (before == after).mean() > 0.95


def test_the_surest_undecided_texts_remind_it_of_what_it_knew() -> None:
    old, known = trained()[0], sample(300, seed=31)
    chosen = surest(old, known.prepared, 40)
    p = old.probabilities(known.prepared).values.max(axis=1)
    assert len(chosen) == 40
    order = np.argsort(-p, kind="stable")[:40]
    assert [one.main for one, _ in chosen] == [known.prepared[i].main for i in order]
    # a clerk who calls every doubtful text a duck must not turn the sure ones into ducks
    ducks = decisions(100, seed=32)
    ducks.labels = [frozenset(["22"])] * len(ducks)
    plain, reminded = adapt(old, ducks), adapt(old, ducks, undecided=known.prepared)
    unseen = sample(300, seed=33)
    assert share(reminded, unseen) >= share(plain, unseen)
    assert share(reminded, unseen) >= share(old, unseen) - 0.05


def test_a_code_that_the_model_lacked_can_be_given_then() -> None:
    rows = sample()
    kept = [i for i in range(len(rows)) if rows.labels[i] != frozenset(["22"])]
    columns = rows.prepared, rows.labels, rows.source, rows.part
    fewer = Rows(*([values[i] for i in kept] for values in columns))
    model, _ = train(animals(), fewer, shipped_encoder(), small(), shipped_scheme=False)
    assert "22" not in model.codes
    new = adapt(model, decisions())
    assert new.codes == ("11", "12", "21", "22")
    p = new.probabilities([Prepared("wug wug wug shed 3", "", None)])
    assert p.codes[int(p.values[0].argmax())] == "22"


def test_a_coarser_decision_brings_no_code_that_the_model_lacks() -> None:
    rows = decisions()
    rows.labels = [
        frozenset(["2"]) if label == frozenset(["22"]) else label for label in rows.labels
    ]
    assert adapt(trained()[0], rows).codes == trained()[0].codes


def test_what_was_measured_is_what_is_read_back(tmp_path: Path) -> None:
    new = taught()
    new.save(tmp_path / "m")
    again = Model.load(tmp_path / "m")
    texts = decisions(30, seed=8).prepared
    assert np.array_equal(again.probabilities(texts).values, new.probabilities(texts).values)
    assert again.manifest["parent"] == trained()[0].hash
    assert again.manifest["training"]["sources"]["review"] == 120
    assert again.hash != trained()[0].hash


def test_too_few_decisions_are_refused() -> None:
    with pytest.raises(TrainingError, match="at least 30"):
        adapt(trained()[0], decisions(20))
