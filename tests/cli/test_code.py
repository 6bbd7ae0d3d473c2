"""`coder code` as a user meets it, with the keyword engine."""

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from coder.batch.workers import loaded
from coder.cli import loading, main
from coder.cli.console import comma_separated, input_files, named_value
from coder.errors import InputError
from tests.batch.engine import KeywordEngine

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _keyword_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded.cache_clear()
    monkeypatch.setattr(loading.EngineSpec, "__call__", lambda _self: KeywordEngine())


def run(*arguments: object) -> tuple[int, str, str]:
    with CliRunner().isolation() as (out, err, _):
        status = main.run([str(argument) for argument in arguments])
        return status, out.getvalue().decode(), err.getvalue().decode()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("id,narrative\n1,welder burnt hand\n2,cut hand and head\n3,-\n4,a,b\n")
    return path


def test_the_summary_is_on_stderr_and_stdout_stays_free(source: Path, tmp_path: Path) -> None:
    status, out, err = run("code", source, "--out", tmp_path / "out")
    assert (status, out) == (0, "")
    assert "4 records read: 3 coded, 1 rejected; 1 need a person" in err
    assert "body-part" in err
    assert "coded.csv" in err
    assert "\x1b[" not in err
    assert run("code", source, "--out", tmp_path / "quiet", "--quiet") == (0, "", "")


def test_progress_only_where_a_person_watches(source: Path, tmp_path: Path) -> None:
    assert "it/s" not in run("code", source, "--out", tmp_path / "a")[2]
    _, _, err = run("code", source, "--out", tmp_path / "b", "--progress")
    assert "3/3" in err
    assert "records/s" in err


def test_options_reach_the_run(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    status, _, err = run(
        "code", source, "--out", out, "--schemes", "isco-08, body-part", "--format", "parquet",
        "--text", "isco-08=narrative", "--batch-size", "1", "--id-column", "id",
    )  # fmt: skip
    assert status == 0, err
    manifest = json.loads((out / "run.json").read_text())
    assert manifest["settings"] == {
        "schemes": ["isco-08", "body-part"],
        "text": {"isco-08": ["narrative"]},
        "text_columns": ["narrative"],
        "id_column": "id",
        "format": "parquet",
        "batch_size": 1,
        "redact": False,
    }


def test_a_second_run_with_the_memory_says_what_it_knew(source: Path, tmp_path: Path) -> None:
    command = ("code", source, "--schemes", "body-part", "--memory", tmp_path / "memory")
    for out, said in (("a", "0 of 3 distinct texts"), ("b", "3 of 3 distinct texts")):
        status, _, err = run(*command, "--out", tmp_path / out)
        assert status == 0, err
        assert f"{said} were decided by an earlier run" in err
    assert (tmp_path / "a/coded.csv").read_bytes() == (tmp_path / "b/coded.csv").read_bytes()


def test_models_policies_and_schemes_reach_the_engine(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = []

    def load(self: loading.EngineSpec) -> KeywordEngine:
        specs.append(self)
        return KeywordEngine()

    monkeypatch.setattr(loading.EngineSpec, "__call__", load)
    run(
        "code", source, "--out", tmp_path / "out", "--model", "isco-08=here", "--policy", "p.json",
        "--schemes", "isco-08",
    )  # fmt: skip
    assert specs[0].models == (("isco-08", Path("here")),)
    assert specs[0].policies == (Path("p.json"),)
    assert specs[0].schemes == ("isco-08",)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--schemes", "isco-99"], 1, "no model for scheme 'isco-99'"),
        (["--id-column", "nope"], 1, "no id column 'nope'; found: id, narrative"),
        (["--text", "isco-08=nope"], 1, "'nope'"),
        (["--encoding", "nope"], 1, "unknown encoding"),
        (["--delimiter", ";;"], 1, "one character"),
        (["--text", "isco-08"], 2, "--text wants NAME=VALUE"),
        (["--model", "=x"], 2, "--model wants NAME=VALUE"),
        (["--schemes", " , "], 2, "an empty list"),
        (["--jobs", "0"], 2, "--jobs"),
        (["--resume", "--force"], 2, "give one of them"),
    ],
)
def test_wrong_options(
    source: Path, tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    found, _, err = run("code", source, "--out", tmp_path / "out", *arguments)
    assert found == status
    assert message in err
    assert not (tmp_path / "out").exists()


def test_missing_inputs_folders_and_patterns(tmp_path: Path, source: Path) -> None:
    (tmp_path / "b.csv").write_text("id,narrative\n9,head\n")
    assert "no such file" in run("code", tmp_path / "x.csv", "--out", tmp_path / "o")[2]
    assert "is a folder" in run("code", tmp_path, "--out", tmp_path / "o")[2]
    assert run("code", tmp_path / "*.csv", source, "--out", tmp_path / "o")[0] == 0
    manifest = json.loads((tmp_path / "o/run.json").read_text())
    assert [entry["file"] for entry in manifest["inputs"]] == ["b.csv", "in.csv"]


def test_a_second_run_is_refused_then_forced(source: Path, tmp_path: Path) -> None:
    command = ("code", source, "--out", tmp_path / "out")
    assert run(*command)[0] == 0
    status, _, err = run(*command)
    assert (status, err.count("\n")) == (1, 1)
    assert "--force" in err
    assert run(*command, "--force")[0] == 0
    assert "nothing was done" in run(*command, "--resume")[2]


def test_interrupting_says_how_to_go_on(tmp_path: Path) -> None:
    """A real SIGINT to a real process; then --resume."""
    source, out = tmp_path / "in.csv", tmp_path / "out"
    with source.open("w", newline="") as stream:
        csv.writer(stream).writerows([("id", "narrative"), *((n, f"hand {n}") for n in range(60))])
    code = (
        "import signal, sys; from coder.cli import loading, main;"
        "from tests.batch.engine import KeywordEngine;"
        # a test run in the background hands on that interrupts are ignored
        "signal.signal(signal.SIGINT, signal.default_int_handler);"
        "delay = float(sys.argv.pop(1));"
        "loading.EngineSpec.__call__ = lambda self: KeywordEngine(delay=delay);"
        "sys.exit(main.run(sys.argv[1:]))"
    )
    command = ["code", str(source), "--out", str(out), "--batch-size", "5"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, "0.2", *command], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not list(out.glob(".work/coded-*.arrow")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" in err
    assert "Traceback" not in err
    status, _, err = run(*command, "--resume")
    assert status == 0, err
    assert json.loads((out / "run.json").read_text())["counts"]["coded"] == 60


def test_small_helpers(tmp_path: Path) -> None:
    assert comma_separated("a, b,a,") == ("a", "b")
    assert comma_separated(None) is None
    assert named_value("a=b=c", "--x") == ("a", "b=c")
    (tmp_path / "in[1].csv").write_text("x")
    assert input_files([str(tmp_path / "in[1].csv")]) == (tmp_path / "in[1].csv",)
    (tmp_path / "d").mkdir()
    with pytest.raises(InputError, match="folders only"):
        input_files([str(tmp_path / "d*")])
