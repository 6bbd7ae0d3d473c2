"""One worker and two on a Dask cluster, each on a core of its own: rates, ratio, and the bytes.

    python evaluation/cluster.py ../shared/data evaluation/results/cluster.json [--rows N]

A scheduler and its workers run as processes of their own on this machine; each worker is pinned
to one core and has one thread, so that a worker is a machine of one core. Runs of one and two
workers alternate. `steady` counts from when each worker has done a batch: what a long run settles
at; `whole` also counts reading, sending and loading the models, and writing. Their files are
compared byte by byte with a run without a cluster. `others` is how many cores other processes used
meanwhile: above 0.1 the machine was not quiet, and the ratio of rates says little; the processor
time that a text takes on the workers in the steady part says then whether two workers get in each
other's way, and what a text costs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from throughput import texts_of, write

from coder.batch import Job, code_files
from coder.cli.loading import EngineSpec

KINDS = {"job_title": ("isco-08",), "narrative": ("injury-type", "body-part")}
BATCH = 100
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[int]]]:
    """The address of a scheduler with pinned workers, and their process ids."""
    facts = folder / "scheduler.json"
    facts.unlink(missing_ok=True)
    python = [sys.executable, "-m"]
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file"]
    started = [quiet([*python, "distributed.cli.dask_scheduler", *options, str(facts)])]
    while not facts.is_file() or not facts.read_text().strip():
        time.sleep(0.1)
    address = str(json.loads(facts.read_text())["address"])
    options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(folder)]
    for core in range(workers):
        pinned = ["taskset", "-c", str(core), *python, "distributed.cli.dask_worker"]
        started.append(quiet([*pinned, address, *options]))
    try:
        yield address, [process.pid for process in started]
    finally:
        for process in started:
            process.kill()
            process.wait()


def quiet(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def busy() -> float:
    """Seconds of work of all cores since the start of the machine."""
    user, nice, system = Path("/proc/stat").read_text().split("\n")[0].split()[1:4]
    return (int(user) + int(nice) + int(system)) / TICKS


def spent(pids: list[int]) -> float:
    """Seconds of work of these processes."""
    total = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def run(path: Path, schemes: tuple[str, ...], workers: int, folder: Path) -> dict[str, object]:
    """One run from end to end; workers 0 is this process alone."""
    marks: list[tuple[float, int, float]] = []  # when, texts done, work of the workers
    job = Job(
        inputs=(path,),
        out=folder / "out",
        loader=EngineSpec(schemes=schemes),
        schemes=schemes,
        batch_size=BATCH,
        force=True,
    )
    with tempfile.TemporaryDirectory() as name, cluster(Path(name), workers) as (address, pids):
        job = replace(job, cluster=address if workers else None)
        ours = [[os.getpid()], pids]
        began, machine, own = time.perf_counter(), busy(), [spent(group) for group in ours]
        code_files(job, lambda done, _all: marks.append((time.perf_counter(), done, spent(pids))))
        wall = time.perf_counter() - began
        here, there = (spent(group) - was for group, was in zip(ours, own, strict=True))
        others = (busy() - machine - here - there) / wall
    first, last = marks[max(1, workers)], marks[-1]  # when each worker has done one batch
    coded = (folder / "out" / "coded.csv").read_bytes()
    return {
        "workers": workers,
        "whole_per_second": round(last[1] / wall, 1),
        "steady_per_second": round((last[1] - first[1]) / (last[0] - first[0]), 1),
        "others": round(others, 2),
        "cpu_ms_per_text_here": round(1000 * here / last[1], 3),
        "cpu_ms_per_text_on_workers": round(1000 * (last[2] - first[2]) / (last[1] - first[1]), 3),
        "sha256": hashlib.sha256(coded).hexdigest(),
    }


def measured(data: Path, kind: str, rows: int, repeats: int) -> dict[str, object]:
    schemes = KINDS[kind]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "in.csv"
        texts = texts_of(data, kind)[:rows]
        write(path, kind, texts)
        alone = run(path, schemes, 0, folder)
        runs = []
        for repeat in range(repeats):
            for workers in (1, 2) if repeat % 2 == 0 else (2, 1):
                runs.append(run(path, schemes, workers, folder))
                print(kind, json.dumps(runs[-1]), flush=True)
    rates = {
        n: [float(str(r["steady_per_second"])) for r in runs if r["workers"] == n] for n in (1, 2)
    }
    ratios = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    return {
        "texts": len(texts),
        "schemes": list(schemes),
        "runs": runs,
        "steady_per_second": {n: statistics.median(values) for n, values in rates.items()},
        "cpu_ms_per_text_on_workers": {
            n: statistics.median(
                float(str(r["cpu_ms_per_text_on_workers"])) for r in runs if r["workers"] == n
            )
            for n in (1, 2)
        },
        "ratio_two_to_one": {
            "median": round(statistics.median(ratios), 2),
            "least": round(min(ratios), 2),
            "most": round(max(ratios), 2),
            "pairs": len(ratios),
        },
        "same_bytes_as_without_cluster": {r["sha256"] for r in runs} == {alone["sha256"]},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    result: dict[str, object] = {
        "version": metadata.version("narracoder"),
        "dask": metadata.version("dask"),
        "cores": os.cpu_count(),
        "batch_size": BATCH,
    }
    for kind in KINDS:
        result[kind] = measured(arguments.data, kind, arguments.rows, arguments.repeats)
        print(kind, json.dumps(result[kind]), flush=True)
        arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
