"""Read the real coded data below a ../shared/data folder; nothing of it is copied."""

from __future__ import annotations

import csv
import gzip
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from coder.errors import SchemeError
from coder.model.labels import Label
from coder.schemes import Crosswalk

ORIGIN = {
    "injury": "MSHA accident injuries, OSHA severe injury reports and accident abstracts, NEISS",
    "occupation": "ILO ISCO-08 structure and index, ESCO 1.1.1, O*NET 27, SOC crosswalks",
    "industry": "ONS UK SIC 2007 activity index, US Census NAICS 2022 index and concordances",
}
csv.field_size_limit(10_000_000)


def table(data: Path, name: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV below the data folder, packed or not."""
    path = data / name
    if not path.is_file():
        origin = ORIGIN[name.split("/")[0]]
        sys.exit(f"{name} is not in {data.name}: get it from its publisher ({origin})")
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def targets(crosswalk: Crosswalk, raw: str | None) -> Label:
    """Where a source code leads, as a set of codes; empty when it is no injury or unknown."""
    code = (raw or "").strip().removesuffix(".0")
    if not code:
        return frozenset()
    try:
        return frozenset(crosswalk.convert(code))
    except SchemeError:
        return frozenset()


class Refinements:
    """Words that separate what a source lumps: (label, pattern, code), the first that fits.

    A row without a pattern is the convention for texts that say neither.
    """

    def __init__(self, scheme: str) -> None:
        path = Path(__file__).parent / "refinements.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["scheme"] == scheme]
        self._rules: dict[Label, list[tuple[re.Pattern[str], Label]]] = {}
        for row in rows:
            rule = (re.compile(row["pattern"]), frozenset(row["code"].split("|")))
            self._rules.setdefault(frozenset(row["label"].split("|")), []).append(rule)

    def refine(self, label: Label, text: str) -> Label:
        """The finer label that the text supports, or the label itself."""
        for pattern, finer in self._rules.get(label, ()):
            if pattern.search(text):
                return finer
        return label
