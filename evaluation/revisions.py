"""How right `coder schemes recode` is between ISCO-88 and ISCO-08, in both directions.

    python evaluation/revisions.py ../shared/data evaluation/results/revisions.json [--fit]

Rows are the titles of the ILO's index that carry both codes. They are dealt into five by the
SHA-256 of their normal form. Fold 4 is measured: no index term of either scheme, from whatever
source, that has the form of one of its titles is known to the text part. The coefficients of the
text part and its threshold come from folds 0 to 3, each read with its own terms left out
(`--fit` prints them; they are then written into `coder/evidence/split.py`).

`right` compares with the index's own code. Some of its pairs contradict the ILO's table
(`beyond the table`), so that no recoding through the table can be right on them.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from coder.engine.recode import SURE, Recoder
from coder.evidence import SplitText, split_text
from coder.evidence.split import COEFFICIENTS
from coder.measures.intervals import wilson
from coder.schemes import load_crosswalk, load_index, load_scheme
from coder.text import normal

FILE = "occupation/isco08_title_index.csv"
FOLDS, TEST = 5, 4
DIRECTIONS = (("isco-88", "isco-08"), ("isco-08", "isco-88"))


@dataclass(frozen=True)
class Row:
    """A title with the code in both schemes."""

    form: str
    codes: dict[str, str]
    fold: int


def fold_of(form: str) -> int:
    return int(hashlib.sha256(form.encode()).hexdigest(), 16) % FOLDS


def index_rows(data: Path) -> list[Row]:
    path = data / FILE
    if not path.is_file():
        sys.exit(f"{FILE} is not in {data.name}: it is the ILO's ISCO-08 index of titles")
    schemes = {name: load_scheme(name) for name in ("isco-88", "isco-08")}
    out = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            codes = {"isco-88": row["isco88"], "isco-08": row["isco08"]}
            if all(code in schemes[name] for name, code in codes.items()):
                form = normal(row["title"], "occupation")
                out.append(Row(form, codes, fold_of(form)))
    return out


def text_part(source: str, target: str, rows: list[Row], left_out: set[int]) -> SplitText:
    """The text part without any term that has the form of a row of these folds."""
    hidden = {row.form for row in rows if row.fold in left_out}
    kept = [
        tuple(t for t in load_index(name) if normal(t.term, "occupation") not in hidden)
        for name in (target, source)
    ]
    return split_text(source, load_scheme(target), *kept)


def fit(rows: list[Row]) -> None:
    """Coefficients of the conditional logit, and the threshold, from folds 0 to 3."""
    cases: list[tuple[np.ndarray, int]] = []
    beyond: list[np.ndarray] = []  # splits whose right code the table does not list
    for source, target in DIRECTIONS:
        crosswalk = load_crosswalk(source, target)
        for fold in range(FOLDS - 1):
            text = text_part(source, target, rows, {fold, TEST})
            groups: dict[str, list[Row]] = defaultdict(list)
            for row in rows:
                if row.fold == fold and len(crosswalk.convert(row.codes[source])) > 1:
                    groups[row.codes[source]].append(row)
            for code, some in groups.items():
                links = [(link.target, link.note) for link in crosswalk.targets(code)]
                names = [name for name, _ in links]
                values = text.features(code, links, [row.form for row in some])
                truth = [row.codes[target] for row in some]
                known = [i for i, code in enumerate(truth) if code in names]
                cases += [(values[i], names.index(truth[i])) for i in known]
                beyond += [values[i] for i in range(len(some)) if i not in known]
            print(source, target, fold, len(cases), flush=True)

    def loss(weights: np.ndarray) -> float:
        total = 0.0
        for values, right in cases:
            scores = values @ weights
            total += np.log(np.exp(scores - scores.max()).sum()) - (scores[right] - scores.max())
        return total / len(cases)

    found = minimize(loss, COEFFICIENTS, method="BFGS").x
    print("coefficients", found.round(2).tolist(), "n", len(cases))
    every = [*cases, *((values, -1) for values in beyond)]
    shares = [np.exp(v @ found - (v @ found).max()) for v, _ in every]
    top = np.array([s.max() / s.sum() for s in shares])
    right = np.array([int(s.argmax()) == y for s, (_, y) in zip(shares, every, strict=True)])
    for sure in (0.8, 0.85, 0.9, 0.95, 0.97):
        some = top >= sure
        print(f"share >= {sure}: {some.mean():.3f} of splits, {right[some].mean():.4f} right")


def share(right: int, n: int) -> dict[str, object]:
    low, high = (float(x) for x in wilson(right / max(n, 1), n))
    return {"n": n, "right": right, "share": round(right / n, 4) if n else None,
            "low": round(low, 4), "high": round(high, 4)}  # fmt: skip


def measured(source: str, target: str, rows: list[Row]) -> dict[str, object]:
    """Fold 4: one-to-one, splits settled by the text, what is left for review, and all."""
    test = [row for row in rows if row.fold == TEST]
    crosswalk = load_crosswalk(source, target)
    text = text_part(source, target, rows, {TEST})
    recoder = Recoder(crosswalk, load_scheme(target), text, "code", ("title",))
    found = recoder.recode([r.codes[source] for r in test], [r.form for r in test])
    groups: dict[str, list[tuple[bool, bool]]] = defaultdict(list)  # best right, right is listed
    beyond = 0
    for row, one in zip(test, found, strict=True):
        truth, codes = row.codes[target], [code for code, _ in one.shares]
        beyond += truth not in codes
        several = len(codes) > 1
        kind = "splits" if several else "one to one"
        outcome = (codes[:1] == [truth], truth in codes)
        groups[kind].append(outcome)
        groups["automatic" if one.status == "auto" else "for review"].append(outcome)
        if several and one.status == "auto":
            groups["splits settled by text"].append(outcome)
        groups["all, best code"].append(outcome)
    result: dict[str, object] = {
        kind: share(sum(best for best, _ in pairs), len(pairs)) for kind, pairs in groups.items()
    }
    listed = [there for _, there in groups["for review"]]
    result["right code among those listed for review"] = share(sum(listed), len(listed))
    result["automatic share"] = round(len(groups["automatic"]) / len(test), 4)
    result["beyond the table"] = beyond
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--fit", action="store_true", help="only print coefficients")
    arguments = parser.parse_args()
    rows = index_rows(arguments.data)
    if arguments.fit:
        fit(rows)
        return
    result: dict[str, object] = {
        "rows": len(rows),
        "split": f"fold {TEST} of {FOLDS} by SHA-256 of the title's normal form",
        "interval": "Wilson, 95 %",
        "sure": SURE,
        "coefficients": COEFFICIENTS.tolist(),
    }
    for source, target in DIRECTIONS:
        result[f"{source} to {target}"] = found = measured(source, target, rows)
        print(source, "to", target)
        for kind, value in found.items():
            print(f"  {kind:<42} {json.dumps(value)}")
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
