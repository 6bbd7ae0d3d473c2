"""What 500 decisions teach: chosen by the review queue, or at random.

    python -m evaluation.learning ../shared/data evaluation/results/learning.json

Mining accident narratives, part of body (Annex F). Where the source's code has several targets the
first counts, for the clerk and for the gold alike. The encoder has read the narratives of 2010 and
2011, so neither is used. A small model is trained on 400 narratives of 2012; the queue orders
2,600 others of 2012; the gold plays the clerk; the
model is taught the decisions as `coder train --from-review` teaches it (`taught`), or trained
anew from the 400 and the decisions together (`refitted`). Measured on narratives of 2013. Every
seed draws other rows and another random choice; the test rows stay the same.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from coder.errors import InputError
from coder.measures.intervals import newcombe, wilson
from coder.model.adapt import Adaptation, adapt
from coder.model.encoder import Encoder, load_encoder
from coder.model.model import Model
from coder.model.probabilities import Probabilities
from coder.model.rivals import right
from coder.model.train import FIT, TEST, Rows, Settings, deal, train
from coder.review.coded import MachineResult
from coder.review.importing import doubt
from coder.review.sampling import band
from coder.schemes import load_crosswalk, load_scheme
from coder.text import Prepared, Role, prepare
from evaluation.peers.vectors import Vectors

NARRATIVES = "injury/narratives/msha_body_part_2010_2013.csv.gz"
BASE, POOL, TESTED, DECIDED = 400, 2600, 2500, 500
Case = tuple[str, str]  # narrative, code


def cases(data: Path, year: str, most: int, seed: int = 0) -> list[Case]:
    """`most` narratives of a year with their code, drawn by a hash of the narrative."""
    path = data / NARRATIVES
    if not path.is_file():
        raise InputError(f"{path.name} is not there: see training_data/SOURCES.md for its origin")
    to_annex = load_crosswalk("msha-body", "body-part")
    with gzip.open(path, "rt", encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["YEAR"] == year]
    found = {row["NARRATIVE"]: to_annex.convert(row["INJ_BODY_PART_CD"])[0] for row in rows}
    drawn = sorted(found, key=lambda text: hashlib.sha256(f"{seed}{text}".encode()).digest())
    return [(text, found[text]) for text in drawn[:most]]


class Remembering:
    """An encoder that embeds every text once, in this run and the next."""

    def __init__(self, encoder: Encoder, store: Path) -> None:
        self.encode = Vectors(encoder.encode, store, encoder.fingerprint[:16]).of
        self.name, self.fingerprint = encoder.name, encoder.fingerprint
        self.folder, self.dimensions = encoder.folder, encoder.dimensions


def rows_of(chosen: Sequence[tuple[Prepared, str]], source: str) -> Rows:
    """Rows dealt to parts; of decisions the tenth for tuning is held out, as in the review."""
    rows = Rows([], [], [], [])
    for one, code in chosen:
        rows.add(one, frozenset([code]), source, deal(one.main))
    if source == "review":
        rows.part = [
            TEST if part == "tune" else FIT if part == TEST else part for part in rows.part
        ]
    return rows


def doubts(p: Probabilities) -> npt.NDArray[np.float64]:
    """How doubtful the queue finds each text, (n,)."""
    columns, values = p.top(2)
    out = []
    for row, codes in zip(values, columns, strict=True):
        best = tuple((p.codes[c], float(v)) for c, v in zip(codes, row, strict=True))
        out.append(doubt(MachineResult("review", None, None, best, None, (), ())))
    return np.array(out)


def one_seed(
    seed: int, encoder: Encoder, pool: Sequence[Any], test: Sequence[Any]
) -> dict[str, Any]:
    """Which test texts each model codes right, by arm and way of learning."""
    scheme, chance = load_scheme("body-part"), np.random.default_rng(seed)
    order = chance.permutation(len(pool))
    base, rest = [pool[i] for i in order[:BASE]], [pool[i] for i in order[BASE:]]
    coded = rows_of(base, "base")
    small, _ = train(scheme, coded, encoder, Settings(seed=seed))
    doubtful = doubts(small.probabilities([one for one, _ in rest]))
    arms = {
        "queue": np.argsort([-band(d) for d in doubtful], kind="stable")[:DECIDED],
        "random": chance.permutation(len(rest))[:DECIDED],
    }
    out: dict[str, Any] = {"before": _right(small, test)}
    for arm, chosen in arms.items():
        decided = rows_of([rest[i] for i in chosen], "review")
        others = [one for i, (one, _) in enumerate(rest) if i not in set(chosen.tolist())]
        taught = adapt(small, decided, Adaptation(seed=seed), undecided=others)
        out[f"{arm}, taught"] = _right(taught, test)
        both = rows_of(base, "base")
        for one in zip(decided.prepared, decided.labels, decided.source, decided.part, strict=True):
            both.add(*one)
        out[f"{arm}, refitted"] = _right(train(scheme, both, encoder, Settings(seed=seed))[0], test)
    return out


def _right(model: Model, test: Sequence[tuple[Prepared, str]]) -> npt.NDArray[np.bool_]:
    return right(model, [one for one, _ in test], [frozenset([code]) for _, code in test])


def summary(found: Sequence[dict[str, npt.NDArray[np.bool_]]]) -> dict[str, Any]:
    """Per seed: shares right with Wilson's interval, and queue minus random with Newcombe's."""
    n = len(found[0]["before"])
    seeds = []
    for one in found:
        low, high = wilson(np.array([v.mean() for v in one.values()]), float(n))
        shares = {
            name: [round(float(x), 4) for x in (hits.mean(), a, b)]
            for (name, hits), a, b in zip(one.items(), low, high, strict=True)
        }
        gains = {}
        for way in ("taught", "refitted"):
            queue, random = one[f"queue, {way}"], one[f"random, {way}"]
            only_random, only_queue = int((random & ~queue).sum()), int((queue & ~random).sum())
            interval = newcombe(only_random, only_queue, int((queue & random).sum()), n)
            gains[way] = [round(float(x), 4) for x in (queue.mean() - random.mean(), *interval)]
        seeds.append({"right": shares, "queue_minus_random": gains})
    means = {}
    for way in ("taught", "refitted"):
        gaps = np.array([seed["queue_minus_random"][way][0] for seed in seeds])
        half = 1.96 * gaps.std(ddof=1) / len(gaps) ** 0.5 if len(gaps) > 1 else float("nan")
        means[way] = [
            round(float(x), 4) for x in (gaps.mean(), gaps.mean() - half, gaps.mean() + half)
        ]
    mean = {
        name: round(float(np.mean([one[name].mean() for one in found])), 4) for name in found[0]
    }
    return {"mean_right": mean, "mean_queue_minus_random": means, "seeds": seeds}


def prepared(found: Sequence[Case]) -> list[tuple[Prepared, str]]:
    both = [(prepare({Role.NARRATIVE: text}, "body-part"), code) for text, code in found]
    return [(one, code) for one, code in both if one.absent is None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--vectors", type=Path, default=Path("work/vectors"))
    arguments = parser.parse_args()
    encoder = Remembering(load_encoder(), arguments.vectors)
    pool = prepared(cases(arguments.data, "2012", BASE + POOL))
    test = prepared(cases(arguments.data, "2013", TESTED))
    found = []
    for seed in arguments.seeds:
        found.append(one_seed(seed, encoder, pool, test))
        print(
            seed,
            {name: round(float(hits.mean()), 4) for name, hits in found[-1].items()},
            flush=True,
        )
        result = {
            "encoder": {"name": encoder.name, "fingerprint": encoder.fingerprint[:16]},
            "base": BASE,
            "pool": len(pool) - BASE,
            "decided": DECIDED,
            "tested": len(test),
            "split": "base and pool 2012, test 2013",
            **summary(found),
        }
        arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
