"""Rates from automatic codes against rates from the codes that people gave: mining accidents.

    python evaluation/statistics_rates.py ../shared/data evaluation/results/statistics_rates.json

The mining rows with all variables (2000 to 2015) are coded with the shipped models and policies
(target 0.95), and tabulated by `coder stats` at level 1 with undecided records spread by their
probabilities. The same rows are tabulated by the codes of the source, through the crosswalk. A
cell counts as right when the rate from the human codes lies within the interval that `coder
stats` states for the rate from the automatic ones. Cells without a case on either side are left
out; the rows' total is not a cell. Means of fewer than two cases have no interval, and no truth
without a case: such cells are counted apart (without_interval). Left out are rows without an
injury and rows whose source code means several codes of level 1. The hours are made up
(2,000,000 a year): they scale both rates alike and decide no comparison. Most rows were read in
fitting; those that were not (tune and test by the hash of their text) are reported apart.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from coder.cli.main import run
from coder.measures.intervals import wilson
from coder.model.train import TEST, TUNE, deal
from coder.schemes import load_crosswalk, load_scheme
from coder.text import Role, prepare

NARRATIVES = "injury/narratives/msha_all_variables_2000_2015.csv"
SOURCES = {
    "injury-type": ("msha-nature", "NATURE_INJURY_CD"),
    "body-part": ("msha-body", "INJ_BODY_PART_CD"),
}
FATALITY = "FATALITY"
UNKNOWN = ("", "?")  # no injury coded
HOURS = 2_000_000
MEASURES = ("frequency_rate", "severity_rate", "mean_days")
TARGET = 0.90


def human_code(scheme: str, source: str, code: str) -> str:
    """The code of level 1 that the source's code means, "" where it means several or none."""
    tree = load_scheme(scheme)
    if code in UNKNOWN:
        return ""
    links = load_crosswalk(source, scheme).targets(code)
    found = {tree.ancestor(link.target, 1) for link in links}
    return found.pop() if len(found) == 1 else ""


def gather(data: Path) -> list[dict[str, str]]:
    path = data / NARRATIVES
    if not path.is_file():
        sys.exit(f"{path} is absent: US MSHA accident data, public domain (arlweb.msha.gov)")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [
        {
            "id": str(number),
            "year": row["CAL_YR"],
            "narrative": row["NARRATIVE"],
            "fatal": str(int(row["DEGREE_INJURY"] == FATALITY)),
            "days_lost": row["DAYS_LOST"],
            "part": deal(prepare({Role.NARRATIVE: row["NARRATIVE"]}, "injury-type").main),
            **{s: human_code(s, name, row[c]) for s, (name, c) in SOURCES.items()},
        }
        for number, row in enumerate(rows)
    ]


