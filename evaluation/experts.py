"""What experts of one kind give: each recipe's experts beside one that reads everything at once.

    python evaluation/experts.py ../shared/data evaluation/results/experts.json [--scheme S …]

Both are fitted and calibrated on the same rows and compared on the tuning rows, which nobody has
read: share right with its Wilson interval, and the mean log-likelihood.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "training_data" / "recipes")]

from coder.measures.intervals import wilson  # noqa: E402
from coder.model.encoder import load_encoder  # noqa: E402
from coder.model.encoder.cached import CachedEncoder  # noqa: E402
from coder.model.labels import leaf_matrix, leaves_of  # noqa: E402
from coder.model.train import TUNE, Expert, train  # noqa: E402
from coder.schemes import load_scheme  # noqa: E402
from models import RECIPES  # noqa: E402 - after the path is set


def compare(data: Path, name: str, cache: Path | None) -> dict[str, object]:
    scheme, how = load_scheme(name), RECIPES[name].settings(name)
    rows = RECIPES[name].rows(data, name)
    encoder = load_encoder() if cache is None else CachedEncoder(load_encoder(), cache)
    tune = rows.where(TUNE)
    sources = np.array(rows.source)[tune]
    found: dict[str, object] = {"n": len(tune)}
    for title, experts in (("together", (Expert(),)), ("apart", how.experts)):
        model, _ = train(scheme, rows, encoder, replace(how, experts=experts))
        p = model.probabilities([rows.prepared[i] for i in tune]).values
        leaves = [leaves_of(rows.labels[i], scheme) for i in tune]
        good = np.asarray(leaf_matrix(leaves, model.codes).todense()) != 0
        right = good[np.arange(len(tune)), p.argmax(axis=1)]
        low, high = wilson(float(right.mean()), len(tune))
        found[title] = {
            "right": round(float(right.mean()), 4),
            "interval": [round(float(low), 4), round(float(high), 4)],
            "log_likelihood": round(float(np.log((p * good).sum(axis=1) + 1e-9).mean()), 4),
            "sources": {
                str(source): [round(float(right[sources == source].mean()), 4), int(n)]
                for source, n in zip(*np.unique(sources, return_counts=True), strict=True)
            },
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scheme", action="append", choices=sorted(RECIPES))
    parser.add_argument("--cache", type=Path, help="a folder that remembers embeddings")
    arguments = parser.parse_args()
    result = json.loads(arguments.out.read_text()) if arguments.out.is_file() else {}
    for name in arguments.scheme or RECIPES:
        result[name] = compare(arguments.data, name, arguments.cache)
        print(name, json.dumps(result[name]), flush=True)
        arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
