"""Records per second beside the usual peers on the same texts, and how time and memory grow.

    python evaluation/rates.py ../shared/data evaluation/results/rates.json [--only peers|growth]

Peers: distinct mining narratives of 2013 coded to all four schemes, and a census-like file of job
titles (some titles recur thousands of times, most once) coded to ISCO-08. Each system is loaded and
warm, works on the whole file with all cores, and is timed from texts to codes. Peers
are fitted on rows of the benchmarks and live in the environments of `evaluation/run`.
Growth: `coder code` from end to end, files of 10,000 to 10 million census-like titles, and of up to
a million titles of which one in ten is distinct whatever the size.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.machinery
import importlib.util
import json
import os
import platform
import subprocess  # runs the workers: fixed programs of this folder
import sys
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from types import ModuleType

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(ROOT)]

from benchmarks import BENCHMARKS, read  # noqa: E402 - after the path is set
from process import cost_of  # noqa: E402

SCHEMES = {
    "injury-type": "severe-injuries",
    "body-part": "mining-2012",
    "isco-08": "vacancy-titles",
    "isic-4": "activity-phrases",
}
PEERS = {"fasttext": "fasttext", "svm-tfidf": "sklearn", "minilm": "minilm"}
FITTED = 4000  # rows a scheme: enough for a peer's speed, which is all that is measured
TIERS = ("fast", "auto", "accurate")
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)


def runner() -> ModuleType:
    """`evaluation/run` as a module, for the environments of the peers."""
    loader = importlib.machinery.SourceFileLoader("evaluation_run", str(HERE / "run"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def narratives(data: Path, n: int) -> list[str]:
    rows = read(data / "injury" / "narratives" / "msha_body_part_2010_2013.csv.gz")
    distinct = dict.fromkeys(row["NARRATIVE"] for row in rows if row["YEAR"] == "2013")
    return list(distinct)[:n]


def vacancies(data: Path) -> list[str]:
    rows = read(data / "occupation" / "vacancy_titles_my.csv")
    return list(dict.fromkeys(row["vacancyTitle"] for row in rows))


def all_titles(data: Path) -> list[str]:
    """The distinct English titles of all sources."""
    folder = data / "occupation"
    onet = (row["title"] for row in read(folder / "onet27_titles.csv.gz"))
    esco = (row["label"] for row in read(folder / "esco_labels_en_v111.csv"))
    return list(dict.fromkeys([*vacancies(data), *onet, *esco]))


def titles(pool: Sequence[str], n: int) -> list[str]:
    """Titles as a census has them: the k-th most frequent is drawn with weight 1/k."""
    random = np.random.default_rng(0)
    known = [pool[i] for i in random.permutation(len(pool))]
    weight = 1 / np.arange(1, len(known) + 1)
    drawn = random.choice(len(known), n, p=weight / weight.sum())
    return [known[i] for i in drawn]


def tenths(pool: Sequence[str], n: int) -> list[str]:
    """As many titles, one in ten of them distinct, so that the share does not change with n."""
    random = np.random.default_rng(0)
    own = [pool[i] for i in random.permutation(len(pool))[: max(1, n // 10)]]
    every = [*own, *titles(own, n - len(own))]
    return [every[i] for i in random.permutation(len(every))]


#: How titles recur in a file, and how many rows there are titles for.
WAYS = {"census-like titles": titles, "one title in ten distinct": tenths}
MOST_ROWS = {"census-like titles": SIZES[-1], "one title in ten distinct": 1_000_000}


def work_of(data: Path, rows: tuple[int, int]) -> dict[str, dict[str, object]]:
    return {
        "narratives, four schemes": {"texts": narratives(data, rows[0]), "schemes": list(SCHEMES)},
        "census-like titles, isco-08": {
            "texts": titles(vacancies(data), rows[1]),
            "schemes": ["isco-08"],
        },
    }


def peers(data: Path, rows: tuple[int, int], result: dict[str, object]) -> None:
    work = work_of(data, rows)
    tasks = {name: BENCHMARKS[bench](data) for name, bench in SCHEMES.items()}
    folder = ROOT / "work" / "benchmarks" / "rates"
    folder.mkdir(parents=True, exist_ok=True)
    train = {name: [column[-FITTED:] for column in task.train] for name, task in tasks.items()}
    content = {"work": work, "train": train}
    (folder / "rates.json").write_text(json.dumps(content), encoding="utf-8")
    found: dict[str, object] = {}
    run = runner()
    systems = [*PEERS, *(f"narracoder, {tier}" for tier in TIERS)]
    for name in systems:
        python = run.python_of(PEERS.get(name, ""))
        variables = os.environ | {"PYTHONPATH": "" if name in PEERS else str(ROOT)}
        command = [str(python), str(HERE / "peers" / "rates_worker.py"), name, str(folder)]
        subprocess.run(command, check=True, env=variables | {"HF_HUB_OFFLINE": "1"})
        found[name] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        print(name, json.dumps(found[name]), flush=True)
    result["peers"] = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "texts": {
            name: {"records": len(one["texts"]), "distinct": len(set(one["texts"]))}  # type: ignore[arg-type]
            for name, one in work.items()
        },
        "systems": found,
    }


def growth(name: str, pool: Sequence[str], sizes: Sequence[int]) -> dict[str, object]:
    """Seconds and peak memory of `coder code`, and the slope of log seconds over log rows.

    A slope of 1 is linear growth; the start (loading the models) is measured with one row and
    taken off first. Memory is the largest process's.
    """
    rows = []
    with tempfile.TemporaryDirectory(dir=ROOT / "work") as temporary:
        folder = Path(temporary)
        for size in (1, *sizes):
            path = folder / f"titles-{size}.csv"
            write_titles(path, WAYS[name](pool, min(size, 1_000_000)), size)
            rows.append(coded(path, folder / f"out-{size}", size))
            print(name, json.dumps(rows[-1]), flush=True)
            path.unlink()
            for file in (folder / f"out-{size}").iterdir():
                file.unlink()
    start = rows[0]["seconds"]
    slope, steps = slopes([(row["rows"], row["seconds"] - start) for row in rows[1:]])
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "what": f"{name}, isco-08, coder code --jobs 2, end to end",
        "start_seconds": start,
        "runs": rows[1:],
        "slope_log_seconds_over_log_rows": None if slope is None else round(slope, 3),
        "slope_of_each_step": [round(step, 3) for step in steps],
    }


def slopes(costs: Sequence[tuple[float, float]]) -> tuple[float | None, list[float]]:
    """The slope of log seconds over log rows, over all and step by step.

    `costs` are rows and seconds past the start; what took no time past it says nothing.
    """
    logs = np.log([cost for cost in costs if cost[1] > 0])
    if len(logs) < 2:
        return None, []
    steps = [float(step) for step in np.diff(logs[:, 1]) / np.diff(logs[:, 0])]
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0]), steps


def write_titles(path: Path, known: Sequence[str], size: int) -> None:
    """A file of so many rows; after the last title comes the first again."""
    quoted = ['"' + title.replace('"', '""') + '"' for title in known]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("id,job_title\n")
        for first in range(0, size, len(quoted)):
            part = enumerate(quoted[: size - first], first)
            file.writelines(f"{i},{title}\n" for i, title in part)


def coded(path: Path, out: Path, size: int) -> dict[str, float]:
    schemes = ["--schemes", "isco-08", "--jobs", "2", "--quiet"]
    cost = cost_of(["code", path, "--out", out, *schemes])
    manifest = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert manifest["counts"]["read"] == size
    return {"rows": size, "per_second": round(size / cost["seconds"])} | cost


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", choices=("peers", "growth"))
    parser.add_argument("--narratives", type=int, default=8000)
    parser.add_argument("--titles", type=int, default=1_000_000)
    parser.add_argument("--most", type=int, default=SIZES[-1], help="rows of the largest file")
    chosen = parser.parse_args()
    result: dict[str, object] = {}
    if chosen.out.is_file():
        result = json.loads(chosen.out.read_text(encoding="utf-8"))
    result |= {
        "version": metadata.version("narracoder"),
        "machine": f"{os.cpu_count()} CPU cores, {platform.system()} {platform.machine()}",
    }
    if chosen.only != "growth":
        peers(chosen.data, (chosen.narratives, chosen.titles), result)
        chosen.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if chosen.only != "peers":
        pools = {"census-like titles": vacancies, "one title in ten distinct": all_titles}
        found = {}
        for name, pool in pools.items():
            most = min(chosen.most, MOST_ROWS[name])
            found[name] = growth(name, pool(chosen.data), [n for n in SIZES if n <= most])
        result["growth"] = found
        chosen.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
