"""Simulated coding jobs whose true error is known: what the promise is tested on.

A world draws records with a confidence per level and the true probability of being right there.
Being right is nested: a code that is right at level 3 is right at levels 2 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coder.decide.policy import Rule
from coder.decide.tuning import Level, back_off

Floats = NDArray[np.float64]
LEVELS = (1, 2, 3, 4)


@dataclass(frozen=True)
class World:
    """`honesty` turns a confidence into the true probability; `ties` rounds confidences."""

    name: str
    sharpness: float  # mean log-odds of the coarsest level
    honesty: Callable[[Floats], Floats]
    ties: int | None = None
    levels: tuple[int, ...] = LEVELS

    def draw(self, n: int, rng: np.random.Generator) -> tuple[dict[int, Floats], dict[int, Floats]]:
        """({level: confidence (n,)}, {level: true probability (n,)}) of n records."""
        logit = rng.normal(self.sharpness, 2.0, n)
        confidence, truth = {}, {}
        now = 1 / (1 + np.exp(-logit))
        before = np.ones(n)
        for level in self.levels:
            shown = now if self.ties is None else np.round(now, self.ties)
            confidence[level] = shown
            before = np.minimum(before, self.honesty(shown))
            truth[level] = before
            now = now * rng.beta(8.0, 0.7, n)
        return confidence, truth

    def gold(self, n: int, rng: np.random.Generator) -> dict[int, Level]:
        """A gold sample: confidences, and outcomes drawn from the true probabilities."""
        confidence, truth = self.draw(n, rng)
        luck = rng.random(n)  # one draw for all levels keeps outcomes nested
        every = np.ones(n, np.bool_)
        return {k: Level(confidence[k], luck < truth[k], every) for k in self.levels}


def overconfident(p: Floats) -> Floats:
    return p**1.5


def underconfident(p: Floats) -> Floats:
    return np.minimum(p**0.6, 1.0)


def calibrated(p: Floats) -> Floats:
    return p


def sure_and_wrong(p: Floats) -> Floats:
    """The surest records are the worst: a systematic error of the model."""
    return np.where(p > 0.995, 0.9, p**0.4)


WORLDS = (
    World("calibrated", 2.5, calibrated),
    World("overconfident", 3.0, overconfident),
    World("underconfident", 1.5, underconfident),
    World("sure and wrong", 2.0, sure_and_wrong),
    World("ties", 2.5, calibrated, ties=1),
    World("one level", 2.0, calibrated, levels=(1,)),
)


@dataclass(frozen=True)
class Broken:
    """How many of `runs` tunings broke the promise, and the mean share coded automatically.

    In truth: `by_level` counts the runs in which the codes given at a level are right less often
    than the target; `anywhere` those in which any level's are; `whole` those in which all
    together are. `batch`: the runs in which fewer were right among the automatic codes of a new
    sample as large as the gold.
    """

    runs: int
    by_level: dict[int, int]
    anywhere: int
    whole: int
    batch: int
    share: float


def count_broken(
    world: World, n: int, runs: int, target: float, confidence: float, seed: int
) -> Broken:
    """Tune `runs` times on `n` gold records; judge each policy on a population of 100,000."""
    rng = np.random.default_rng(seed)
    shown, truth = world.draw(100_000, rng)
    by_level = dict.fromkeys(world.levels, 0)
    anywhere = whole = batch = 0
    shares = []
    for _ in range(runs):
        rules, _ = back_off(world.gold(n, rng), np.full(n, 99, np.int32), target, confidence)
        coded = _coded(rules, shown)
        short = {
            level: bool(rows.any() and truth[level][rows].mean() < target)
            for level, rows in coded.items()
        }
        for level in world.levels:
            by_level[level] += short[level]
        anywhere += any(short.values())
        whole += _misses(coded, truth, target)
        new = world.gold(n, rng)
        seen = _coded(rules, {level: here.confidence for level, here in new.items()})
        batch += _misses(seen, {level: here.right for level, here in new.items()}, target)
        shares.append(float(np.mean(np.any(list(coded.values()), axis=0))))
    return Broken(runs, by_level, anywhere, whole, batch, float(np.mean(shares)))


def _coded(
    rules: Mapping[int, Rule | None], confidence: Mapping[int, Floats]
) -> dict[int, NDArray[np.bool_]]:
    """Which records each level codes: the finest level whose threshold is reached."""
    free = np.ones(len(next(iter(confidence.values()))), np.bool_)
    coded = {}
    for level in sorted(rules, reverse=True):
        rule = rules[level]
        limit = np.inf if rule is None else rule.threshold
        coded[level] = free & (confidence[level] >= limit)
        free = free & ~coded[level]
    return coded


def _misses(
    coded: Mapping[int, NDArray[np.bool_]], right: Mapping[int, NDArray[Any]], target: float
) -> bool:
    n = sum(int(rows.sum()) for rows in coded.values())
    good = sum(float(right[level][rows].sum()) for level, rows in coded.items())
    return n > 0 and good < target * n - 1e-9
