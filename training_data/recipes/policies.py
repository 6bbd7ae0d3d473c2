"""Derive the shipped policies from each model's tuning rows, and check them on its test rows.

    python training_data/recipes/policies.py --data ../shared/data --models models [--scheme S …]

Writes policies.json (tier auto), policies-fast.json, policies-accurate.json and policies.md
into each model folder. The tuning rows were used neither to
fit nor to calibrate, the test rows for nothing else.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.stats import binomtest

from coder.decide import Gold, Policy, Signals, Status, decide, one_of_each, tune
from coder.decide.policy import TARGETS
from coder.engine import Coder
from coder.engine.loading import policy_file
from coder.model.labels import at_level
from coder.model.model import TIERS, Tier
from coder.model.probabilities import Probabilities
from coder.model.train import TEST, TUNE, Rows
from models import RECIPES

COLUMN = {"isco-08": "job_title", "isic-4": "industry"}


def seen(
    engine: Coder, name: str, rows: Rows, chosen: Sequence[int]
) -> tuple[Probabilities, Signals]:
    texts = pa.array([rows.prepared[i].main for i in chosen])
    return engine.probabilities(pa.table({COLUMN.get(name, "narrative"): texts}), name)


def outcome(
    p: Probabilities, signals: Signals, policy: Policy, rows: Rows, chosen: Sequence[int]
) -> list[str]:
    """What the policy does to rows that it has not seen, as lines of a table."""
    decided = decide(p, policy, signals)
    auto = np.flatnonzero(decided.status == Status.AUTO)
    lines = []
    for level in (*p.scheme.levels, "all"):
        part = [i for i in auto if level in ("all", decided.level[i])]
        judged, right = 0, 0
        for i in part:
            truth = at_level(rows.labels[chosen[i]], p.scheme, int(decided.level[i]))
            if truth is not None:
                judged += 1
                right += decided.code[i] in truth
        if not judged:
            continue
        low, high = binomtest(right, judged).proportion_ci(method="wilson")
        share = len(part) / len(chosen)
        lines.append(
            f"| {policy.target_accuracy:.2f} | {level} | {share:.3f} | {right / judged:.3f} "
            f"| {low:.3f}–{high:.3f} | {judged:,} |"
        )
    return lines or [f"| {policy.target_accuracy:.2f} | all | 0.000 | – | – | 0 |"]


def make(name: str, data: Path, models: Path) -> None:
    """The policies of every tier of a model, and the page about them."""
    rows = RECIPES[name].rows(data, name)
    tuned, tested = len(rows.where(TUNE)), len(rows.where(TEST))
    lines = [
        f"# Policies of the model for {name}",
        "",
        f"Tuned on {tuned:,} rows, measured on {tested:,} test rows: share of all rows "
        "coded automatically at each level, and how many of those are right (95 % Wilson "
        "interval; n counts rows whose gold reaches the level).",
        "",
    ]
    for tier in TIERS:
        lines += of_tier(name, models / name, rows, tier)
    (models / name / "policies.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines), flush=True)


def of_tier(name: str, folder: Path, rows: Rows, tier: Tier) -> list[str]:
    """Write the policies of one tier; the part of the page about it."""
    file = folder / policy_file(tier)
    file.unlink(missing_ok=True)
    engine = Coder.load(models={name: folder}, schemes=[name], tier=tier)
    chosen = rows.where(TUNE).tolist()
    p, signals = seen(engine, name, rows, chosen)
    if name == "isic-4":  # tuning phrases stand in the index: the lookup would know the answer
        signals = replace(signals, conflict=np.zeros(len(p), np.bool_))
    gold = Gold.of(p.scheme, [sorted(rows.labels[i]) for i in chosen])
    policies = [
        tune(p, gold, target, signals=signals, model=engine.model_hash(name)).policy
        for target in TARGETS
    ]
    one_of_each(policies).save(file)
    tested = rows.where(TEST).tolist()
    q, seen_signals = seen(engine, name, rows, tested)
    sets = policies[TARGETS.index(0.95)].candidates
    return [
        f"## Tier {tier}",
        "",
        "| target | level | share | right | interval | n |",
        "|---:|---|---:|---:|---|---:|",
        *[line for policy in policies for line in outcome(q, seen_signals, policy, rows, tested)],
        "",
        f"Candidate sets at target 0.95: coverage {sets.measured_coverage:.3f}, mean size "
        f"{sets.mean_size:.1f}, cross-fitted on the {sets.n:,} tuning rows that go to review.",
        "",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--scheme", action="append", choices=sorted(RECIPES))
    arguments = parser.parse_args()
    for name in arguments.scheme or RECIPES:
        make(name, arguments.data, arguments.models)


if __name__ == "__main__":
    main()
