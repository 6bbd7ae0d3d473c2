"""The benchmark suite's own arithmetic, and its committed results."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from coder.evaluate.tree import Tree
from coder.text import normal

FOLDER = Path(__file__).resolve().parents[2] / "evaluation"
RESULTS = [
    path
    for path in sorted((FOLDER / "results").glob("*.json"))
    if "benchmark" in json.loads(path.read_text(encoding="utf-8"))
]


def load(name: str, folder: Path = FOLDER) -> ModuleType:
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # the scripts import their neighbours by name
    spec = importlib.util.spec_from_file_location(f"evaluation_{name}", folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


score = load("score")
OWN = {"narracoder", "narracoder-untuned"}
TREE = Tree.from_rows(
    "small",
    "",
    [("1", "", 1, None), ("11", "", 2, "1"), ("12", "", 2, "1"), ("2", "", 1, None),
     ("21", "", 2, "2")],
)  # fmt: skip
CODES = ["11", "12", "21"]


def test_probabilities_add_up_along_the_tree() -> None:
    p = np.array([[0.3, 0.3, 0.4], [0.0, 0.0, 0.0]], dtype=np.float32)
    top, value = score.best(score.at_level(TREE, 1, p, CODES))
    assert [TREE.label(int(t)) for t in top] == ["1", ""]
    assert value == pytest.approx([0.6, 0.0])
    rows = score.level_scores(TREE, p, CODES, ["12", "21"])
    assert [row["accuracy"] for row in rows] == [0.5, 0.0]


def test_the_threshold_comes_from_the_rows_set_apart() -> None:
    def of(confidence: list[float]) -> np.ndarray:
        return np.array([[c, 0, 1 - c] for c in confidence], dtype=np.float32)

    tune = of([0.9, 0.8, 0.7, 0.6]), ["11", "11", "21", "21"]  # right, right, wrong, wrong
    test = of([0.95, 0.75, 0.65]), ["21", "11", "11"]  # wrong, right, right
    rows = score.automation(TREE, tune, test, CODES, 2)
    assert rows[0]["share"] == pytest.approx(1 / 3, abs=1e-4)  # threshold 0.8 from the rows apart
    assert rows[0]["achieved"] == 0.0  # and honest about what it does on the test


def test_texts_of_rows_set_apart_are_not_trained_on() -> None:
    benchmarks = load("benchmarks")
    texts = [f"cut {n // 3} hands" for n in range(60)]
    columns = texts, ["1"] * 60
    task = benchmarks.Task("t", "", "", "injury", "", "", "", 1, columns, columns, [*range(30)])
    for seed in range(3):
        apart = benchmarks.set_apart(task, 5, seed)
        assert 5 <= len(apart) <= 15
        assert not {texts[i] for i in apart} & {texts[i] for i in range(60) if i not in apart}


def test_no_threshold_means_nothing_automatic() -> None:
    p = np.array([[0.9, 0.1, 0.0]], dtype=np.float32)
    rows = score.automation(TREE, (p, ["21"]), (p, ["11"]), CODES, 2)
    assert rows[0]["share"] == 0.0
    assert rows[0]["achieved"] is None


def test_nearest_entries_vote_per_record() -> None:
    nearest = load("nearest_peers", FOLDER / "peers")
    similarity = np.array([[1.0, 0.2, 0.9], [0.1, 0.8, 0.1]], dtype=np.float32)
    p = nearest._vote(similarity, np.array([0, 1, 0]), 2, 20.0)
    assert p.sum(axis=1) == pytest.approx([1, 1])
    assert p.argmax(axis=1).tolist() == [0, 1]


def test_paired_differences_by_hand() -> None:
    every = score.packed(np.ones(4, dtype=bool))
    first = {"tested": every, "right": score.packed(np.array([True, True, True, False]))}
    second = {"tested": every, "right": score.packed(np.array([True, False, False, True]))}
    gap = score.paired(first, second)
    assert (gap["n"], gap["only_first_right"], gap["only_second_right"]) == (4, 2, 1)
    assert gap["difference"] == pytest.approx(1 / 4)
    # variance (b + c - (b - c)²/n)/n² = (3 - 1/4)/16
    assert gap["high"] - gap["low"] == pytest.approx(2 * 1.959964 * np.sqrt(2.75) / 4)
    assert gap["p_mcnemar"] == 1.0  # 2 of 3 discordant: nothing
    some = {"tested": score.packed(np.array([False, True, False, True])),
            "right": score.packed(np.array([False, True]))}  # fmt: skip
    gap = score.paired(first, some)  # records 2 and 4 only
    assert (gap["n"], gap["only_first_right"], gap["only_second_right"]) == (2, 1, 1)


def test_gold_too_coarse_for_a_level_leaves_it() -> None:
    p = np.array([[0.9, 0.1, 0.0], [0.0, 0.2, 0.8]], dtype=np.float32)
    rows = score.level_scores(TREE, p, CODES, ["1", "21"])
    assert [(row["n"], row["accuracy"]) for row in rows] == [(2, 1.0), (1, 1.0)]


def at(levels: list[dict[str, float]], level: int) -> float:
    return next(row["accuracy"] for row in levels if row["level"] == level)


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_results_say_what_they_rest_on(path: Path) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["split"]
    assert found["field"]
    for name, system in found["systems"].items():
        assert system["rows"] == found["rows"], f"{name} saw other rows"
        assert system["date"], name
        assert system["cost"]["versions"], name
        assert len(system["seeds"]) == 3, name
        for seed in system["seeds"]:
            assert seed["levels"][-1]["low"] <= seed["levels"][-1]["accuracy"]
            assert {row["wanted"] for row in seed["automatic"]} == {0.9, 0.95}
    assert path.with_suffix(".html").exists()


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_accuracies_follow_from_the_records(path: Path) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))
    for system in found["systems"].values():
        right = np.unpackbits(np.frombuffer(bytes.fromhex(system["right"]), np.uint8))
        first = system["seeds"][0]["levels"]
        n = next(row["n"] for row in first if row["level"] == found["level"])
        assert round(right.sum() / n, 4) == at(first, found["level"])


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_the_engine_beats_every_peer_measured_in_the_same_run(path: Path) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))
    accuracy = {
        name: float(np.mean([at(s["levels"], found["level"]) for s in system["seeds"]]))
        for name, system in found["systems"].items()
    }
    peers = set(accuracy) - OWN
    assert peers >= {"svm-tfidf", "fasttext"}
    assert all(accuracy["narracoder"] > accuracy[name] for name in peers), accuracy


@pytest.mark.slow
def test_no_test_row_was_read_by_the_encoder() -> None:
    """By the recipe's own list of what it teaches the encoder; needs the extra `train`."""
    benchmarks, data = load("benchmarks"), FOLDER.parents[1] / "shared" / "data"
    recipe = load("encoder_rows", FOLDER.parent / "training_data" / "recipes")
    read = set(recipe.gather(data).texts)
    for make in benchmarks.BENCHMARKS.values():
        task = make(data)
        tested = {normal(text, task.domain) for text in task.test[0]}
        apart = {normal(task.train[0][i], task.domain) for i in task.unread}
        assert tested
        assert not tested & read, task.name
        assert not apart & read, task.name


def test_the_slope_of_growth_is_one_for_linear_and_two_for_quadratic_costs() -> None:
    rates = load("rates")
    sizes = [10.0, 100.0, 1000.0]
    assert rates.slopes([(n, 3 * n) for n in sizes]) == (pytest.approx(1), [pytest.approx(1)] * 2)
    assert rates.slopes([(n, n * n) for n in sizes])[0] == pytest.approx(2)
    assert rates.slopes([(10, 0.0), (100, 5.0)]) == (None, [])
