"""Does the promise hold? Simulated worlds, and real narratives in exchangeable halves.

    python -m evaluation.promise ../shared/data evaluation/results/promise.json

The models are quick ones, trained here (TF-IDF and logistic regression): what is measured is
`coder.decide`, not the shipped models. Real data: mining accidents with part of body, severe
injuries with nature, vacancy titles with ISCO-08; see training_data/SOURCES.md for their origin.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import binom
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_union

from coder.decide import Gold, Policy, Status, decide, tune
from coder.decide.bounds import interval
from coder.model.probabilities import Probabilities
from coder.schemes import Code, Scheme, load_scheme
from evaluation.worlds import WORLDS, count_broken

Rows = NDArray[np.intp]
SPLITS = 50


def read(path: Path, text: str, code: str) -> list[dict[str, str]]:
    """Rows with a text and a code."""
    content = path.read_bytes()
    plain = gzip.decompress(content) if path.suffix == ".gz" else content
    lines = io.StringIO(plain.decode("utf-8-sig"), newline="")
    return [row for row in csv.DictReader(lines) if row[text].strip() and row[code].strip()]


def flat(name: str, codes: list[str]) -> Scheme:
    """A scheme of one level from the codes of a source."""
    return Scheme(name, name, [Code(code, code, 1, None) for code in sorted(set(codes))])


def quick_model(texts: list[str], codes: list[str]) -> Callable[[list[str], Scheme], Probabilities]:
    """TF-IDF and logistic regression, its temperature fitted on a tenth kept aside."""
    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float32)
    )
    aside = np.arange(len(texts)) % 10 == 0
    x = features.fit_transform(texts)
    y = np.array(codes)
    model = LogisticRegression(C=10.0, max_iter=60, tol=1e-3).fit(x[~aside], y[~aside])
    known = aside & np.isin(y, model.classes_)
    scores = model.decision_function(x[known])
    place = np.searchsorted(model.classes_, y[known])

    def loss(log_t: float) -> float:
        z = scores / np.exp(log_t)
        z = z - z.max(axis=1, keepdims=True)
        return float((np.log(np.exp(z).sum(1)) - z[np.arange(len(z)), place]).mean())

    temperature = float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))

    def probabilities(new: list[str], scheme: Scheme) -> Probabilities:
        z = model.decision_function(features.transform(new)) / temperature
        e = np.exp(z - z.max(axis=1, keepdims=True))
        values = np.zeros((len(new), len(scheme.leaves)), np.float32)
        column = {leaf: i for i, leaf in enumerate(scheme.leaves)}
        values[:, [column[c] for c in model.classes_]] = e / e.sum(axis=1, keepdims=True)
        return Probabilities(scheme, scheme.leaves, values)

    return probabilities


@dataclass(frozen=True)
class Sets:
    """Candidate sets of `n` records for review: how often right, and how large."""

    n: int
    coverage: float | None
    mean_size: float | None


@dataclass(frozen=True)
class Seen:
    """What a policy does on `n` records it has not seen; `by_level`: [automatic, right]."""

    n: int
    automatic: int
    right: int
    share: float
    accuracy: float | None
    interval: tuple[float, float]
    by_level: dict[int, tuple[int, int]]
    candidates: Sets


def judge(policy: Policy, p: Probabilities, codes: list[str]) -> Seen:
    """Apply a policy and compare with the gold."""
    decisions = decide(p, policy)
    auto = decisions.status == Status.AUTO
    right = np.zeros(len(codes), np.bool_)
    for i in np.flatnonzero(auto):
        right[i] = p.scheme.ancestor(codes[i], int(decisions.level[i])) == decisions.code[i]
    levels = {}
    for level in p.scheme.levels:
        coded = auto & (decisions.level == level)
        levels[level] = (int(coded.sum()), int(right[coded].sum()))
    low, high = interval(int(right.sum()), int(auto.sum()), 0.05)
    rows = np.flatnonzero(decisions.status == Status.REVIEW)
    sets = [decisions.candidates[i] for i in rows]
    held = [codes[i] in kind for i, kind in zip(rows, sets, strict=True)]
    return Seen(
        n=len(codes),
        automatic=int(auto.sum()),
        right=int(right.sum()),
        share=float(auto.mean()),
        accuracy=float(right[auto].mean()) if auto.any() else None,
        interval=(float(low), float(high)),
        by_level=levels,
        candidates=Sets(
            len(rows),
            float(np.mean(held)) if held else None,
            float(np.mean([len(kind) for kind in sets])) if sets else None,
        ),
    )


def halves(p: Probabilities, codes: list[str], target: float, seed: int) -> dict[str, object]:
    """Tune on one half, apply to the other, `SPLITS` times.

    `broken`: splits whose accuracy in the other half is below the target, chance in that half
    included; `proven`: splits so far below that chance alone (5 %) does not explain it.
    """
    rng = np.random.default_rng(seed)
    gold = Gold.of(p.scheme, codes)
    seen: list[Seen] = []
    for _ in range(SPLITS):
        order = rng.permutation(len(codes))
        a, b = order[: len(order) // 2], order[len(order) // 2 :]
        policy = tune(p.take(a), gold.take(a), target).policy
        seen.append(judge(policy, p.take(b), [codes[i] for i in b]))
    accuracies = [one.accuracy for one in seen if one.accuracy is not None]
    coverages = [one.candidates.coverage for one in seen if one.candidates.coverage is not None]
    sizes = [one.candidates.mean_size for one in seen if one.candidates.mean_size is not None]
    return {
        "n": len(codes),
        "target": target,
        "splits": SPLITS,
        "without_threshold": SPLITS - len(accuracies),
        "all_levels": _broken([(one.automatic, one.right) for one in seen], target),
        "levels": {
            level: _broken([one.by_level[level] for one in seen], target)
            for level in p.scheme.levels
        },
        "mean_share": float(np.mean([one.share for one in seen])),
        "mean_accuracy": float(np.mean(accuracies)) if accuracies else None,
        "lowest_accuracy": float(np.min(accuracies)) if accuracies else None,
        "candidate_coverage": float(np.mean(coverages)) if coverages else None,
        "candidate_mean_size": float(np.mean(sizes)) if sizes else None,
    }


def _broken(found: list[tuple[int, int]], target: float) -> dict[str, int]:
    used = [(n, right) for n, right in found if n]
    return {
        "used": len(used),
        "broken": sum(right < target * n - 1e-9 for n, right in used),
        "proven": sum(bool(binom.cdf(right, n, target) < 0.05) for n, right in used),
    }


def mining(data: Path) -> dict[str, object]:
    """Part of body: trained up to September 2012, tuned on the last quarter, applied to 2013."""
    text, code = "NARRATIVE", "INJ_BODY_PART_CD"
    rows = read(data / "injury/narratives/msha_body_part_2010_2013.csv.gz", text, code)
    scheme = flat("mining-body-part", [row[code] for row in rows])
    train = [row for row in rows if row["ACCIDENT_DT"] < "2012-10"]
    gold = [row for row in rows if row["ACCIDENT_DT"] >= "2012-10" and row["YEAR"] == "2012"]
    later = [row for row in rows if row["YEAR"] == "2013"]
    model = quick_model([r[text] for r in train], [r[code] for r in train])
    p, codes = model([r[text] for r in gold], scheme), [r[code] for r in gold]
    p_later, codes_later = model([r[text] for r in later], scheme), [r[code] for r in later]
    applied = {}
    for target in (0.9, 0.95, 0.96, 0.97):
        policy = tune(p, codes, target).policy
        applied[f"{target:g}"] = {
            "promised_share": policy.promised_share,
            **asdict(judge(policy, p_later, codes_later)),
        }
    return {
        "training_records": len(train),
        "gold_records": len(gold),
        "next_year": applied,
        "halves": {f"{t:g}": halves(p_later, codes_later, t, 1) for t in (0.9, 0.95)},
    }


def field(path: Path, text: str, code: str, scheme: Scheme | None) -> dict[str, object]:
    """Halves of half of a source; the model learned from the other half."""
    rows = read(path, text, code)
    if scheme is not None:
        rows = [row for row in rows if row[code] in scheme.leaves]
    scheme = scheme or flat(path.stem, [row[code] for row in rows])
    order = np.random.default_rng(0).permutation(len(rows))
    train = [rows[i] for i in order[: len(rows) // 2]]
    rest = [rows[i] for i in order[len(rows) // 2 :]]
    model = quick_model([r[text] for r in train], [r[code] for r in train])
    p = model([r[text] for r in rest], scheme)
    codes = [r[code] for r in rest]
    found = {f"{t:g}": halves(p, codes, t, 2) for t in (0.8, 0.9, 0.95)}
    return {"training_records": len(train), "halves": found}


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
def main(data: Path, out: Path) -> None:
    """Check the promise on simulated worlds and on the real narratives below DATA."""
    result: dict[str, object] = {
        "simulated": {
            f"{world.name}, gold {n}": asdict(count_broken(world, n, 500, 0.95, 0.95, 7))
            for world in WORLDS
            for n in (300, 1500, 5000)
        }
    }
    click.echo("simulated worlds done")
    result["mining body part"] = mining(data)
    click.echo("mining done")
    result["severe injury nature"] = field(
        data / "injury/narratives/osha_severe_injury_2015_2017.csv",
        "text",
        "nature_code_oiics201",
        None,
    )
    result["vacancy titles"] = field(
        data / "occupation/vacancy_titles_my.csv", "vacancyTitle", "isco08", load_scheme("isco-08")
    )
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    click.echo(f"wrote {out}")


if __name__ == "__main__":
    main()
