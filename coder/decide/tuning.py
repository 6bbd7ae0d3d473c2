"""`tune`: from gold to the policy that keeps a promise, and the curve behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coder.decide.bounds import GRID, interval, lowest_threshold
from coder.decide.candidates import fit_candidates
from coder.decide.decision import Signals
from coder.decide.gold import SMALLEST, Gold
from coder.decide.policy import EVERYONE, Group, Policy, Rule
from coder.errors import InputError, PolicyError
from coder.model.probabilities import Probabilities

MOST = 0.5  # share of the gold that must reach a level before a threshold is sought there
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]
Depths = NDArray[np.int32]  # the finest level allowed, per record


@dataclass(frozen=True)
class Level:
    """The model's best code at one level for n records: confidence, whether right, whether gold
    reaches the level."""

    confidence: NDArray[np.float64]
    right: Bools
    counted: Bools


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Accuracy of the `n` records at or above `threshold` at a level, with its exact interval.

    `share` is of all gold records; the interval is two-sided at the policy's confidence.
    """

    level: int
    threshold: float
    n: int
    share: float
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class TuneResult:
    """A policy, the curve of share against accuracy per level, and remarks for the user."""

    policy: Policy
    curve: tuple[CurvePoint, ...]
    remarks: tuple[str, ...]


def alphas(levels: Sequence[int], confidence: float) -> dict[int, float]:
    """The error probability that each level may use: half for the finest, the rest in equal parts.

    They sum to 1 - confidence, so all levels' promises hold together (Bonferroni). The finest
    level carries most records.
    """
    total = 1.0 - confidence
    finest, coarser = max(levels), [level for level in levels if level != max(levels)]
    if not coarser:
        return {finest: total}
    return {finest: total / 2} | {level: total / 2 / len(coarser) for level in coarser}


def back_off(
    found: Mapping[int, Level], deepest: Depths, target: float, confidence: float
) -> tuple[dict[int, Rule | None], Bools]:
    """Thresholds per level, finest first, and which of the n records they code.

    Each level is judged on the records that the finer levels left over and that may be coded
    as deep as that (`deepest`, (n,); 0 for never): exactly those that it will code.
    """
    share_of = alphas(list(found), confidence)
    rules: dict[int, Rule | None] = {}
    taken = np.zeros(len(deepest), np.bool_)
    for level in sorted(found, reverse=True):
        here = found[level]
        open_here = (deepest >= level) & ~taken
        judged = open_here & here.counted
        rules[level] = None
        if judged.sum() < MOST * open_here.sum():
            continue
        proof = lowest_threshold(
            here.confidence[judged], here.right[judged], target, share_of[level], 1.0 - confidence
        )
        if proof is not None:
            coded = open_here & (here.confidence >= proof.threshold)
            taken |= coded
            rules[level] = Rule(
                threshold=proof.threshold,
                n=proof.n,
                share=float(coded.mean()),
                accuracy=proof.right / proof.n,
                lower_bound=proof.lower,
            )
    return rules, taken


def tune(
    p: Probabilities,
    gold: Gold | Sequence[str | Iterable[str]],
    target: float = 0.95,
    confidence: float = 0.95,
    *,
    levels: Sequence[int] | None = None,
    groups: Sequence[str] | None = None,
    by: str | None = None,
    signals: Signals | None = None,
    minimum_level: int = 1,
    model: str = "",
    provenance: Mapping[str, object] | None = None,
) -> TuneResult:
    """Find the thresholds at which automatic codes are right with probability ≥ `target`.

    `p` are the model's calibrated leaf probabilities of n gold records, `gold` their codes (a
    set of codes: either is right). `levels` restricts the levels that may be given; `groups`
    (n,) asks for thresholds per value of the column `by`. Raises InputError when gold cannot be
    used or has fewer than 100 records, PolicyError for settings without meaning.
    """
    if not isinstance(gold, Gold):
        gold = Gold.of(p.scheme, gold)
    levels = _check(p, gold, target, confidence, levels, groups, by, minimum_level)
    signals = signals or Signals.none(len(p))
    deepest = np.where(signals.blocked, 0, signals.deepest(len(p)))
    found = {level: at_level(p, gold, level) for level in levels}
    members, pooled = _members(groups, len(p))
    made: dict[str, Group] = {}
    review = np.ones(len(p), np.bool_)
    for name, rows in members.items():
        part = {
            level: Level(here.confidence[rows], here.right[rows], here.counted[rows])
            for level, here in found.items()
        }
        rules, taken = back_off(part, deepest[rows], target, confidence)
        made[name] = Group(len(rows), rules)
        review[rows[taken]] = False
    absent = np.array([reason is not None for reason in signals.absent], np.bool_)
    unsure = np.flatnonzero(review & ~absent)
    policy = Policy(
        scheme=p.scheme.name,
        scheme_version=p.scheme.version_hash,
        model=model,
        target_accuracy=target,
        confidence=confidence,
        groups=made,
        candidates=fit_candidates(p.take(unsure), gold.take(unsure)),
        minimum_level=minimum_level,
        by=by,
        pooled=pooled,
        provenance={"gold_records": len(p), **(provenance or {})},
    )
    curve = [
        point
        for level in levels
        for point in _curve(level, found[level], deepest >= level, confidence)
    ]
    return TuneResult(policy, tuple(curve), tuple(_remarks(policy, found)))


