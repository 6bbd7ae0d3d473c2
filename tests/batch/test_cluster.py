"""A real scheduler and workers in processes of their own; one of them is killed."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from coder.batch import Job, code_files
from coder.batch.cluster import Parcel, code_sent, forget, identity, keep, parcel
from coder.errors import CoderError
from tests.batch.engine import KeywordEngine, LoadKeywordEngine

pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")

from tests.batch.cluster import PATIENCE, Cluster, cluster

RESULTS = ("coded.csv", "review.csv", "rejected.csv")
TOKEN = "zzplantedzz"
ROWS = 120
CLUSTERED = pytest.mark.filterwarnings(
    # Dask and tornado close sockets and loops behind our back
    "ignore::ResourceWarning",
    "ignore::DeprecationWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)


def clustered(test: Callable[..., None]) -> Callable[..., None]:
    """Marks a test that starts processes of its own: seconds each."""
    marked: Callable[..., None] = pytest.mark.slow(CLUSTERED(test))
    return marked


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), 2) as found:
        yield found


def source_of(folder: Path) -> Path:
    words = ("hand", "head and back", "nothing", f"back {TOKEN}")
    lines = [f"{i},cut {words[i % 4]} no {i}" for i in range(ROWS)]
    path = folder / "in.csv"
    path.write_text("\n".join(["id,narrative", *lines, "broken,row,here"]) + "\n")
    return path


def job(folder: Path, out: str, address: str | None, loader: LoadKeywordEngine) -> Job:
    return Job(
        inputs=(source_of(folder),),
        out=folder / out,
        loader=loader,
        batch_size=5,
        cluster=address,
        resume=True,
    )


def settled(out: Path) -> dict[str, object]:
    """The manifest without what differs between equal runs."""
    content = json.loads((out / "run.json").read_text())
    return {k: v for k, v in content.items() if k not in list(content)[-3:]}


def assert_same(one: Path, other: Path) -> None:
    for name in RESULTS:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert settled(one) == settled(other)


def assert_no_text(folder: Path) -> None:
    """No log of the scheduler or a worker holds a word of the records."""
    logs = list(folder.glob("*.log"))
    assert len(logs) == 3
    assert not any(TOKEN in log.read_text() for log in logs)


def pids(log: Path) -> list[int]:
    return [int(line.split()[0]) for line in log.read_text().splitlines()] if log.exists() else []


@clustered
def test_a_cluster_gives_the_bytes_and_the_manifest_of_one_machine(
    tmp_path: Path, two: Cluster
) -> None:
    log = tmp_path / "log"
    code_files(job(tmp_path, "far", two.address, LoadKeywordEngine(log=log, delay=0.02)))
    code_files(job(tmp_path, "near", None, LoadKeywordEngine()))
    assert_same(tmp_path / "far", tmp_path / "near")
    assert len(set(pids(log))) == 2
    assert os.getpid() not in pids(log)
    assert len(pids(log)) == ROWS / 5
    assert_no_text(two.folder)


@clustered
def test_one_worker_of_one_core_is_a_cluster(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with cluster(tmp_path, 1) as found:
        code_files(job(tmp_path, "far", found.address, LoadKeywordEngine(log=log)))
        assert set(pids(log)) == {found.processes[0].pid}
    code_files(job(tmp_path, "near", None, LoadKeywordEngine()))
    assert_same(tmp_path / "far", tmp_path / "near")


@clustered
def test_a_killed_worker_costs_its_shard_and_no_record(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with cluster(tmp_path, 2) as found:
        victim = found.processes[0]
        killer = threading.Thread(target=_kill_in_the_middle, args=(victim.pid, log))
        killer.start()
        code_files(job(tmp_path, "far", found.address, LoadKeywordEngine(log=log, delay=0.1)))
        killer.join()
        assert victim.wait() == -signal.SIGKILL
    code_files(job(tmp_path, "near", None, LoadKeywordEngine()))
    assert_same(tmp_path / "far", tmp_path / "near")
    done = pids(log)
    assert victim.pid in done
    assert ROWS / 5 <= len(done) <= ROWS / 5 + 2  # what it held is done again, and nothing else


def _kill_in_the_middle(pid: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while pids(log).count(pid) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)


@clustered
def test_a_run_begun_on_a_cluster_is_finished_without_it(tmp_path: Path, two: Cluster) -> None:
    seen = 0

    def stop(done: int, _all: int) -> None:
        nonlocal seen
        seen = done
        if done >= ROWS / 3:
            raise KeyboardInterrupt

    begun = job(tmp_path, "out", two.address, LoadKeywordEngine(delay=0.02))
    with pytest.raises(KeyboardInterrupt):
        code_files(begun, stop)
    assert ROWS / 3 <= seen < ROWS
    summary = code_files(replace(begun, cluster=None, loader=LoadKeywordEngine()))
    reused = summary.content["batches_from_an_earlier_start"]
    assert isinstance(reused, int)
    assert reused >= ROWS / 3 / 5
    code_files(job(tmp_path, "near", None, LoadKeywordEngine()))
    assert_same(tmp_path / "out", tmp_path / "near")


@clustered
def test_an_error_on_a_worker_is_one_line_here(tmp_path: Path, two: Cluster) -> None:
    with pytest.raises(CoderError, match="other versions or models"):
        code_files(job(tmp_path, "out", two.address, LoadStranger(os.getpid())))
    assert_no_text(two.folder)


@clustered
def test_no_scheduler_and_no_worker_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coder.batch.cluster.SECONDS", 1)
    with pytest.raises(CoderError, match="no Dask scheduler answers at tcp:"):
        code_files(job(tmp_path, "out", "tcp://127.0.0.1:9", LoadKeywordEngine()))
    with (
        cluster(tmp_path, 0) as found,
        pytest.raises(CoderError, match="no worker: none came within 1 seconds"),
    ):
        code_files(job(tmp_path, "out", found.address, LoadKeywordEngine()))


@dataclass(frozen=True)
class LoadStranger(LoadKeywordEngine):
    """An engine that says something else of itself in another process."""

    home: int = 0

    def __init__(self, home: int) -> None:
        super().__init__()
        object.__setattr__(self, "home", home)

    def __call__(self) -> KeywordEngine:
        schemes = self.schemes if os.getpid() == self.home else self.schemes[:1]
        return KeywordEngine(schemes)


@dataclass(frozen=True)
class LoadFromFile:
    """A loader whose schemes stand in a file that the worker lacks."""

    path: Path

    def __call__(self) -> KeywordEngine:
        return KeywordEngine(tuple(self.path.read_text().split()))

    def paths(self) -> tuple[Path, ...]:
        return (self.path,)

    def moved(self, places: dict[Path, Path]) -> LoadFromFile:
        return LoadFromFile(places[self.path])


def test_files_of_ones_own_travel_in_the_parcel(tmp_path: Path) -> None:
    path = tmp_path / "schemes.txt"
    path.write_text("body-part isco-08")
    sent = parcel(LoadFromFile(path))
    path.unlink()
    (tmp_path / "elsewhere").mkdir()
    engine = sent.unpack(tmp_path / "elsewhere")
    assert engine.schemes == ("body-part", "isco-08")
    assert identity(engine) == sent.expected


def test_a_batch_without_its_parcel_is_an_error() -> None:
    sent = Parcel(LoadKeywordEngine(), (), "{}")
    keep(sent)
    forget(sent.key)
    with pytest.raises(CoderError, match="without its models"):
        code_sent(sent.key, None, 0, b"")  # type: ignore[arg-type]  # nothing is read of it
