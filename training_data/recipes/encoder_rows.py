"""What the tuned encoder reads: every scheme's fitting rows, and the sources' own codes.

Only rows of the fitting part, and no mining narrative of 2012 or later, so that both splits of
the public mining benchmark stay unseen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import industry
import injury
import numpy as np
import occupation
from numpy.typing import NDArray
from scipy import sparse
from sources import table

from coder.model.labels import leaf_matrix, leaves_of
from coder.model.train import FIT, deal
from coder.schemes import load_scheme
from coder.text import Role, prepare

RECIPES = {
    "body-part": injury,
    "injury-type": injury,
    "isco-08": occupation,
    "isic-4": industry,
}
# the sources' own codes: (file, text, code, characters of the code that are kept)
OWN = {
    "mining body": ("msha_body_part_2010_2013.csv.gz", "NARRATIVE", "INJ_BODY_PART_CD", 4),
    "mining kind": ("msha_all_variables_2000_2015.csv", "NARRATIVE", "ACCIDENT_TYPE_CD", 4),
    "severe event": ("osha_severe_injury_2015_2017.csv", "text", "event_code_oiics201", 3),
    "severe source": ("osha_severe_injury_2015_2017.csv", "text", "source_code_oiics201", 2),
}
FIRST_UNSEEN_YEAR = "2012"


@dataclass
class Task:
    """All rows: texts, per head the allowed classes (n, k), a weight each."""

    texts: list[str]
    allowed: dict[str, sparse.csr_matrix]
    weight: NDArray[np.float32]


def gather(data: Path) -> Task:
    labels: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    weight: dict[str, float] = {}
    later = unseen(data)
    for name, recipe in RECIPES.items():
        scheme, rows = load_scheme(name), recipe.rows(data, name)
        weights = recipe.settings(name).source_weight
        for i in rows.where(FIT):
            text = rows.prepared[i].main
            if text not in later:
                labels[name][text] = leaves_of(rows.labels[i], scheme)
                weight[text] = weights.get(rows.source[i], 1.0)
    for name, text, code in own(data):
        if deal(text) == FIT and text not in later:
            labels[name][text] = frozenset([code])
            weight.setdefault(text, 1.0)
    texts = sorted(weight)
    return Task(
        texts,
        {name: matrix(found, texts) for name, found in labels.items()},
        np.array([weight[text] for text in texts], np.float32),
    )


def unseen(data: Path) -> set[str]:
    """The mining narratives that the benchmark measures on, as prepared."""
    return {
        prepare({Role.NARRATIVE: row["NARRATIVE"]}, "body-part").main
        for row in table(data, f"{injury.NARRATIVES}/{OWN['mining body'][0]}")
        if row["YEAR"] >= FIRST_UNSEEN_YEAR
    }


def own(data: Path) -> Iterator[tuple[str, str, str]]:
    """Head, prepared text and the source's own code."""
    for name, (file, text, code, size) in OWN.items():
        for row in table(data, f"{injury.NARRATIVES}/{file}"):
            found = row[code].strip().removesuffix(".0")[:size]
            if found:
                yield name, prepare({Role.NARRATIVE: row[text]}, "injury-type").main, found


def matrix(found: dict[str, frozenset[str]], texts: list[str]) -> sparse.csr_matrix:
    classes = tuple(sorted(frozenset().union(*found.values())))
    return leaf_matrix([found.get(text, frozenset()) for text in texts], classes)
