"""How right the facts of cases are: commuting, fatal, and the flags.

    python evaluation/facts.py ../shared/data evaluation/results/facts.json

Two sets. `facts_cases.csv` has 200 sentences written for this, with their labels, before the
patterns were tuned; the half marked `tune` was looked at while they were, the half `held` was not.
The OSHA accident abstracts carry real labels, fatal or nonfatal: rows whose narrative has an even
SHA-256 were looked at, the odd ones are reported. Only the text is read, no date and no column.
Many a fatal abstract does not say that the person died, so recall is bounded. Last, how many
narratives of files that hold accidents at work alone are flagged as commuting or neither: few of
them can be right. Their first wrong flags ("returned to work" after treatment) were mended.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from named_occupation import half, share

from coder.evidence.facts import TextFacts, text_facts

HERE = Path(__file__).resolve().parent
ABSTRACTS = "injury/narratives/osha_accident_abstracts_2015_2017.csv.gz"
WORK = (
    ("injury/narratives/osha_severe_injury_2015_2017.csv", "text"),
    ("injury/narratives/msha_all_variables_2000_2015.csv", "NARRATIVE"),
)
TARGET = 0.95
Pair = tuple[str, str]  # (found, label)
FOUND: dict[str, Callable[[TextFacts], object]] = {
    "occupational": lambda f: f.occupational,
    "transport_mode": lambda f: f.mode,
    "transport_role": lambda f: f.role,
    "counterpart_mode": lambda f: f.counterpart,
    "fatal": lambda f: f.fatal,
    "persons_injured": lambda f: f.persons,
    "violence": lambda f: f.violence,
    "violence_by": lambda f: f.violence_by,
    "occupational_disease": lambda f: f.disease,
    "platform_work": lambda f: f.platform,
}


def word(value: object) -> str:
    """As the labels have it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def of_value(pairs: Iterable[Pair], value: str) -> dict[str, object]:
    """Precision and recall of one value."""
    pairs = list(pairs)
    both = sum(a == b == value for a, b in pairs)
    return {
        "precision": share(both, sum(a == value for a, _ in pairs)),
        "recall": share(both, sum(b == value for _, b in pairs)),
    }


def sentences(part: str) -> dict[str, object]:
    """Every fact on one half of the written sentences."""
    with (HERE / "facts_cases.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["half"] == part]
    told = [text_facts(row["narrative"]) for row in rows]
    pairs = {
        name: [(word(read(one)), row[name]) for one, row in zip(told, rows, strict=True)]
        for name, read in FOUND.items()
    }
    return {
        "n": len(rows),
        "commuting": of_value(pairs["occupational"], "commuting"),
        "neither": of_value(pairs["occupational"], "neither"),
        "fatal": of_value(pairs["fatal"], "yes"),
        "disease": of_value(pairs["occupational_disease"], "yes"),
        "platform": of_value(pairs["platform_work"], "yes"),
        "right": {name: share(sum(a == b for a, b in p), len(p)) for name, p in pairs.items()},
    }


def abstracts(data: Path, part: str) -> dict[str, object]:
    """The fatal flag on the labels of the accident abstracts."""
    csv.field_size_limit(10_000_000)
    with gzip.open(data / ABSTRACTS, "rt", encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if half(row["Abstract Text"]) == part]
    pairs = [
        (
            word(text_facts(row["Abstract Text"]).fatal),
            "yes" if row["Degree of Injury"] == "Fatal" else "no",
        )
        for row in rows
    ]
    return {"n": len(rows), "fatal": of_value(pairs, "yes"), "not fatal": of_value(pairs, "no")}


def work_files(data: Path) -> dict[str, object]:
    """Flags on narratives of accidents at work."""
    texts = [
        row[column]
        for name, column in WORK
        for row in csv.DictReader((data / name).open(encoding="utf-8-sig", newline=""))
    ]
    kinds = [text_facts(text).occupational for text in texts]
    return {kind: share(kinds.count(kind), len(kinds)) for kind in ("commuting", "neither")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    if not (arguments.data / ABSTRACTS).is_file():
        raise SystemExit(f"{ABSTRACTS} is not in {arguments.data.name}: US OSHA accident abstracts")
    result = {
        "target_precision": TARGET,
        "sentences": {part: sentences(part) for part in ("held", "tune")},
        "abstracts": {part: abstracts(arguments.data, part) for part in ("odd", "even")},
        "files of accidents at work": work_files(arguments.data),
    }
    text = json.dumps(result, indent=1)
    arguments.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
