"""What a recipe, or a change to it, makes of the tuning rows, which nobody has read."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "training_data" / "recipes")]

from coder.measures.intervals import newcombe, wilson  # noqa: E402 - after the path is set
from coder.model.encoder import Encoder, load_encoder  # noqa: E402
from coder.model.encoder.cached import CachedEncoder  # noqa: E402
from coder.model.labels import leaf_matrix, leaves_of  # noqa: E402
from coder.model.train import TUNE, Rows, train  # noqa: E402
from coder.schemes import load_scheme  # noqa: E402
from models import RECIPES  # noqa: E402


@dataclass(frozen=True)
class Answers:
    """Of the tuning rows: probabilities (n, codes), which codes are acceptable, where from."""

    p: NDArray[np.float32]
    good: NDArray[np.bool_]
    source: NDArray[np.str_]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the best code is acceptable, (n,)."""
        found: NDArray[np.bool_] = self.good[np.arange(len(self.p)), self.p.argmax(axis=1)]
        return found

    def summary(self) -> dict[str, Any]:
        """Share right with Wilson's interval, mean log-likelihood, share right per source."""
        right = self.right
        low, high = wilson(float(right.mean()), len(right))
        likelihood = np.log((self.p * self.good).sum(axis=1) + 1e-9).mean()
        return {
            "right": round(float(right.mean()), 4),
            "interval": [round(float(low), 4), round(float(high), 4)],
            "log_likelihood": round(float(likelihood), 4),
            "sources": {
                str(source): [round(float(right[self.source == source].mean()), 4), int(n)]
                for source, n in zip(*np.unique(self.source, return_counts=True), strict=True)
            },
        }


def without(rows: Rows, gone: Collection[int]) -> Rows:
    """The rows but those with these numbers."""
    kept, out = Rows([], [], []), set(gone)
    for i in range(len(rows)):
        if i not in out:
            kept.add(rows.prepared[i], rows.labels[i], rows.source[i], rows.part[i])
    return kept


def answers(rows: Rows, name: str, encoder: Encoder, **changes: Any) -> Answers:
    """Those of a scheme's recipe, fitted to the rows with some of its settings changed."""
    scheme, how = load_scheme(name), replace(RECIPES[name].settings(name), **changes)
    model, _ = train(scheme, rows, encoder, how)
    tune = rows.where(TUNE)
    p = model.probabilities([rows.prepared[i] for i in tune]).values
    leaves = [leaves_of(rows.labels[i], scheme) for i in tune]
    good = np.asarray(leaf_matrix(leaves, model.codes).todense()) != 0
    return Answers(p, good, np.array(rows.source)[tune])


def difference(
    before: Answers, after: Answers, here: NDArray[np.bool_] | None = None
) -> dict[str, object]:
    """Share right after minus before, on the rows of `here` (all unless given), paired."""
    a, b = after.right, before.right
    if here is not None:
        a, b = a[here], b[here]
    low, high = newcombe(int((b & ~a).sum()), int((a & ~b).sum()), int((a & b).sum()), len(a))
    return {
        "n": len(a),
        "difference": round(float(a.mean() - b.mean()), 4),
        "interval": [round(low, 4), round(high, 4)],
    }


Measure = Callable[[Rows, str, Encoder], object]


def main(doc: str | None, schemes: Sequence[str], measure: Measure) -> None:
    """The command line of a script that measures schemes one by one, and keeps what it has."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scheme", action="append", choices=sorted(RECIPES))
    parser.add_argument("--cache", type=Path, help="a folder that remembers embeddings")
    chosen = parser.parse_args()
    encoder: Encoder = load_encoder()
    if chosen.cache:
        encoder = CachedEncoder(encoder, chosen.cache)
    result = json.loads(chosen.out.read_text()) if chosen.out.is_file() else {}
    for name in chosen.scheme or schemes:
        result[name] = measure(RECIPES[name].rows(chosen.data, name), name, encoder)
        print(name, json.dumps(result[name]), flush=True)
        chosen.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
