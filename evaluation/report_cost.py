"""What a full report costs: `coder evaluate` on 100,000 made-up records over 436 codes.

    python evaluation/report_cost.py evaluation/results/report_cost.json [--records N]

One fresh process each with and without survey weights: wall-clock and processor seconds from start
to end, peak memory, size of the page. The files are those of the tests (calibrated by
construction, four suggestions a record), so that no real text is needed.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import platform
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "evaluation")]

from process import cost_of  # noqa: E402 - after the path is set

from coder.schemes import load_scheme  # noqa: E402
from tests.evaluate.fake import make_files, write_csv  # noqa: E402


def report(folder: Path, coded: Path, gold: Path, *options: str) -> dict[str, float]:
    out = folder / "out"
    cost = cost_of(["evaluate", coded, "--gold", gold, "--out", out, *options])
    return cost | {"page_kb": round((out / "report.html").stat().st_size / 1024)}


def weighted(gold: Path) -> None:
    with gold.open(encoding="utf-8") as handle:
        header, *rows = csv.reader(handle)
    weight = np.random.default_rng(0).uniform(0.2, 5, len(rows))
    rows = [[*row, f"{w:.5f}"] for row, w in zip(rows, weight, strict=True)]
    write_csv(gold, [*header, "w"], rows)  # type: ignore[arg-type]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--records", type=int, default=100_000)
    arguments = parser.parse_args()
    scheme = load_scheme("isco-08")
    result: dict[str, object] = {
        "version": metadata.version("narracoder"),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} CPU cores, {platform.system()} {platform.machine()}",
        "records": arguments.records,
        "codes": len(scheme.leaves),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        coded, gold = make_files(folder, scheme, arguments.records)
        result["plain"] = report(folder, coded, gold)
        weighted(gold)
        result["weighted"] = report(folder, coded, gold, "--weight", "w")
    print(json.dumps(result, indent=1))
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
