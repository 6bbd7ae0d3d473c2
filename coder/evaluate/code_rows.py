"""Per code: precision, recall, what it is confused with; and the confusions themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from coder.evaluate.case import Case
from coder.evaluate.measure import READINGS, View
from coder.evaluate.sets import four_cells
from coder.evaluate.tree import NONE, FloatArray, IntArray
from coder.figures.tables import Row
from coder.measures.agreement import f1, margins, precision, recall
from coder.measures.intervals import wilson

CONFUSIONS_PER_CODE = 3


def _effective_by(group: IntArray, weight: FloatArray, k: int) -> FloatArray:
    """Kish's effective number of records per group, shape (k,)."""
    total = np.bincount(group, weights=weight, minlength=k)
    squares = np.bincount(group, weights=np.square(weight), minlength=k)
    return np.divide(np.square(total), squares, out=np.zeros(k), where=squares > 0)


def code_rows(view: View) -> Iterator[Row]:
    """Table `codes`: one row per level, reading and code that is in the gold or was predicted.

    `in_training` is yes or no where a training file was given, else empty; `never_predicted`
    marks codes in the gold that the system gave to no record of this reading.
    """
    case, tree = view.case, view.case.tree
    for at in view.levels:
        for reading in READINGS:
            truth, predicted, weight = at.reading(reading)
            if not len(truth):
                continue
            m = margins(truth, predicted, at.k, weight)
            answered = predicted != NONE
            n_truth = np.bincount(truth, minlength=at.k)
            n_predicted = np.bincount(predicted[answered], minlength=at.k)
            hit = truth == predicted
            n_right = np.bincount(truth[hit], minlength=at.k)
            rates = {"recall": recall(m), "precision": precision(m)}
            bounds = {
                "recall": wilson(rates["recall"], _effective_by(truth, weight, at.k)),
                "precision": wilson(
                    rates["precision"],
                    _effective_by(predicted[answered], weight[answered], at.k),
                ),
            }
            f1s = f1(m)
            mixed_up = _commonest(case, truth, predicted, weight)
            for c in np.flatnonzero((n_truth > 0) | (n_predicted > 0)):
                code = int(c)
                row: Row = {"system": view.name, "reading": reading, "level": at.level}
                row |= {"code": tree.codes[code], "title": tree.titles[code]}
                row |= {"gold_n": int(n_truth[c]), "predicted_n": int(n_predicted[c])}
                row["right_n"] = int(n_right[c])
                row["gold_share"] = float(m.truth[c] / m.total)
                for name, values in rates.items():
                    row[name] = float(values[c])
                    row[f"{name}_low"] = float(bounds[name][0][c])
                    row[f"{name}_high"] = float(bounds[name][1][c])
                row["f1"] = float(f1s[c])
                row["never_predicted"] = bool(n_predicted[c] == 0)
                row["in_training"] = None if case.trained is None else code in case.trained
                row["confused_with"] = mixed_up.get(code, "")
                yield row


def _pairs(
    truth: IntArray, predicted: IntArray, weight: FloatArray, k: int
) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    """Distinct (truth, predicted) pairs with the number of records and their weight."""
    key = truth * (k + 1) + predicted + 1
    distinct, place, count = np.unique(key, return_inverse=True, return_counts=True)
    mass = np.zeros(len(distinct))
    np.add.at(mass, place, weight)
    return distinct // (k + 1), distinct % (k + 1) - 1, count, mass


def _commonest(
    case: Case, truth: IntArray, predicted: IntArray, weight: FloatArray
) -> dict[int, str]:
    """Per code in the truth, the codes most often given instead, with titles and counts."""
    wrong = truth != predicted
    a, b, count, mass = _pairs(truth[wrong], predicted[wrong], weight[wrong], len(case.tree.codes))
    out: dict[int, list[str]] = {}
    for i in np.lexsort((b, -mass)):
        told = out.setdefault(int(a[i]), [])
        if len(told) < CONFUSIONS_PER_CODE:
            other = int(b[i])
            label = f"{case.tree.label(other)} {case.tree.named(other)}".strip()
            told.append(f"{label} ({int(count[i])})")
    return {code: "; ".join(told) for code, told in out.items()}


def missing_rows(view: View) -> Iterator[Row]:
    """Table `missing`: per level and reason, the codes never predicted or not in training."""
    case = view.case
    for at in view.levels:
        truth, predicted, _ = at.reading("all")
        count = np.bincount(truth, minlength=at.k)
        present = set(np.flatnonzero(count).tolist())
        reasons = {"never predicted": present - set(np.unique(predicted).tolist())}
        if case.trained is not None:
            reasons["not in training"] = present - set(case.trained)
        for reason, codes in reasons.items():
            for code in sorted(codes):
                row: Row = {"system": view.name, "level": at.level, "reason": reason}
                row |= {"code": case.tree.codes[code], "title": case.tree.titles[code]}
                yield {**row, "gold_n": int(count[code])}


def confusion_rows(view: View) -> tuple[list[Row], list[Row]]:
    """Tables `matrix` (levels 1 and 2 in full) and `confusions` (all levels, ranked), reading all.

    `share_of_gold` is the share of the gold code's records that were given the other code.
    """
    matrix: list[Row] = []
    ranked: list[Row] = []
    tree = view.case.tree
    for place, at in enumerate(view.levels):
        truth, predicted, weight = at.reading("all")
        a, b, count, mass = _pairs(truth, predicted, weight, at.k)
        of_gold = np.bincount(truth, weights=weight, minlength=at.k)
        rows: list[Row] = []
        for i in range(len(a)):
            gold, other = int(a[i]), int(b[i])
            row: Row = {"system": view.name, "level": at.level, "gold": tree.label(gold)}
            row |= {"gold_title": tree.titles[gold], "predicted": tree.label(other)}
            row |= {"predicted_title": tree.named(other), "n": int(count[i])}
            row |= {"weight": float(mass[i]), "share_of_gold": float(mass[i] / of_gold[gold])}
            rows.append(row)
        if place < 2:
            matrix.extend(rows)
        wrong = [i for i in np.lexsort((b, a, -mass)) if a[i] != b[i]]
        ranked.extend(rows[int(i)] for i in wrong)
    return matrix, ranked


def set_rows(view: View) -> Iterator[Row]:
    """Table `sets`: the four cells of one or many codes on either side, per level."""
    for at in view.levels:
        answers = view.system.answers.at_level(view.case.tree, at.level).take(at.rows)
        for row in four_cells(at.gold, answers, at.weight, at.k):
            yield {"system": view.name, "level": at.level, **row}
