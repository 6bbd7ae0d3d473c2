"""Candidate sets for clerks: few codes that hold the right one nine times of ten.

Split conformal prediction with the least-ambiguous-set score 1 - p(true code) (Sadinle, Lei &
Wasserman 2019), per code where the code has enough gold (Mondrian: Vovk 2012), pooled over the
other codes. Calibrated on the records that go to review, because only those are shown to a clerk.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coder.decide.gold import Gold
from coder.decide.policy import CandidateRule
from coder.model.probabilities import Probabilities
from coder.schemes import Scheme

Bools = NDArray[np.bool_]
LIMIT = 20
ENOUGH = 100  # gold records of a code for a threshold of its own; fewer make sets needlessly large
LEAST = 30  # records to measure a coverage on at all


def conformal_threshold(p_true: NDArray[np.float32], coverage: float) -> float:
    """The probability that a new record's true code reaches with probability ≥ `coverage`.

    `p_true` (n,): probability of the true code on calibration records. 0 when n is too small.
    """
    rank = int(np.floor((len(p_true) + 1) * (1.0 - coverage) + 1e-9))
    return float(np.sort(p_true)[rank - 1]) if rank >= 1 else 0.0


def fit_candidates(
    p: Probabilities, gold: Gold, coverage: float = 0.9, limit: int = LIMIT
) -> CandidateRule:
    """Thresholds from gold records, with coverage and size measured by twofold cross-fitting.

    Records whose gold is not a leaf are left out: their true leaf is unknown.
    """
    table, whole = gold.leaf_columns(p.codes)
    rows = np.flatnonzero(whole[gold.kind])
    values, right = p.values[rows], table[gold.kind[rows]]
    threshold, by_code = _thresholds(values, right, p.codes, coverage, limit)
    uncut = cut = size = None
    if len(rows) >= 2 * LEAST:
        uncut, cut, size = _measure(values, right, p.codes, coverage, limit)
    return CandidateRule(coverage, limit, threshold, by_code, len(rows), cut, uncut, size)


def _thresholds(
    values: NDArray[np.float32], right: Bools, codes: tuple[str, ...], coverage: float, limit: int
) -> tuple[float, dict[str, float]]:
    """(pooled threshold, own thresholds) from (n, k) probabilities and which codes are right."""
    masked = np.where(right, values, -1.0)
    true = masked.argmax(axis=1)  # of two right codes the more probable one
    p_true = np.maximum(masked.max(axis=1, initial=0.0), 0.0)
    within = (values > p_true[:, None]).sum(axis=1) < limit
    known = right.any(axis=1)
    counts = np.bincount(true[known], minlength=len(codes))
    own = np.flatnonzero(counts >= ENOUGH)
    rest = ~(known & np.isin(true, own))

    def threshold(rows: Bools) -> float:
        # what the limit will cut off cannot be covered: the others have to make up for it, and
        # where they cannot, sets are not blown up for nothing
        reachable = conformal_threshold(np.where(within, p_true, 0.0)[rows], coverage)
        return reachable or conformal_threshold(p_true[rows], coverage)

    by_code = {codes[c]: threshold(known & (true == c)) for c in own}
    return threshold(rest if rest.sum() >= LEAST else np.ones(len(true), np.bool_)), by_code


def _measure(
    values: NDArray[np.float32],
    right: Bools,
    codes: tuple[str, ...],
    coverage: float,
    limit: int,
) -> tuple[float, float, float]:
    """(coverage without the limit, coverage, mean size), each half judged by the other's rule."""
    totals = np.zeros(3)
    for fold in (0, 1):
        test = np.arange(len(values)) % 2 == fold
        rule = _thresholds(values[~test], right[~test], codes, coverage, limit)
        sets = members(values[test], threshold_row(codes, *rule))
        kept = best_of(values[test], sets, limit)
        held = right[test]
        totals += [(sets & held).any(1).sum(), (kept & held).any(1).sum(), kept.sum()]
    uncut, cut, size = (totals / len(values)).tolist()
    return uncut, cut, size


def threshold_row(
    codes: tuple[str, ...], threshold: float, by_code: dict[str, float]
) -> NDArray[np.float32]:
    """(k,) the threshold of each code."""
    return np.array([by_code.get(code, threshold) for code in codes], np.float32)


def members(values: NDArray[np.float32], threshold: NDArray[np.float32]) -> Bools:
    """(n, k) which codes reach their threshold; the most probable code always does."""
    sets: Bools = values >= threshold
    empty = np.flatnonzero(~sets.any(axis=1))
    sets[empty, values[empty].argmax(axis=1)] = True
    return sets


def best_of(values: NDArray[np.float32], sets: Bools, limit: int) -> Bools:
    """The sets cut to their `limit` most probable codes (ties: the earlier code)."""
    large = np.flatnonzero(np.count_nonzero(sets, axis=1) > limit)
    if not len(large):
        return sets
    masked = np.where(sets[large], values[large], np.float32(-1.0))
    last = np.partition(masked, -limit, axis=1)[:, -limit, None]
    best = masked >= last
    tied = np.flatnonzero(np.count_nonzero(best, axis=1) > limit)
    above, level = masked[tied] > last[tied], masked[tied] == last[tied]
    room = limit - np.count_nonzero(above, axis=1)[:, None]
    best[tied] = above | (level & (np.cumsum(level, axis=1) <= room))
    kept = sets.copy()
    kept[large] = best
    return kept


def candidate_sets(p: Probabilities, rule: CandidateRule) -> list[tuple[str, ...]]:
    """Per record the candidate leaf codes, most probable first; 1 to `rule.limit` of them."""
    threshold = threshold_row(p.codes, rule.threshold, dict(rule.by_code))
    sets = best_of(p.values, members(p.values, threshold), rule.limit)
    row, column = np.nonzero(sets)
    order = np.lexsort((column, -p.values[row, column], row))
    codes = np.array(p.codes, object)[column[order]].tolist()
    ends = np.cumsum(np.count_nonzero(sets, axis=1)).tolist()
    return [tuple(codes[a:b]) for a, b in zip([0, *ends], ends, strict=False)]


def shared_part(scheme: Scheme, candidates: list[tuple[str, ...]]) -> list[str | None]:
    """Per record the finest code above all its candidates, or None where they share none.

    A single candidate counts as its parent: that the code itself is right is what is not sure.
    """
    paths = {code: scheme.path(code) for code in set().union(*candidates)}
    known: dict[tuple[str, ...], str | None] = {}
    for kind in candidates:
        if kind not in known:
            shared = None
            for step in zip(*(paths[code][:-1] for code in kind), strict=False):
                if len(set(step)) > 1:
                    break
                shared = step[0]
            known[kind] = shared
    return [known[kind] for kind in candidates]