def at_level(p: Probabilities, gold: Gold, level: int) -> Level:
    """The model's best code at `level` against the gold."""
    here = p.at_level(level)
    best = here.values.argmax(axis=1)
    right, counted = gold.agreement(level, here.codes, best)
    return Level(here.values.max(axis=1, initial=0.0).astype(np.float64), right, counted)


def _check(
    p: Probabilities,
    gold: Gold,
    target: float,
    confidence: float,
    levels: Sequence[int] | None,
    groups: Sequence[str] | None,
    by: str | None,
    minimum_level: int,
) -> list[int]:
    if len(gold) != len(p) or (groups is not None and len(groups) != len(p)):
        raise InputError(f"{len(p)} probabilities, {len(gold)} gold codes: must be as many")
    if len(gold) < SMALLEST:
        raise InputError(
            f"gold has {len(gold)} usable records; at least {SMALLEST} are needed", n=len(gold)
        )
    if not 0.0 < target < 1.0 or not 0.5 <= confidence < 1.0:
        raise PolicyError("target accuracy must lie in (0, 1), confidence in [0.5, 1)")
    if (groups is None) != (by is None):
        raise PolicyError("thresholds per group need both the column's name and its values")
    there = p.scheme.levels
    wanted = sorted(set(there if levels is None else levels))
    if not wanted or not set(wanted) <= set(there) or minimum_level not in there:
        raise PolicyError(
            f"{p.scheme.name} has the levels {', '.join(map(str, there))}", scheme=p.scheme.name
        )
    return wanted


def _members(groups: Sequence[str] | None, n: int) -> tuple[dict[str, Rows], tuple[str, ...]]:
    """Rows of each group, and the names of the small ones that share the group "*"."""
    if groups is None:
        return {EVERYONE: np.arange(n)}, ()
    names, place = np.unique(np.array(groups, object).astype(str), return_inverse=True)
    sizes = np.bincount(place, minlength=len(names))
    members = {str(names[i]): np.flatnonzero(place == i) for i in np.flatnonzero(sizes >= SMALLEST)}
    small = np.flatnonzero(sizes < SMALLEST)
    rest = np.flatnonzero(np.isin(place, small))
    members[EVERYONE] = rest if len(rest) >= SMALLEST else rest[:0]
    return members, tuple(str(names[i]) for i in small)


def _curve(level: int, here: Level, usable: Bools, confidence: float) -> list[CurvePoint]:
    judged = usable & here.counted
    score, right = here.confidence[judged], here.right[judged]
    counts = np.searchsorted(np.sort(-score), -GRID, side="right")
    hits = np.searchsorted(np.sort(-score[right]), -GRID, side="right")
    low, high = interval(hits, counts, 1.0 - confidence)
    points, before = [], 0
    for i, n in enumerate(counts.tolist()):
        if n > before:
            before = n
            share = float((usable & (here.confidence >= GRID[i])).mean())
            accuracy = float(hits[i]) / n
            points.append(
                CurvePoint(level, float(GRID[i]), n, share, accuracy, float(low[i]), float(high[i]))
            )
    return points


def _remarks(policy: Policy, found: Mapping[int, Level]) -> list[str]:
    """What the user must know: levels without a threshold, gold that stops short, small groups."""
    remarks = []
    for level, here in sorted(found.items(), reverse=True):
        short = int((~here.counted).sum())
        if short:
            fate = "not counted there" if here.counted.mean() >= MOST else "too many to judge it"
            remarks.append(f"{short} gold codes are coarser than level {level}: {fate}")
    for name, group in policy.groups.items():
        where = "" if policy.by is None else f" for {policy.by} {name}"
        left = group.n
        for level, rule in sorted(group.levels.items(), reverse=True):
            if rule is not None:
                left -= round(rule.share * group.n)
            elif left > 0:
                remarks.append(
                    f"level {level}{where}: on the {left} records that are left no threshold can "
                    f"be promised at {policy.target_accuracy:g}"
                )
    if policy.pooled:
        small = ", ".join(policy.pooled[:10]) + (" …" if len(policy.pooled) > 10 else "")
        fate = (
            "judged together"
            if policy.groups[EVERYONE].n
            else "too few even together: all to review"
        )
        remarks.append(f"fewer than {SMALLEST} gold records of {policy.by} {small}: {fate}")
    sets = policy.candidates
    if sets.measured_coverage is not None and sets.measured_coverage < sets.coverage - 0.02:
        remarks.append(
            f"candidate sets hold the right code for {sets.measured_coverage:.3f} of the records "
            f"for review; without the limit of {sets.limit} codes {sets.uncut_coverage:.3f}"
        )
    return remarks
