"""How far a source's counts per code are from the sum of the probabilities, beyond chance.

    python evaluation/statistics_systematic.py ../shared/data OUT.json

On the tuning rows of every source but the mining ones (those are what `statistics_rates.py`
reports on), per source and code of level 1: observed count O, expected count E (the sum of the
probabilities) and its variance V under independent draws. Codes differ between sources by
log-normal factors of standard deviation sigma: the moment estimate is the weighted mean of
(O - E)² - V over that of (E_c times 1 - E_c/n)², never below 0. It is the default of `coder
stats --systematic`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "training_data" / "recipes")]

from coder.engine import Coder  # noqa: E402
from coder.model.labels import leaves_of  # noqa: E402
from coder.model.train import TUNE  # noqa: E402
from models import RECIPES  # noqa: E402 - after the path is set

SCHEMES = ("injury-type", "body-part")
LEFT_OUT = ("mining", "mining, all variables", "ICD-10 titles")
LEAST_ROWS = 40
LEAST_EXPECTED = 1.0


def cells(engine: Coder, scheme: str, data: Path) -> list[dict[str, object]]:
    rows = RECIPES[scheme].rows(data, scheme)
    chosen = [i for i in rows.where(TUNE) if rows.source[i] not in LEFT_OUT]
    texts = pa.array([rows.prepared[i].main for i in chosen])
    p, _ = engine.probabilities(pa.table({"narrative": texts}), scheme)
    tree = p.scheme
    tops = [c for c in tree.codes if tree[c].level == 1]
    up = np.array([tops.index(tree.ancestor(code, 1)) for code in p.codes])
    top = np.stack([p.values[:, up == k].sum(axis=1) for k in range(len(tops))], axis=1)
    label = []
    for i in chosen:
        found = {tree.ancestor(leaf, 1) for leaf in leaves_of(rows.labels[i], tree)}
        label.append(tops.index(found.pop()) if len(found) == 1 else -1)
    gold, source = np.array(label), np.array([rows.source[i] for i in chosen])
    out: list[dict[str, object]] = []
    for name in sorted(set(source)):
        own = (source == name) & (gold >= 0)
        if own.sum() < LEAST_ROWS:
            continue
        for k, code in enumerate(tops):
            expected = float(top[own, k].sum())
            variance = float((top[own, k] * (1 - top[own, k])).sum())
            observed = int((gold[own] == k).sum())
            if expected >= LEAST_EXPECTED:
                out.append(
                    {"source": name, "code": code, "n": int(own.sum()), "observed": observed,
                     "expected": round(expected, 2), "variance": round(variance, 2)}
                )  # fmt: skip
    return out


def sigma(found: list[dict[str, object]]) -> float:
    """The moment estimate over all cells: a factor exp(sigma z) moves E by about V sigma."""
    o, e, v = (np.array([float(c[k]) for c in found]) for k in ("observed", "expected", "variance"))  # type: ignore[arg-type]  # numbers
    weight = 1 / np.maximum(v, 1)
    extra = (weight * ((o - e) ** 2 - v)).sum()
    return float(np.sqrt(max(extra, 0.0) / (weight * v**2).sum()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    engine = Coder.load()
    result: dict[str, object] = {"models": engine.manifest()["models"], "schemes": {}}
    every: list[dict[str, object]] = []
    for scheme in SCHEMES:
        found = cells(engine, scheme, arguments.data)
        every += found
        result["schemes"][scheme] = {"sigma": round(sigma(found), 3), "cells": found}  # type: ignore[index]  # a dict
        print(scheme, round(sigma(found), 3), f"{len(found)} cells")
    result["sigma"] = round(sigma(every), 3)
    print("together", result["sigma"])
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