def write(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        out.writeheader()
        out.writerows(rows)
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def command(*words: object) -> None:
    if run([str(word) for word in words]):
        sys.exit("a command failed")


def coded(rows: Sequence[dict[str, str]], folder: Path) -> list[dict[str, str]]:
    """The rows as `coder code` codes them, with the human codes as `human`."""
    texts = [{k: row[k] for k in ("id", "narrative")} for row in rows]
    command(
        "code", write(folder / "texts.csv", texts), "--out", folder / "coded", "--schemes",
        ",".join(SOURCES), "--force",
    )  # fmt: skip
    found = {row["id"]: row for row in read(folder / "coded" / "coded.csv")}
    kept = ("year", "fatal", "days_lost", "part")
    return [
        {**found[r["id"]], **{k: r[k] for k in kept}, **{f"human_{s}": r[s] for s in SOURCES}}
        for r in rows
    ]


def table(
    rows: Sequence[dict[str, str]], by: str, folder: Path, yearly: bool, *more: str
) -> dict[tuple[str, ...], dict[str, str]]:
    """Figures of a one-way table by (period, code, measure)."""
    period = ["--period", "year"] if yearly else []
    years = sorted({row["year"] for row in rows})
    amounts = [{"year": y, "hours": str(HOURS)} for y in years]
    if not yearly:
        amounts = [{"hours": str(HOURS * len(years))}]
    below = write(folder / "denominators.csv", amounts)
    source = write(folder / "cases.csv", rows)
    command(
        "stats", source, "--by", by, *period, "--denominators", below, "--out", folder / "figures",
        "--no-report", *more,
    )  # fmt: skip
    name = by.replace(":", "-")
    return {
        (row["period"], row[by], row["measure"]): row
        for row in read(folder / "figures" / f"{name}.csv")
        if row["outcome"] in ("all", "temporary incapacity")
        and (row["outcome"], row["measure"]) != ("temporary incapacity", "cases")
    }


def compare(rows: Sequence[dict[str, str]], folder: Path, yearly: bool) -> list[dict[str, object]]:
    """Per scheme and measure: cells, and how many hold the human rate."""
    out: list[dict[str, object]] = []
    for scheme in SOURCES:
        own = [row for row in rows if row[f"human_{scheme}"]]
        machine = table(own, scheme, folder, yearly, "--undecided", "spread")
        column = f"human_{scheme}"
        human = table(own, column, folder, yearly, "--codes", f"{column}={scheme}")
        for measure in MEASURES:
            out.append(score(scheme, measure, machine, human) | {"records": len(own)})
    return out


def score(
    scheme: str,
    measure: str,
    machine: dict[tuple[str, ...], dict[str, str]],
    human: dict[tuple[str, ...], dict[str, str]],
) -> dict[str, object]:
    cells = held = coding_only = unstated = 0
    error = []
    for key, row in machine.items():
        truth = human.get(key, {}).get("value", "")
        if key[2] != measure or key[1] in ("total", "not coded"):
            continue
        if not float(row["value"] or 0) and not float(truth or 0):
            continue
        value, target = float(row["value"] or 0), float(truth or 0)
        if row["low"] == "" or row["high"] == "" or (measure == "mean_days" and not truth):
            unstated += 1
            continue
        cells += 1
        held += float(row["low"]) <= target <= float(row["high"])
        coding_only += abs(value - target) <= 1.96 * float(row["se_coding"] or 0)
        error.append(abs(value - target) / target if target else 1.0)
    missing = [k for k in human if k[2] == measure and k not in machine]
    missing = [k for k in missing if float(human[k]["value"] or 0)]
    cells += len(missing)  # the machine has no such cell at all
    low, high = (float(v) for v in wilson(held / cells, cells))
    return {
        "scheme": scheme,
        "measure": measure,
        "cells": cells,
        "held": held,
        "share": round(held / cells, 4),
        "interval": [round(low, 4), round(high, 4)],
        "held_by_coding_error_alone": round(coding_only / cells, 4),
        "without_interval": unstated,
        "median_relative_distance": round(sorted(error)[len(error) // 2], 4),
        "target": TARGET,
        "met": held / cells >= TARGET,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--work", type=Path, help="keep the coded rows here and use them again")
    arguments = parser.parse_args()
    rows = gather(arguments.data)
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.work or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / "joined.csv"
        if not kept.is_file():
            write(kept, coded(rows, folder))
        joined = read(kept)
        unread = [row for row in joined if row["part"] in (TUNE, TEST)]
        parts = {"all rows": joined, "rows never fitted on (tune and test)": unread}
        result = {
            "rows": len(rows),
            "hours": f"made up, {HOURS} a year",
            "parts": {
                f"{name}, {'each year' if yearly else 'all years together'}": compare(
                    part, folder, yearly
                )
                for name, part in parts.items()
                for yearly in (False, True)
            },
        }
    for name, scores in result["parts"].items():
        print(name)
        for s in scores:
            print(
                f"  {s['scheme']:<12} {s['measure']:<15} {s['held']}/{s['cells']} cells "
                f"{s['share']:.3f} {s['interval']} n={s['records']} coding alone "
                f"{s['held_by_coding_error_alone']:.3f} distance {s['median_relative_distance']}"
            )
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
