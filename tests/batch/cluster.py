"""A Dask scheduler and its workers, each a process of its own, for the length of a block."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 60


@dataclass
class Cluster:
    """The address of the scheduler, and the processes."""

    address: str
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def worker(self) -> subprocess.Popen[bytes]:
        """Start one more worker, of one thread."""
        command = [sys.executable, "-m", "distributed.cli.dask_worker", self.address]
        command += ["--nthreads", "1", "--no-nanny", "--no-dashboard"]
        command += ["--local-directory", str(self.folder)]
        self.processes.append(_started(command, self.folder / f"worker-{len(self.processes)}.log"))
        return self.processes[-1]


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """A scheduler with this many workers."""
    facts = folder / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1"]
    command += ["--port", "0", "--no-dashboard", "--scheduler-file", str(facts)]
    scheduler = _started(command, folder / "scheduler.log")
    found = Cluster(_address(facts), folder)
    try:
        for _ in range(workers):
            found.worker()
        yield found
    finally:
        for process in [*found.processes, scheduler]:
            process.kill()
            process.wait()


def _started(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    settings = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION": "1.0"}
    with log.open("wb") as stream:
        return subprocess.Popen(command, cwd=ROOT, env=settings, stdout=stream, stderr=stream)


def _address(facts: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            return str(json.loads(facts.read_text())["address"])
        except (OSError, ValueError):
            time.sleep(0.05)
    raise AssertionError("the scheduler did not start")
