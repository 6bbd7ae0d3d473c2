"""`coder train --from-review`: taught what clerks decided, promoted only when it helps."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from coder.cli import main
from coder.review.importing import import_folder
from coder.review.store import Store
from tests.review.conftest import configure, person
from tests.review.folders import FOOT, HAND, HEAD, auto, review, write_folder
from tests.review.test_quality import work_off

KNOWN = {HAND: ("palm", "knuckle", "grip"), FOOT: ("heel", "sole", "boot"), HEAD: ("skull", "brow")}
NEW = {HAND: ("zorp", "blick"), FOOT: ("frumious", "vorpal"), HEAD: ("quibble", "dax")}


def run(*arguments: object) -> tuple[int, str, str]:
    with CliRunner().isolation() as (out, err, _):
        status = main.run([str(argument) for argument in arguments])
        return status, out.getvalue().decode(), err.getvalue().decode()


def texts(words: dict[str, tuple[str, ...]], n: int, seed: int) -> list[tuple[str, str]]:
    """(text, code) pairs; every text is another."""
    rng = random.Random(seed)
    made = []
    for i in range(n):
        code = rng.choice(sorted(words))
        made.append(
            (" ".join([*rng.choices(words[code], k=3), "shed", str(seed * 1000 + i)]), code)
        )
    return made


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows the first words only."""
    home = tmp_path_factory.mktemp("learn")
    with (home / "gold.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("narrative", "code"), *texts(KNOWN, 150, 1)])
    status, _, err = run(
        "train", "body-part", home / "gold.csv", "--code", "code", "--out", home / "model"
    )
    assert status == 0, err
    return home


def decide(home: Path, wrong: bool = False) -> str:
    """A store where a clerk decided 250 texts in words that the model does not know, and 20 of
    the random sample; with `wrong`, what was learned from says the opposite of the sample."""
    path = home / "review.sqlite"
    store = Store.create(str(path))
    configure(store, double_share=0.0, sample_share=1.0, check_share=0.0)
    asked, sampled = texts(NEW, 250, 2), texts(NEW if not wrong else KNOWN, 40, 3)
    turned = {HAND: FOOT, FOOT: HEAD, HEAD: HAND}
    rows = [
        ({"id": f"r{i}", "narrative": t}, review((HAND, 0.4))) for i, (t, _) in enumerate(asked)
    ]
    rows += [({"id": f"a{i}", "narrative": t}, auto(HAND)) for i, (t, _) in enumerate(sampled)]
    import_folder(store, write_folder(home / "out", rows))
    if wrong:
        asked = [(t, turned[c]) for t, c in asked]
        known = texts(KNOWN, 100, 4)
        rows = [
            ({"id": f"k{i}", "narrative": t}, review((HAND, 0.4))) for i, (t, _) in enumerate(known)
        ]
        import_folder(store, write_folder(home / "more", rows))
        asked += [(t, turned[c]) for t, c in known]
    work_off(store, person(store, "ann"), dict([*asked, *sampled]))
    store.close()
    return str(path)


def test_a_better_model_is_promoted_and_the_first_can_be_restored(
    first: Path, tmp_path: Path
) -> None:
    store, out = decide(tmp_path), tmp_path / "mine"
    learn = ("train", "body-part", "--from-review", "--store", store, "--out", out)
    status, said, err = run(*learn, "--current", first / "model")
    assert status == 0, err
    lines = said.splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == [
        "all", "held-out decisions", "random sample of automatic codes",
    ]  # fmt: skip
    assert int(lines[3].split()[5]) == 40
    assert "promoted" in err
    status, said, _ = run("models", "list", out, "--format", "json")
    listed = json.loads(said)
    assert [one["current"] for one in listed] == [False, True]
    assert listed[0]["decisions"] == 0 < listed[1]["decisions"]
    assert "Taught from decisions" in run("models", "show", out)[1]
    assert run("models", "verify", out)[0] == 0
    status, said, _ = run("models", "restore", out)
    assert status == 0
    assert (out / "manifest.json").read_bytes() == (first / "model/manifest.json").read_bytes()
    assert run("models", "restore", out, "2")[0] == 0
    assert "restored" not in err


def test_a_worse_model_is_refused_in_clear_words(first: Path, tmp_path: Path) -> None:
    store, out = decide(tmp_path, wrong=True), tmp_path / "mine"
    before = (first / "model/manifest.json").read_bytes()
    learn = ("train", "body-part", "--from-review", "--store", store, "--out", out)
    status, said, err = run(*learn, "--current", first / "model")
    assert status == 1
    assert "not promoted" in err
    assert "The current model stays" in err
    assert "random sample of automatic codes" in said
    assert not out.exists()
    assert (tmp_path / "mine.rejected" / "manifest.json").is_file()
    assert (first / "model/manifest.json").read_bytes() == before


def test_with_files_a_new_model_is_trained_from_both(first: Path, tmp_path: Path) -> None:
    store, out = decide(tmp_path), tmp_path / "mine"
    status, _, err = run(
        "train", "body-part", first / "gold.csv", "--code", "code",
        "--from-review", "--store", store, "--current", first / "model", "--out", out,
    )  # fmt: skip
    assert status == 0, err
    shown = json.loads(run("models", "show", out, "--format", "json")[1])
    assert shown["training"]["sources"] == {"gold": 150, "review": 290}


def test_what_cannot_be_learned_is_said(first: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.sqlite"
    Store.create(str(empty)).close()
    learn = ("train", "body-part", "--from-review", "--out", tmp_path / "mine")
    status, _, err = run(*learn, "--store", empty)
    assert (status, "no decisions for body-part" in err) == (1, True)
    status, _, err = run("train", "body-part", "--out", tmp_path / "mine")
    assert (status, "--from-review" in err) == (2, True)
    status, _, err = run(*learn, "--store", empty, "--code", "code")
    assert (status, "go together" in err) == (2, True)
    status, _, err = run("models", "list", tmp_path)
    assert (status, "no earlier versions" in err) == (1, True)
