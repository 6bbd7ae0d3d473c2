"""The shipped models of mode of injury and material agency: reachable by name, small, right."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pytest

from coder import Coder
from coder.engine import SHIPPED
from coder.model.train import TEST
from coder.resources import shipped
from tests.shared import NEEDS_SHARED, SHARED

NAMES = ("injury-mode", "material-agency")
ROOT = Path(__file__).parents[2]
DATA = SHARED / "data"
LARGEST = 1_500_000  # bytes of a model's folder


@pytest.fixture(scope="module")
def engine() -> Coder:
    return Coder.load(schemes=NAMES)


def test_they_are_not_loaded_unless_asked_for() -> None:
    assert not set(NAMES) & set(SHIPPED)


@pytest.mark.parametrize("name", NAMES)
def test_they_are_small(name: str) -> None:
    assert sum(p.stat().st_size for p in shipped("models", name).iterdir()) < LARGEST


def test_paragraph_9d_mode_and_agency_of_plain_narratives(engine: Coder) -> None:
    found = engine.code("Employee fell from a ladder to the ground and broke his leg.")
    assert found["injury-mode"].suggestions[0].code == "30"
    assert found["material-agency"].suggestions[0].code in {"01", "02"}
    burnt = engine.code("Acid splashed on his arm.")
    assert burnt["injury-mode"].suggestions[0].code == "10"
    assert burnt["material-agency"].suggestions[0].code == "15"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "target"), [("injury-mode", 0.80), ("material-agency", 0.70)])
def test_held_out_severe_injuries_at_group_level(engine: Coder, name: str, target: float) -> None:
    if not DATA.is_dir():
        pytest.skip(NEEDS_SHARED)
    sys.path.insert(0, str(ROOT / "training_data" / "recipes"))
    import circumstances

    rows = circumstances.rows(DATA, name)
    chosen = [i for i in rows.where(TEST) if rows.source[i] == "severe injuries"]
    texts = pa.table({"narrative": [rows.prepared[i].main for i in chosen]})
    p, _ = engine.probabilities(texts, name)
    best = [p.codes[b] for b in p.values.argmax(axis=1)]
    right = sum(code in rows.labels[i] for code, i in zip(best, chosen, strict=True))
    assert right / len(chosen) >= target
