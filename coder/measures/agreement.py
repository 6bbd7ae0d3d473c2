"""Agreement between two code lists at one level.

Every measure here is a function of three sums per code: how often the truth has it, how often
the prediction has it, and how often both do. `Margins` holds them, with any number of leading
axes, so one call gives the figure and its bootstrap replicates alike.

Stated rules, the same for all measures: a record without an answer is a record with the wrong
answer (its prediction is a category of its own that is never the truth); with several acceptable
gold codes the truth is the predicted code if that is among them, else the first gold code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from coder.measures.arrays import FloatArray, IntArray
from coder.measures.intervals import resample


@dataclass(frozen=True, slots=True)
class Margins:
    """Weighted counts per code: shapes (…, k); `predicted` has one more column, "no answer"."""

    truth: FloatArray
    predicted: FloatArray
    agreed: FloatArray

    @property
    def total(self) -> FloatArray:
        """Weight of all records, shape (…)."""
        return np.asarray(self.truth.sum(axis=-1))


def margins(
    truth: IntArray, predicted: IntArray, k: int, weight: FloatArray | None = None
) -> Margins:
    """Margins of records: `truth` in 0..k-1, `predicted` in -1..k-1 (-1 is "no answer")."""
    w = np.ones(len(truth)) if weight is None else weight
    hit = truth == predicted
    return Margins(
        truth=np.bincount(truth, weights=w, minlength=k).astype(np.float64),
        predicted=np.bincount(
            np.where(predicted < 0, k, predicted), weights=w, minlength=k + 1
        ).astype(np.float64),
        agreed=np.bincount(truth[hit], weights=w[hit], minlength=k).astype(np.float64),
    )


def bootstrap_margins(
    truth: IntArray,
    predicted: IntArray,
    k: int,
    weight: FloatArray,
    replicates: int,
    seed: int,
) -> Margins:
    """Margins of `replicates` bootstrap samples of the records, shapes (replicates, k)."""
    answer = np.where(predicted < 0, k, predicted)
    keys, chunks = resample(np.column_stack([truth, answer]), weight, replicates, seed)
    return join([margins_of_cells(keys[:, 0], keys[:, 1], drawn, k) for drawn in chunks])


def join(parts: Sequence[Margins]) -> Margins:
    """Margins of several chunks of replicates as one."""
    return Margins(
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.predicted for part in parts]),
        np.concatenate([part.agreed for part in parts]),
    )


def margins_of_cells(truth: IntArray, answer: IntArray, drawn: FloatArray, k: int) -> Margins:
    """Margins from cells: `truth`, `answer` (m,) with k for "no answer", `drawn` (b, m)."""
    hit = np.flatnonzero(truth == answer)
    return Margins(
        truth=_sum_by(truth, drawn, k),
        predicted=_sum_by(answer, drawn, k + 1),
        agreed=_sum_by(truth[hit], drawn[:, hit], k),
    )


def _sum_by(group: IntArray, values: FloatArray, k: int) -> FloatArray:
    """Sum the columns of `values` (b, m) that share a group: shape (b, k)."""
    out = np.zeros((values.shape[0], k))
    if group.size == 0:
        return out
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    out[:, ordered[starts]] = np.add.reduceat(values[:, order], starts, axis=1)
    return out


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    out = np.full(np.broadcast_shapes(above.shape, below.shape), np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out


def _mean_where(values: FloatArray, keep: FloatArray) -> FloatArray:
    """Mean over the last axis of the kept values; NaN where none is kept."""
    kept = keep > 0
    return _ratio(np.where(kept, values, 0.0).sum(axis=-1), kept.sum(axis=-1).astype(np.float64))


def accuracy(m: Margins) -> FloatArray:
    """Share of records whose code is right.

    Shape (…); 0..1, higher is better; NaN without records.
    """
    return _ratio(m.agreed.sum(axis=-1), m.total)


def recall(m: Margins) -> FloatArray:
    """Per code: of the records that truly have it, the share that were given it.

    Shape (…, k); 0..1, higher is better; NaN for codes that are not in the truth.
    """
    return _ratio(m.agreed, m.truth)


def precision(m: Margins) -> FloatArray:
    """Per code: of the records that were given it, the share that truly have it.

    Shape (…, k); 0..1, higher is better; NaN for codes that were never predicted.
    """
    return _ratio(m.agreed, m.predicted[..., :-1])


def f1(m: Margins) -> FloatArray:
    """Per code: harmonic mean of precision and recall, 2·agreed / (truth + predicted).

    Shape (…, k); 0..1, higher is better; 0 for a code in the truth that was never predicted and
    for one predicted but never true; NaN for a code that is in neither.
    Source: van Rijsbergen (1979), Information Retrieval, ch. 7.
    """
    return _ratio(2.0 * m.agreed, m.truth + m.predicted[..., :-1])


def balanced_accuracy(m: Margins) -> FloatArray:
    """Mean recall over the codes in the truth, every code counting the same.

    Shape (…); 0..1, higher is better; NaN without records. Source: Brodersen et al. (2010).
    """
    return _mean_where(recall(m), m.truth)


def macro_f1_truth(m: Margins) -> FloatArray:
    """Mean F1 over the codes in the truth: rare codes count as much as common ones.

    Shape (…); 0..1, higher is better; NaN without records. Wrong predictions of codes that are
    not in the truth lower it only through the recall of the codes they were taken from.
    """
    return _mean_where(f1(m), m.truth)


def macro_f1_all(m: Margins) -> FloatArray:
    """Mean F1 over the codes in the truth or among the predictions.

    Shape (…); 0..1, higher is better, never above `macro_f1_truth`; NaN without records. This is
    what scikit-learn's `f1_score(average="macro")` gives.
    """
    return _mean_where(f1(m), m.truth + m.predicted[..., :-1])


def cohen_kappa(m: Margins) -> FloatArray:
    """Agreement beyond what the two distributions of codes would give by chance.

    Shape (…); -1..1, 1 is perfect, 0 is chance; NaN without records, or when both sides hold one
    and the same code only. Source: Cohen (1960), Educ. Psychol. Meas. 20:37-46.
    """
    total = m.total
    observed = _ratio(m.agreed.sum(axis=-1), total)
    expected = _ratio((m.truth * m.predicted[..., :-1]).sum(axis=-1), np.square(total))
    room = 1.0 - expected
    return _ratio(np.where(room > 1e-12, observed - expected, np.nan), np.maximum(room, 1e-12))


def krippendorff_alpha(m: Margins) -> FloatArray:
    """Krippendorff's alpha for nominal data and two coders.

    Shape (…); at most 1 (perfect), 0 is chance; NaN without records, or when both sides hold one
    and the same code only. Weights count as numbers of records.
    Source: Krippendorff (2004), Content Analysis, ch. 11.
    """
    values = 2.0 * m.total
    both = np.concatenate([m.truth, np.zeros_like(m.truth[..., :1])], axis=-1) + m.predicted
    possible = np.square(values) - np.square(both).sum(axis=-1)
    disagreed = values - 2.0 * m.agreed.sum(axis=-1)
    defined = possible > 1e-9 * np.maximum(np.square(values), 1.0)
    share = _ratio(np.where(defined, (values - 1.0) * disagreed, np.nan), possible)
    return np.asarray(1.0 - share)


SHARES: Mapping[str, Callable[[Margins], FloatArray]] = {"accuracy": accuracy}
BOOTSTRAPPED: Mapping[str, Callable[[Margins], FloatArray]] = {
    "balanced_accuracy": balanced_accuracy,
    "macro_f1_truth": macro_f1_truth,
    "macro_f1_all": macro_f1_all,
    "cohen_kappa": cohen_kappa,
    "krippendorff_alpha": krippendorff_alpha,
}
AGREEMENT: Mapping[str, Callable[[Margins], FloatArray]] = {**SHARES, **BOOTSTRAPPED}
