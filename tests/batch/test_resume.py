"""Runs that are killed, refused, continued and replaced."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from coder.batch import Job, code_files, store
from coder.batch import workers as workers_module
from coder.batch.store import BatchFile, locked, whole
from coder.errors import CoderError, InputError, OutputError
from tests.batch.engine import KeywordEngine, LoadKeywordEngine
from tests.batch.test_code_files import ROWS, job, rows_of, write_csv

RESULTS = ("coded.csv", "review.csv", "rejected.csv")
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _fresh_engine() -> None:
    workers_module.loaded.cache_clear()


def source_of(folder: Path, rows: int = 60) -> Path:
    made = [(str(n), f"cut hand, head {n} =1") for n in range(rows)]
    return write_csv(folder / "in.csv", [*made, ("bad",)])


def results(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in RESULTS}


def settled(out: Path) -> dict[str, Any]:
    """The manifest without what time decides."""
    content = json.loads((out / "run.json").read_text())
    names = ("seconds", "records_per_second", "batches_from_an_earlier_start")
    return {key: value for key, value in content.items() if key not in names}


@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_with_sigkill_and_resumed_gives_the_same_bytes(tmp_path: Path, jobs: int) -> None:
    source, out = source_of(tmp_path), tmp_path / "killed"
    code_files(job(source, tmp_path / "whole", batch_size=5))
    command = [sys.executable, "-m", "tests.batch.killed", str(source), str(out), str(jobs)]
    process = subprocess.Popen([*command, "0.15"], cwd=ROOT, start_new_session=True)
    deadline = time.monotonic() + 60
    while len(list(out.glob(".work/coded-*.arrow"))) < 3:
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / "coded.csv").exists()
    with pytest.raises(OutputError, match="continue it with --resume, or start over with --force"):
        code_files(job(source, out, batch_size=5))
    subprocess.run([*command, "0"], cwd=ROOT, check=True)
    assert json.loads((out / "run.json").read_text())["batches_from_an_earlier_start"] >= 3
    assert results(out) == results(tmp_path / "whole")
    assert settled(out) == settled(tmp_path / "whole")
    assert not (out / ".work").exists()


def stopped(made: Job, stop_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop a run at its n-th rename, whatever that is."""
    real, left = Path.replace, stop_at

    def replace(self: Path, target: Path) -> Path:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        return real(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            code_files(made)


@pytest.mark.parametrize("stop_at", range(13))
def test_stopped_at_any_write_and_resumed_gives_the_same_bytes(
    tmp_path: Path, stop_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = source_of(tmp_path, 12), tmp_path / "out"
    code_files(job(source, tmp_path / "whole", batch_size=5))
    stopped(job(source, out, batch_size=5), stop_at, monkeypatch)
    code_files(job(source, out, batch_size=5, resume=True))
    assert results(out) == results(tmp_path / "whole")
    assert settled(out) == settled(tmp_path / "whole")


def test_a_batch_that_was_half_written_is_coded_again(tmp_path: Path) -> None:
    source, out = source_of(tmp_path, 12), tmp_path / "out"

    def stop(done: int, _all: int) -> None:
        if done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        code_files(job(source, out, batch_size=5), stop)
    done = sorted((out / ".work").glob("coded-*.arrow"))
    assert len(done) == 2
    done[0].write_bytes(done[0].read_bytes()[:100])
    summary = code_files(job(source, out, batch_size=5, resume=True)).content
    assert summary["batches_from_an_earlier_start"] == 1
    assert summary["counts"]["coded"] == 12


def test_a_folder_with_a_run_is_refused_without_force(tmp_path: Path) -> None:
    source, out = write_csv(tmp_path / "in.csv", ROWS), tmp_path / "out"
    code_files(job(source, out))
    before = results(out)
    with pytest.raises(OutputError, match="already holds a run"):
        code_files(job(source, out, schemes=("isco-08",)))
    assert results(out) == before
    (out / "notes.txt").write_text("mine")
    code_files(job(source, out, schemes=("isco-08",), force=True, file_format="parquet"))
    assert not (out / "coded.csv").exists()
    assert (out / "coded.parquet").exists()
    assert (out / "notes.txt").read_text() == "mine"


def test_a_wrong_command_with_force_leaves_the_old_run(tmp_path: Path) -> None:
    source, out = write_csv(tmp_path / "in.csv", ROWS), tmp_path / "out"
    code_files(job(source, out))
    with pytest.raises(InputError):
        code_files(job(source, out, force=True, id_column="nothing"))
    assert rows_of(out / "coded.csv")


def test_an_input_that_the_run_would_overwrite(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code_files(job(write_csv(tmp_path / "in.csv", ROWS), out))
    with pytest.raises(OutputError, match="would be overwritten"):
        code_files(job(out / "coded.csv", out, force=True))


def test_resuming_needs_the_same_plan(tmp_path: Path) -> None:
    source, out = source_of(tmp_path), tmp_path / "out"

    def stop(_done: int, _all: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        code_files(job(source, out), stop)
    changed = {"file_format": "parquet", "text": {"isco-08": ("id",)}, "schemes": ("isco-08",)}
    with pytest.raises(OutputError, match="changed: schemes, text, text_columns, format "):
        code_files(job(source, out, resume=True, **changed))
    write_csv(source, ROWS)
    with pytest.raises(OutputError, match="have changed: the input files"):
        code_files(job(source, out, resume=True))


def test_resuming_a_complete_run_does_nothing(tmp_path: Path) -> None:
    source, out = source_of(tmp_path), tmp_path / "out"
    first = code_files(job(source, out))
    stamp = (out / "coded.csv").stat().st_mtime_ns
    again = code_files(job(source, out, resume=True))
    assert again.was_complete
    assert not first.was_complete
    assert again.content == first.content
    assert (out / "coded.csv").stat().st_mtime_ns == stamp
    with pytest.raises(OutputError, match="have changed"):
        code_files(job(source, out, resume=True, redact=True))


def test_resuming_without_a_run(tmp_path: Path) -> None:
    source = source_of(tmp_path)
    code_files(job(source, tmp_path / "new", resume=True))
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign/coded.csv").write_text("mine")
    with pytest.raises(OutputError, match="no run to continue"):
        code_files(job(source, tmp_path / "foreign", resume=True))
    assert (tmp_path / "foreign/coded.csv").read_text() == "mine"


def test_two_runs_at_once(tmp_path: Path) -> None:
    source, out = source_of(tmp_path), tmp_path / "out"

    def second(_done: int, _all: int) -> None:
        with pytest.raises(OutputError, match="another run is writing"):
            code_files(job(source, out, resume=True))

    code_files(job(source, out), second)


def test_an_output_folder_that_cannot_be_one(tmp_path: Path) -> None:
    source = source_of(tmp_path)
    with pytest.raises(OutputError, match="is a file"):
        code_files(job(source, source))
    with pytest.raises(OutputError, match="cannot write to"):
        code_files(job(source, source / "below"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EACCES])
def test_failing_writes_are_one_line_and_the_run_can_go_on(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = source_of(tmp_path), tmp_path / "out"

    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(store.os, "fsync", fail)
        with pytest.raises(OutputError) as caught:
            code_files(job(source, out))
    full = number != errno.EACCES
    assert ("no space left" in caught.value.message) is full
    assert "\n" not in caught.value.message
    code_files(job(source, out, resume=True))
    assert len(rows_of(out / "coded.csv")) == 60


@pytest.mark.skipif(not Path("/proc").exists(), reason="limits file sizes as Linux does")
def test_a_disk_that_fills_up_while_coding(tmp_path: Path) -> None:
    """A real limit on file size in a real process, at many sizes."""
    source, out = source_of(tmp_path, 400), tmp_path / "out"
    code = (
        "import resource, signal, sys; from pathlib import Path;"
        "from coder.cli import loading, main; from tests.batch.engine import KeywordEngine;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "loading.EngineSpec.__call__ = lambda self: KeywordEngine();"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), -1));"
        "sys.exit(main.run(sys.argv[2:]))"
    )
    arguments = ["code", str(source), "--out", str(out), "--batch-size", "50", "--resume"]
    for size in (100, 3_000, 8_000, 20_000):
        ended = subprocess.run(
            [sys.executable, "-c", code, str(size), *arguments],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 1, ended.stderr
        assert "no space left" in ended.stderr
        assert ended.stderr.count("\n") == 1
    code_files(job(source, out, resume=True, batch_size=50))
    assert len(rows_of(out / "coded.csv")) == 400


def test_an_engine_that_answers_wrongly_is_caught(tmp_path: Path) -> None:
    source = source_of(tmp_path)

    class Short(LoadKeywordEngine):
        def __call__(self) -> KeywordEngine:
            class Engine(KeywordEngine):
                def code_table(self, table: Any, *more: Any, **options: Any) -> Any:
                    return super().code_table(table.slice(1), *more, **options)

            return Engine()

    with pytest.raises(CoderError, match="the engine answered"):
        code_files(Job(inputs=(source,), out=tmp_path / "out", loader=Short()))


def test_whole_leaves_nothing_when_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "x"

    def fail() -> None:
        with whole(path) as part:
            part.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_rows_by_position(tmp_path: Path) -> None:
    import numpy as np
    import pyarrow as pa

    path = tmp_path / "x.arrow"
    with store.BatchWriter(path, pa.schema([("n", pa.int64())])) as writer:
        for start, stop in ((0, 3), (3, 4), (4, 9)):
            writer.write(pa.table({"n": list(range(start, stop))}))
    file = BatchFile(path)
    wanted = np.array([8, 0, 3, 3, 7, 8])
    assert file.take(wanted)["n"].to_pylist() == wanted.tolist()
    assert file.take(np.zeros(0, dtype=np.int64)).num_rows == 0


def test_the_lock_is_let_go(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path):
            pass
