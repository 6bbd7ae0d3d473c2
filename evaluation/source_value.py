"""What each data source adds, and how many of its labels look wrong.

    python evaluation/source_value.py ../shared/data evaluation/results/source_value.json

Each source in turn gives no fitting row; what that costs is counted on the tuning rows, of the
other sources and of its own, against the model of all rows (paired difference with Newcombe's
interval). The encoder stays the shipped one, which has read every source, so a difference is what
the linear model lacks. Labels that look wrong are found among the tuning rows with one code, which
neither encoder nor model has read, by confident learning (Northcutt, Jiang & Chuang 2021; the
package cleanlab, installed by hand: only this script needs it).
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "training_data" / "recipes")]

from cleanlab.filter import find_label_issues  # noqa: E402 - after the path is set

from coder.measures.intervals import newcombe  # noqa: E402
from coder.model.encoder import Encoder, load_encoder  # noqa: E402
from coder.model.encoder.cached import CachedEncoder  # noqa: E402
from coder.model.labels import leaf_matrix, leaves_of  # noqa: E402
from coder.model.train import FIT, TUNE, Rows, train  # noqa: E402
from coder.schemes import load_scheme  # noqa: E402
from models import RECIPES  # noqa: E402

LEAST = 100  # fitting rows of a source that is left out
SCHEMES = ("body-part", "injury-type", "isic-4")


@dataclass(frozen=True)
class Answers:
    """Of the tuning rows: probabilities (n, codes), which codes are acceptable, where from."""

    p: NDArray[np.float32]
    good: NDArray[np.bool_]
    source: NDArray[np.str_]

    @property
    def right(self) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.good[np.arange(len(self.p)), self.p.argmax(axis=1)]
        return found


def fitted(rows: Rows, name: str, encoder: Encoder, without: str | None) -> Answers:
    scheme, how = load_scheme(name), RECIPES[name].settings(name)
    kept = Rows([], [], [])
    for prepared, label, source, part in zip(
        rows.prepared, rows.labels, rows.source, rows.part, strict=True
    ):
        if part != FIT or source != without:
            kept.add(prepared, label, source, part)
    model, _ = train(scheme, kept, encoder, how)
    tune = kept.where(TUNE)
    leaves = [leaves_of(kept.labels[i], scheme) for i in tune]
    p = model.probabilities([kept.prepared[i] for i in tune]).values
    good = np.asarray(leaf_matrix(leaves, model.codes).todense()) != 0
    return Answers(p, good, np.array(kept.source)[tune])


def difference(every: Answers, less: Answers, here: NDArray[np.bool_]) -> dict[str, object]:
    """Share right without the source minus with it."""
    a, b = less.right[here], every.right[here]
    low, high = newcombe(int((b & ~a).sum()), int((a & ~b).sum()), int((a & b).sum()), len(a))
    return {
        "n": len(a),
        "difference": round(float(a.mean() - b.mean()), 4),
        "interval": [round(low, 4), round(high, 4)],
    }


def suspicious(answers: Answers) -> dict[str, object]:
    """Rows with one code whose label confident learning doubts, per source."""
    single = np.flatnonzero(answers.good.sum(axis=1) == 1)
    truth = answers.good[single].argmax(axis=1)
    # codes that no label has leave the question: their probability is shared out
    present = np.unique(truth)
    p = answers.p[single][:, present].astype(np.float64) + 1e-9
    doubt = find_label_issues(np.searchsorted(present, truth), p / p.sum(axis=1, keepdims=True))
    source = answers.source[single]
    return {
        str(one): {"n": int((source == one).sum()), "doubted": int(doubt[source == one].sum())}
        for one in np.unique(source)
    }


def measure(data: Path, name: str, encoder: Encoder) -> dict[str, object]:
    rows = RECIPES[name].rows(data, name)
    every = fitted(rows, name, encoder, None)
    counts = dict.fromkeys(sorted(set(rows.source)), 0)
    for i in rows.where(FIT):
        counts[rows.source[i]] += 1
    found: dict[str, object] = {}
    for source, n in counts.items():
        if n < LEAST:
            continue
        less = fitted(rows, name, encoder, source)
        own, entry = every.source == source, {"fitting rows": n}
        for what, here in (("its own rows", own), ("all others", ~own)):
            if here.any():
                entry[what] = difference(every, less, here)
        found[source] = entry
        print(name, "without", source, json.dumps(entry), flush=True)
    return {"left out": found, "labels in doubt": suspicious(every)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scheme", action="append", choices=sorted(RECIPES))
    parser.add_argument("--cache", type=Path, help="a folder that remembers embeddings")
    arguments = parser.parse_args()
    encoder: Encoder = load_encoder()
    if arguments.cache:
        encoder = CachedEncoder(encoder, arguments.cache)
    result = json.loads(arguments.out.read_text()) if arguments.out.is_file() else {}
    for name in arguments.scheme or SCHEMES:
        result[name] = measure(arguments.data, name, encoder)
        print(name, json.dumps(result[name]["labels in doubt"]), flush=True)
        arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
