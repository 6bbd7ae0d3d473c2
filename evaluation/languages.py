"""ESCO labels in other languages that the model never read: how often isco-08 is right.

    python evaluation/languages.py ../shared/data evaluation/results/languages.json

The kept-out labels are those whose text `coder.model.train.deal` gives to the test part, in the
languages that the recipe teaches; English is no part of it (all English labels are index terms).
Top 1 and top 5 of the unit group, with 95 % Wilson intervals, per tier.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.stats import binomtest

from coder.engine import Coder
from coder.model.model import TIERS
from coder.model.train import TEST, deal
from coder.text import Role, prepare

sys.path.append(str(Path(__file__).resolve().parents[1] / "training_data" / "recipes"))

from occupation import foreign


def share(right: np.ndarray) -> dict[str, Any]:
    found = binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
    return {
        "share": round(float(right.mean()), 4),
        "interval": [round(found.low, 4), round(found.high, 4)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    labels: dict[tuple[str, str], set[str]] = {}
    for text, label, language in foreign(arguments.data):
        main_text = prepare({Role.TITLE: text}, "isco-08").main
        if deal(main_text) == TEST:
            labels.setdefault((language, main_text), set()).update(label)
    language = np.array([key[0] for key in labels])
    texts = pa.table({"job_title": [key[1] for key in labels]})
    result: dict[str, Any] = {"version": metadata.version("narracoder"), "split": "deal = test"}
    for tier in TIERS:
        engine = Coder.load(schemes=["isco-08"], tier=tier)
        p, _ = engine.probabilities(texts, "isco-08")
        columns, _ = p.top(5)
        hit = np.array(
            [
                [p.codes[c] in gold for c in row]
                for row, gold in zip(columns, labels.values(), strict=True)
            ]
        )
        result[tier] = {}
        for one in sorted(set(language)):
            rows = language == one
            result[tier][one] = {
                "n": int(rows.sum()),
                "top1": share(hit[rows, 0]),
                "top5": share(hit[rows].any(axis=1)),
            }
        print(tier, json.dumps(result[tier]), flush=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
