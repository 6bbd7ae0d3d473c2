"""`coder evaluate` from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from coder.cli.evaluate import evaluate
from coder.errors import InputError
from coder.schemes import load_scheme
from tests.evaluate.fake import make_files, write_csv


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_files(tmp_path_factory.mktemp("cli"), load_scheme("body-part"), 500)


def run(*arguments: object, fails: bool = False) -> str:
    result = CliRunner().invoke(evaluate, [str(a) for a in arguments], catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert (result.exit_code != 0) == fails, result.output
    return result.output


def test_report_is_the_default_command(files: tuple[Path, Path], tmp_path: Path) -> None:
    options = ["--gold", files[1], "--replicates", 60, "--by", "region"]
    for out, first in (("a", []), ("b", ["report"])):
        run(*first, files[0], *options, "--out", tmp_path / out)
    for name in ("metrics.json", "levels.csv", "groups.csv", "report.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    metrics = json.loads((tmp_path / "a" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["records"]["body-part"]["evaluated"] == 500
    assert {row["grouping"] for row in metrics["tables"]["groups"]} >= {"region", "confidence"}


def test_options_may_come_before_the_files(files: tuple[Path, Path], tmp_path: Path) -> None:
    run("--gold", files[1], "--out", tmp_path, "--no-report", "--replicates", 60, files[0])
    assert (tmp_path / "levels.csv").exists()
    assert not (tmp_path / "report.html").exists()


def test_old_and_new(files: tuple[Path, Path], tmp_path: Path) -> None:
    run("--old", files[0], "--new", files[0], "--out", tmp_path, "--replicates", 60)
    with (tmp_path / "changes.csv").open(encoding="utf-8") as handle:
        assert {row["value"] for row in csv.DictReader(handle)} == {"0.0"}
    assert "Changes: body-part" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [[], ["--old", "x"], ["x.csv"]])
def test_wrong_usage_says_what_is_missing(arguments: list[str], tmp_path: Path) -> None:
    output = run(*arguments, "--out", tmp_path, fails=True)
    assert "--gold" in output or "--new" in output


@pytest.mark.parametrize("blind", [False, True])
def test_sample_then_verify(files: tuple[Path, Path], tmp_path: Path, blind: bool) -> None:
    sheet = tmp_path / "sheet.csv"
    run("sample", files[0], "--n", 90, "--out", sheet, *(["--blind"] if blind else []))
    with files[1].open(encoding="utf-8") as handle:
        gold = {row["id"]: row["body-part"] for row in csv.DictReader(handle)}
    with sheet.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 90
    assert ("body-part_code" in rows[0]) != blind
    assert all((row["sample_code"] == "") == blind for row in rows)
    total = sum(float(row["weight"]) for row in rows)
    sizes = {row["stratum"]: int(row["stratum_size"]) for row in rows}
    assert total == pytest.approx(sum(sizes.values()), rel=1e-3)
    for row in rows:
        row["verified_code"] = gold[row["id"]]
    rows.reverse()  # a clerk may sort the sheet
    write_csv(sheet, list(rows[0]), [list(row.values()) for row in rows])
    key = ["--key", tmp_path / "sheet.key.csv"] if blind else []
    output = run("verified", sheet, *key, "--out", tmp_path / "out")
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["low"] < metrics["error"] < metrics["high"]
    assert metrics["verified"] == 90
    assert "90 verified" in output


def test_a_sample_is_the_same_for_the_same_seed(files: tuple[Path, Path], tmp_path: Path) -> None:
    sheets = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run("sample", files[0], "--n", 40, "--seed", seed, "--out", tmp_path / name)
        sheets.append((tmp_path / name).read_bytes())
    assert sheets[0] == sheets[1] != sheets[2]


def test_unverified_sheet_is_an_error(files: tuple[Path, Path], tmp_path: Path) -> None:
    run("sample", files[0], "--n", 20, "--out", tmp_path / "sheet.csv")
    with pytest.raises(InputError, match="verified_code"):
        run("verified", tmp_path / "sheet.csv")
