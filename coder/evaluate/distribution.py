"""What coding errors do to the statistics: the published distribution under each way of coding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from coder.evaluate.case import Case, Options
from coder.evaluate.measure import AtLevel, View
from coder.evaluate.sets import CodeSets
from coder.evaluate.system import System
from coder.evaluate.tree import NONE, FloatArray, IntArray
from coder.evaluate.trust_rows import draw_weights
from coder.figures.tables import Row
from coder.measures.intervals import bootstrap_interval

REPLICATES = 200
VARIANTS = {
    "automatic": "only the records coded without a person",
    "best_suggestion": "every record with its best suggestion",
    "mixed": "automatic codes, people for the rest (how an office would publish)",
    "best_suggestion_corrected": "every record spread over its suggestions by their probability",
    "mixed_corrected": "automatic records spread by probability, people for the rest",
}


def dissimilarity(first: FloatArray, second: FloatArray) -> FloatArray:
    """Index of dissimilarity of two distributions over the same codes: half the sum of |a - b|.

    Shape (…); 0..1, 0 for equal distributions; it is the share of records that would have to
    change code. NaN where a distribution is. Source: Duncan and Duncan (1955), Am. Sociol. Rev.
    """
    return np.asarray(np.abs(first - second).sum(axis=-1) / 2.0)


@dataclass(frozen=True, slots=True)
class Spread:
    """Parts of records given to codes: `part[j]` of record `row[j]` counts for `code[j]`."""

    row: IntArray
    code: IntArray
    part: FloatArray

    def shares(self, weight: FloatArray, k: int) -> FloatArray:
        """Distribution over k codes, shape (k,), sums to 1; NaN when nothing is given."""
        mass = np.bincount(self.code, weights=weight[self.row] * self.part, minlength=k)
        total = mass.sum()
        return np.asarray(mass / total if total > 0 else np.full(k, np.nan))


def _whole(code: IntArray) -> Spread:
    rows = np.flatnonzero(code != NONE)
    return Spread(rows, code[rows], np.ones(len(rows)))


def _by_probability(ranked: CodeSets, rows: IntArray) -> Spread:
    """Suggestions of some records by their probability, each record counting as one.

    The probability that a record's list leaves out is given to its listed codes in proportion,
    so a record with suggestions counts fully and one without does not count.
    """
    inside = np.zeros(ranked.n, dtype=bool)
    inside[rows] = True
    keep = inside[ranked.row] & (ranked.score > 0)
    row, code, score = ranked.row[keep], ranked.code[keep], ranked.score[keep]
    total = np.bincount(row, weights=score, minlength=ranked.n)
    return Spread(row, code, score / total[row])


def _join(first: Spread, second: Spread) -> Spread:
    return Spread(
        np.r_[first.row, second.row],
        np.r_[first.code, second.code],
        np.r_[first.part, second.part],
    )


def variants(system: System, at: AtLevel) -> tuple[Spread, dict[str, Spread]]:
    """The human coding and every variant that the files allow, as spreads over codes.

    With several acceptable gold codes the human code is the best suggestion where acceptable,
    else the first.
    """
    truth, _, _ = at.reading("all")
    auto = at.auto != NONE
    mixed = np.where(auto, at.auto, truth)
    found = {"automatic": _whole(at.auto), "best_suggestion": _whole(at.top)}
    if system.has_status:
        found["mixed"] = _whole(mixed)
    if system.has_suggestions:
        ranked = at.ranked
        if not np.isnan(ranked.score).any():
            found["best_suggestion_corrected"] = _by_probability(ranked, np.arange(len(truth)))
            if system.has_status:
                people = np.where(auto, NONE, truth)
                spread = _by_probability(ranked, np.flatnonzero(auto))
                found["mixed_corrected"] = _join(spread, _whole(people))
    return _whole(truth), found


def distribution_rows(view: View, options: Options) -> tuple[list[Row], list[Row]]:
    """Tables `distribution` (per code) and `dissimilarity` (per level and variant).

    `difference` is the variant's share minus the human share, with a bootstrap interval over
    records; `different` says that the interval leaves out 0.
    """
    per_code: list[Row] = []
    index: list[Row] = []
    for at in view.levels:
        human, found = variants(view.system, at)
        replicates = _replicates(human, found, at, options)
        base = human.shares(at.weight, at.k)
        for name, spread in found.items():
            share = spread.shares(at.weight, at.k)
            drawn = replicates[name] - replicates["human"]
            head: Row = {"system": view.name, "level": at.level, "variant": name}
            value = float(dissimilarity(share, base))
            low, high = bootstrap_interval(value, np.abs(drawn).sum(axis=-1) / 2.0)
            index.append({**head, "value": value, "low": low, "high": high, "n": len(at.rows)})
            per_code.extend(_code_differences(view.case, head, share, base, drawn))
    return per_code, index


def _replicates(
    human: Spread, found: dict[str, Spread], at: AtLevel, options: Options
) -> dict[str, FloatArray]:
    rng = np.random.default_rng(options.seed)
    count = min(options.replicates, REPLICATES)
    spreads = {"human": human, **found}
    out = {name: np.empty((count, at.k)) for name in spreads}
    for b in range(count):
        weight = draw_weights(rng, at.weight)
        for name, spread in spreads.items():
            out[name][b] = spread.shares(weight, at.k)
    return out


def _code_differences(
    case: Case, head: Row, share: FloatArray, base: FloatArray, drawn: FloatArray
) -> Iterator[Row]:
    for c in np.flatnonzero((share > 0) | (base > 0)):
        difference = float(share[c] - base[c])
        low, high = bootstrap_interval(difference, drawn[:, c], (-1.0, 1.0))
        yield {
            **head,
            "code": case.tree.codes[c],
            "title": case.tree.titles[c],
            "human_share": float(base[c]),
            "share": float(share[c]),
            "difference": difference,
            "low": low,
            "high": high,
            "different": bool(low > 0 or high < 0),
        }
