"""What a census of 100 million job titles costs, from the measured rates.

    python evaluation/census.py evaluation/results

Reads cluster.json (the processor time that a distinct title takes on a worker, which does not
depend on how busy the machine was) and
throughput.json (a million titles that recur: rows a second of a whole run on two cores, taken
here for reading, joining and writing alone, which is on the safe side). Writes census.json and
prints the table of docs/cluster.md. The hours are
rows / (rows a second, files) + distinct texts / (workers x texts a second, coding);
money is core-hours times PRICE, an assumption that the reader replaces.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

ROWS = 100_000_000
DISTINCT = {"one in a hundred distinct": 0.01, "one in ten distinct": 0.1, "no repetition": 1.0}
WORKERS = (8, 64, 256)
PRICE = 0.05  # USD per core-hour
FILE_CORES = 2  # of the machine that reads and writes


def plan(rate: float, writing: float) -> list[dict[str, object]]:
    """One row per share of distinct texts and number of workers."""
    out: list[dict[str, object]] = []
    for name, share in DISTINCT.items():
        for workers in WORKERS:
            coding = ROWS * share / (workers * rate) / 3600
            files = ROWS / writing / 3600
            cores = coding * workers + FILE_CORES * files
            out.append(
                {
                    "repetition": name,
                    "distinct_texts": int(ROWS * share),
                    "workers": workers,
                    "hours_coding": round(coding, 2),
                    "hours_files": round(files, 2),
                    "hours": round(coding + files, 2),
                    "core_hours": round(cores, 1),
                    "usd": round(cores * PRICE, 2),
                }
            )
    return out


def table(rows: list[dict[str, object]]) -> str:
    lines = [
        "| repetition | distinct texts | workers | hours | core-hours | USD |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row['repetition']} | {row['distinct_texts']:,} | {row['workers']} | "
            f"{row['hours']:.1f} | {row['core_hours']:.0f} | {row['usd']:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    folder = parser.parse_args().results
    cluster = json.loads((folder / "cluster.json").read_text(encoding="utf-8"))
    throughput = json.loads((folder / "throughput.json").read_text(encoding="utf-8"))
    rate = 1000 / float(cluster["job_title"]["cpu_ms_per_text_on_workers"]["2"])
    writing = float(throughput["million_titles"]["per_second"])
    rows = plan(rate, writing)
    result = {
        "rows": ROWS,
        "texts_per_second_and_worker": round(rate, 1),
        "rows_per_second_read_and_written": round(writing),
        "usd_per_core_hour": PRICE,
        "plans": rows,
    }
    text = json.dumps(result, indent=1) + "\n"
    (folder / "census.json").write_text(text, encoding="utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
