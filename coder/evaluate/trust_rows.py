"""Trust as tidy rows: calibration, automation, and accuracy in parts of the data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from coder.evaluate.case import Options
from coder.evaluate.measure import View
from coder.evaluate.tree import BoolArray, FloatArray, IntArray
from coder.evaluate.trust import (
    automation_curve,
    brier,
    expected_calibration_error,
    maximum_calibration_error,
    reliability,
    share_at_accuracy,
)
from coder.figures.tables import Row
from coder.measures.intervals import bootstrap_interval, effective_n, wilson

CALIBRATION_REPLICATES = 200
WANTED = (0.85, 0.90, 0.95)
POINTS = np.round(np.arange(1, 101) / 100.0, 2)


def confident(view: View) -> Iterator[tuple[Row, FloatArray, BoolArray, FloatArray]]:
    """(head, confidence, right, weight) of every set of answers that carries a confidence.

    First the automatic part at its own level, then all records at each level by the probability
    of the best suggestion there. Records without a confidence are left out.
    """
    system = view.system
    kept = system.automatic & view.judged & ~np.isnan(system.confidence)
    if kept.any():
        head: Row = {"system": system.name, "reading": "automatic", "level": "own"}
        yield head, system.confidence[kept], view.right[kept], view.case.weight[kept]
    for at in view.levels:
        known = ~np.isnan(at.probability)
        if known.any():
            hit = at.gold.contains(at.top, at.k)[known]
            head = {"system": system.name, "reading": "all", "level": at.level}
            yield head, at.probability[known], hit, at.weight[known]


def calibration_rows(view: View, options: Options) -> tuple[list[Row], list[Row]]:
    """Tables `levels` (metrics ece, mce, brier) and `reliability` (one row per bin)."""
    scores: list[Row] = []
    bins_out: list[Row] = []
    for head, confidence, right, weight in confident(view):
        bins = reliability(confidence, right, weight, options.bins)
        drawn = _resampled_scores(confidence, right, weight, options)
        values = {
            "ece": expected_calibration_error(bins),
            "mce": maximum_calibration_error(bins),
            "brier": brier(confidence, right, weight),
        }
        for name, value in values.items():
            low, high = bootstrap_interval(value, drawn[name])
            scores.append(
                {
                    **head,
                    "metric": name,
                    "value": value,
                    "low": low,
                    "high": high,
                    "n": len(weight),
                    "n_effective": effective_n(weight),
                }
            )
        low_bound, high_bound = wilson(bins.accuracy, bins.n * _efficiency(weight))
        for i in range(len(bins.n)):
            bins_out.append(
                {
                    **head,
                    "bin": i + 1,
                    "n": int(bins.n[i]),
                    "confidence_from": float(bins.low[i]),
                    "confidence_to": float(bins.high[i]),
                    "confidence": float(bins.confidence[i]),
                    "accuracy": float(bins.accuracy[i]),
                    "low": float(low_bound[i]),
                    "high": float(high_bound[i]),
                }
            )
    return scores, bins_out


def _resampled_scores(
    confidence: FloatArray, right: BoolArray, weight: FloatArray, options: Options
) -> dict[str, FloatArray]:
    """Bootstrap replicates of the three scores; the bins stay where the data put them."""
    bins = reliability(confidence, right, weight, options.bins)
    place = np.searchsorted(bins.low, confidence, side="right") - 1
    rng = np.random.default_rng(options.seed)
    error = np.square(confidence - right)
    count = min(options.replicates, CALIBRATION_REPLICATES)
    out = {name: np.full(count, np.nan) for name in ("ece", "mce", "brier")}
    for b in range(count):
        w = draw_weights(rng, weight)
        mass = np.bincount(place, weights=w, minlength=len(bins.n))
        gap = np.abs(np.bincount(place, weights=w * (confidence - right), minlength=len(bins.n)))
        filled = mass > 0
        out["ece"][b] = gap.sum() / mass.sum()
        out["mce"][b] = (gap[filled] / mass[filled]).max()
        out["brier"][b] = (w * error).sum() / mass.sum()
    return out


def _efficiency(weight: FloatArray) -> float:
    """Effective records per record: 1 without weights, less with unequal ones."""
    return effective_n(weight) / len(weight)


def draw_weights(rng: np.random.Generator, weight: FloatArray) -> FloatArray:
    """Weights of one bootstrap sample of records, drawn with replacement, shape (n,)."""
    n = len(weight)
    return np.asarray(np.bincount(rng.integers(0, n, n), minlength=n) * weight)


def automation_rows(view: View) -> Iterator[Row]:
    """Table `automation`: accuracy of the most confident 1, 2, … 100 per cent, per level.

    Then one row per wanted accuracy with the largest share that reaches it on these records
    (`kind` "reached") and one for what the policy did (`kind` "policy", level "own").
    """
    for head, confidence, right, weight in confident(view):
        if head["reading"] != "all":
            continue
        curve = automation_curve(confidence, right, weight)
        shown = np.unique(np.minimum(np.searchsorted(curve.share, POINTS), len(curve.share) - 1))
        low, high = wilson(curve.accuracy, curve.n * _efficiency(weight))
        for i in shown:
            yield {
                **head,
                "kind": "curve",
                "threshold": float(curve.threshold[i]),
                "share": float(curve.share[i]),
                "accuracy": float(curve.accuracy[i]),
                "low": float(low[i]),
                "high": float(high[i]),
                "n": int(curve.n[i]),
            }
        for wanted in WANTED:
            share, threshold = share_at_accuracy(curve, wanted)
            kind: Row = {"kind": "reached", "wanted": wanted}
            yield {**head, **kind, "share": share, "threshold": threshold}
    yield from _policy_point(view)


def _policy_point(view: View) -> Iterator[Row]:
    system, case = view.system, view.case
    kept = system.automatic & view.judged
    if not (system.has_status and kept.any()):
        return
    weight = case.weight[kept]
    accuracy = float((view.right[kept] * weight).sum() / weight.sum())
    low, high = wilson(accuracy, effective_n(weight))
    yield {
        "system": system.name,
        "reading": "automatic",
        "level": "own",
        "kind": "policy",
        "share": float(case.weight[system.automatic].sum() / case.weight.sum()),
        "accuracy": accuracy,
        "low": float(low),
        "high": float(high),
        "n": int(kept.sum()),
    }


def group_rows(view: View, groups: dict[str, tuple[IntArray, list[str]]]) -> Iterator[Row]:
    """Table `groups`: share automatic and both accuracies in every part of each grouping.

    `groups` maps a grouping to (group number per record, names); empty groups are left out.
    The accuracy of all records is at the finest level.
    """
    case, system, at = view.case, view.system, view.finest
    fine_right = np.zeros(case.gold.n, dtype=bool)
    fine_right[at.rows] = at.gold.contains(at.top, at.k)
    has_fine = np.zeros(case.gold.n, dtype=bool)
    has_fine[at.rows] = True
    for grouping, (place, names) in groups.items():
        for number, name in enumerate(names):
            here = place == number
            if not here.any():
                continue
            auto = here & system.automatic
            row: Row = {"system": system.name, "grouping": grouping, "group": name}
            row["n"] = int(here.sum())
            row["share_automatic"] = float(case.weight[auto].sum() / case.weight[here].sum())
            for what, hit, kept in (
                ("automatic", view.right, auto & view.judged),
                ("all", fine_right, here & has_fine),
            ):
                weight = case.weight[kept]
                total = weight.sum()
                share = float((hit[kept] * weight).sum() / total) if total > 0 else float("nan")
                low, high = wilson(share, effective_n(weight))
                row |= {
                    f"accuracy_{what}": share,
                    f"low_{what}": float(low),
                    f"high_{what}": float(high),
                    f"n_{what}": int(kept.sum()),
                }
            yield row
