"""`coder tune` with an engine whose probabilities are made up."""

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from coder.cli.loading import EngineSpec
from coder.cli.main import run
from coder.decide import Policy, Signals, load_policies
from coder.model.probabilities import Probabilities
from coder.schemes import load_scheme
from tests.decide.helpers import sample

SECRET = "zebra crossing"


class FakeEngine:
    """Reads the number in each text and answers with that row of a made-up sample."""

    seen: pa.Table
    text: Sequence[str] | None

    def __init__(self) -> None:
        self.p, self.codes = sample(load_scheme("body-part"), 1000, 1)

    def probabilities(
        self, table: pa.Table, scheme: str, text: Sequence[str] | None = None
    ) -> tuple[Probabilities, Signals]:
        assert scheme == "body-part"
        FakeEngine.seen, FakeEngine.text = table, text
        rows = np.array([int(cell.split()[-1]) for cell in table["narrative"].to_pylist()])
        return self.p.take(rows), Signals.none(len(rows))

    def model_hash(self, scheme: str) -> str:
        return f"hash of {scheme}"


@pytest.fixture
def gold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(EngineSpec, "__call__", lambda _self: FakeEngine())
    path = tmp_path / "gold.csv"
    write(path, [[f"{SECRET} {i}", code, f"survey {i % 2}"] for i, code in enumerate(codes())])
    return path


def codes() -> list[str]:
    return FakeEngine().codes


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([["narrative", "gold", "survey"], *rows])


def tune(gold: Path, *options: str) -> int:
    out = gold.with_name("policy.json")
    return run(["tune", str(gold), "--scheme", "body-part", "--out", str(out), *options])


def test_it_writes_the_policy_the_curve_and_the_plot(
    gold: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune(gold, "--target-accuracy", "0.9") == 0
    policy = Policy.load(gold.with_name("policy.json"))
    assert policy.target_accuracy == 0.9
    assert policy.model == "hash of body-part"
    assert policy.promised_share > 0.1
    curve = json.loads(gold.with_name("policy.curve.json").read_text(encoding="utf-8"))["curve"]
    assert {point["level"] for point in curve} == {1, 2}
    assert gold.with_name("policy.curve.svg").read_text(encoding="utf-8").startswith("<?xml")
    out, err = capsys.readouterr()
    assert f"automatic: {policy.promised_share:.1%}" in out
    assert "accuracy ≥ 0.9, promised at confidence 0.95" in out
    assert SECRET not in out + err


def test_the_same_gold_gives_the_same_files(gold: Path) -> None:
    names = ("policy.json", "policy.curve.json", "policy.curve.svg")
    assert tune(gold) == 0
    first = [gold.with_name(name).read_bytes() for name in names]
    assert tune(gold) == 0
    assert [gold.with_name(name).read_bytes() for name in names] == first


def test_the_engine_does_not_see_the_answer(gold: Path) -> None:
    assert tune(gold, "--text", "narrative") == 0
    assert FakeEngine.seen.column_names == ["narrative", "survey"]
    assert FakeEngine.text == ("narrative",)


def test_several_targets_make_a_set(gold: Path) -> None:
    assert tune(gold, "--target-accuracy", "0.9", "--target-accuracy", "0.8") == 0
    found = load_policies(gold.with_name("policy.json"))
    assert found.targets == (0.8, 0.9)
    assert found.for_target(0.8).promised_share >= found.for_target(0.9).promised_share


def test_thresholds_by_a_column(gold: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tune(gold, "--target-accuracy", "0.9", "--by", "survey") == 0
    policy = Policy.load(gold.with_name("policy.json"))
    assert policy.by == "survey"
    assert {"survey 0", "survey 1"} <= set(policy.groups)
    assert "survey survey 0: level 2" in capsys.readouterr().out


def test_levels(gold: Path) -> None:
    assert tune(gold, "--target-accuracy", "0.8", "--level", "1", "--minimum-level", "1") == 0
    policy = Policy.load(gold.with_name("policy.json"))
    assert set(policy.groups["*"].levels) == {1}


def test_rows_without_code_repeated_rows_and_two_codes(
    gold: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [[f"text {i}", code, "x"] for i, code in enumerate(codes())]
    rows[0][1] = ""
    rows[1][1] = f"{rows[1][1]}|10"
    rows += rows[5:8]
    write(gold, rows)
    assert tune(gold) == 0
    err = capsys.readouterr().err
    assert "1 rows have no gold code" in err
    assert "3 rows repeat another row in every column" in err
    assert "1 rows have several gold codes" in err
    assert Policy.load(gold.with_name("policy.json")).provenance["gold_records"] == 999


def test_a_code_that_is_not_in_the_scheme(gold: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [[f"text {i}", code, "x"] for i, code in enumerate(codes())]
    rows[5][1] = "99.9"
    write(gold, rows)
    assert tune(gold) == 1
    assert "gold.csv row 7: body-part has no code '99.9'" in capsys.readouterr().err
    assert not gold.with_name("policy.json").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--code", "label"], "no column label; there are: narrative, gold, survey"),
        (["--by", "region"], "no column region"),
        (["--level", "3"], "body-part has the levels 1, 2"),
    ],
)
def test_wrong_options(
    gold: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune(gold, *options) == 1
    assert message in capsys.readouterr().err


def test_too_little_gold(gold: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(gold, [[f"text {i}", code, "x"] for i, code in enumerate(codes()[:99])])
    assert tune(gold) == 1
    assert "gold has 99 usable records; at least 100 are needed" in capsys.readouterr().err
    write(gold, [])
    assert tune(gold) == 1


def test_files_with_different_columns(gold: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = gold.with_name("other.csv")
    other.write_text("narrative,gold\ntext 1,1.1\n", encoding="utf-8")
    assert tune(gold, str(other)) == 1
    assert "do not have the same columns" in capsys.readouterr().err


def test_without_matplotlib_it_says_how_to_get_the_plot(
    gold: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "coder.cli.tune_plot", None)
    assert tune(gold) == 0
    assert "for the plot install narracoder[plot]" in capsys.readouterr().err
    assert not gold.with_name("policy.curve.svg").exists()


def test_an_output_that_cannot_be_written(gold: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = gold / "below a file" / "policy.json"
    assert run(["tune", str(gold), "--scheme", "body-part", "--out", str(out)]) == 1
    assert "cannot write" in capsys.readouterr().err
