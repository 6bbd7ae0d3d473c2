"""Records per second of `coder code` from end to end, beside what reading the texts costs.

    python evaluation/throughput.py ../shared/data evaluation/results/throughput.json [--rows N]

Distinct real texts: mining narratives of 2013 for the two injury schemes, vacancy titles for
ISCO-08, activity phrases for ISIC Rev.4. The yardstick of the same run is the encoder alone over
the same texts; the last run of each kind has a memory that knows all of them. Peak memory is that
of the largest process. `--million` measures, instead, a file of a million rows in which each
vacancy title recurs about ninety times, and adds it to the results.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "training_data" / "recipes")]

from sources import table  # noqa: E402 - after the path is set

from coder.engine import Coder  # noqa: E402


def texts_of(data: Path, kind: str) -> list[str]:
    name, column = {
        "narrative": ("injury/narratives/msha_body_part_2010_2013.csv.gz", "NARRATIVE"),
        "job_title": ("occupation/vacancy_titles_my.csv", "vacancyTitle"),
        "industry": ("industry/naics2022_activity_phrases.csv", "phrase"),
    }[kind]
    rows = (row for row in table(data, name) if row.get("YEAR", "2013") == "2013")
    return list(dict.fromkeys(row[column] for row in rows))


def write(path: Path, kind: str, texts: list[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", kind])
        writer.writerows((i, text) for i, text in enumerate(texts))


def run(
    path: Path, schemes: str, jobs: int, folder: Path, memory: Path | None = None
) -> dict[str, object]:
    """One run of the command in a process of its own."""
    out = folder / f"out-{path.stem}-{jobs}"
    coder = Path(sys.executable).with_name("coder")
    command = [str(coder), "code", str(path), "--out", str(out)]
    command += ["--schemes", schemes, "--jobs", str(jobs), "--quiet", "--force"]
    command += ["--memory", str(memory)] if memory else []
    start = time.perf_counter()
    subprocess.run(command, check=True)
    wall = time.perf_counter() - start
    manifest = json.loads((out / "run.json").read_text(encoding="utf-8"))
    rows = manifest["counts"]["read"]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"rows": rows, "jobs": jobs, "seconds": round(wall, 1), "per_second": round(rows / wall),
            "peak_mb_so_far": round(peak)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--million", action="store_true")
    arguments = parser.parse_args()
    engine = Coder.load()
    result: dict[str, object] = {}
    if arguments.million and arguments.out.is_file():
        result = json.loads(arguments.out.read_text(encoding="utf-8"))
    result |= {"version": metadata.version("narracoder"), "cores": os.cpu_count()}
    plans = (
        ("narrative", "injury-type,body-part"),
        ("job_title", "isco-08"),
        ("industry", "isic-4"),
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, schemes in () if arguments.million else plans:
            texts = texts_of(arguments.data, kind)[: arguments.rows]
            path = folder / f"{kind}.csv"
            write(path, kind, texts)
            entry: dict[str, object] = {"distinct_texts": len(texts), "schemes": schemes}
            encoder = engine._models[schemes.split(",")[0]].encoder
            start = time.perf_counter()
            encoder.encode(texts)
            entry["encoder_alone_per_second"] = round(len(texts) / (time.perf_counter() - start))
            entry["runs"] = [run(path, schemes, jobs, folder) for jobs in (1, 2)]
            run(path, schemes, 2, folder, folder / "memory")
            entry["again_with_memory"] = run(path, schemes, 2, folder, folder / "memory")
            result[kind] = entry
            print(kind, json.dumps(entry), flush=True)
        if arguments.million:
            texts = texts_of(arguments.data, "job_title")
            path = folder / "million.csv"
            write(path, "job_title", [texts[i % len(texts)] for i in range(1_000_000)])
            result["million_titles"] = run(path, "isco-08", 2, folder)
            print("million", json.dumps(result["million_titles"]), flush=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
