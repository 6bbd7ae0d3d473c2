"""Scores of one system on one benchmark, by the same functions as `coder evaluate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from coder.evaluate.compare import mcnemar
from coder.evaluate.tree import NONE, Tree
from coder.evaluate.trust import expected_calibration_error, reliability, threshold_for
from coder.measures.agreement import accuracy, macro_f1_truth, margins
from coder.measures.intervals import Z95, wilson
from coder.schemes import load_scheme

WANTED = (0.90, 0.95)
Array = npt.NDArray[np.float32]


def tree_of(scheme: str, codes: Sequence[str]) -> Tree:
    """The tree of a scheme, or a flat one of the codes."""
    return Tree.from_scheme(load_scheme(scheme)) if scheme else Tree.flat(codes)


def at_level(tree: Tree, level: int, p: Array, codes: Sequence[str]) -> Array:
    """Probabilities over all codes of the tree at a level, shape (n, all codes)."""
    up = tree.at[level][[tree.number[code] for code in codes]]
    out = np.zeros((len(p), len(tree.codes)), dtype=np.float32)
    for column, target in enumerate(up):
        if target != NONE:
            out[:, target] += p[:, column]
    return out


def best(p: Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Best code and its probability per record; NONE and 0 for a row of zeros."""
    top = p.argmax(axis=1).astype(np.int64)
    value = np.clip(p[np.arange(len(p)), top].astype(np.float64), 0.0, 1.0)
    return np.where(value > 0, top, NONE), value


def level_scores(
    tree: Tree, p: Array, codes: Sequence[str], gold: Sequence[str]
) -> list[dict[str, object]]:
    """Accuracy with its interval, macro-F1 over the codes in the gold and ECE, per level.

    Records whose gold is coarser than a level are left out there, as in `coder evaluate`.
    """
    rows: list[dict[str, object]] = []
    numbers = np.array([tree.number[code] for code in gold])
    for level in tree.levels:
        truth = tree.at[level][numbers]
        known = truth != NONE
        if not known.any():
            continue
        truth = truth[known]
        top, value = best(at_level(tree, level, p[known], codes))
        m = margins(truth, top, len(tree.codes))
        right = truth == top
        low, high = wilson(float(accuracy(m)), len(truth))
        ece = expected_calibration_error(reliability(value, right))
        rows.append(
            {
                "level": level,
                "n": len(truth),
                "accuracy": round(float(accuracy(m)), 4),
                "low": round(float(low), 4),
                "high": round(float(high), 4),
                "macro_f1": round(float(macro_f1_truth(m)), 4),
                "ece": round(ece, 4),
            }
        )
    return rows


def automation(
    tree: Tree,
    tune: tuple[Array, Sequence[str]],
    test: tuple[Array, Sequence[str]],
    codes: Sequence[str],
    level: int,
) -> list[dict[str, object]]:
    """Share automatic at a level for a wanted accuracy, and the accuracy achieved.

    `tune` and `test` are (probabilities, gold). The threshold is chosen on `tune`, which the
    model never saw; share and accuracy are those on `test`.
    """
    parts = []
    for p, gold in (tune, test):
        truth = tree.at[level][np.array([tree.number[code] for code in gold])]
        top, value = best(at_level(tree, level, p, codes))
        known = truth != NONE
        parts.append((value[known], (truth == top)[known]))
    rows: list[dict[str, object]] = []
    for wanted in WANTED:
        threshold = threshold_for(*parts[0], wanted)
        kept = parts[1][0] >= threshold
        right = float(parts[1][1][kept].mean()) if kept.any() else None
        low, high = wilson(np.nan if right is None else right, int(kept.sum()))
        rows.append(
            {
                "wanted": wanted,
                "share": round(float(kept.mean()), 4),
                "achieved": None if right is None else round(right, 4),
                "low": None if right is None else round(float(low), 4),
                "high": None if right is None else round(float(high), 4),
            }
        )
    return rows


def hits(
    tree: Tree, p: Array, codes: Sequence[str], gold: Sequence[str], level: int
) -> npt.NDArray[np.bool_]:
    """Whether the best code at a level is right, for the records whose gold reaches the level."""
    truth = tree.at[level][np.array([tree.number[code] for code in gold])]
    known = truth != NONE
    return truth[known] == best(at_level(tree, level, p[known], codes))[0]


def packed(right: npt.NDArray[np.bool_]) -> str:
    """One bit per record as hexadecimal digits, for `paired`."""
    return np.packbits(right).tobytes().hex()


def _bits(digits: str) -> npt.NDArray[np.bool_]:
    return np.unpackbits(np.frombuffer(bytes.fromhex(digits), np.uint8)).astype(bool)


def paired(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, float]:
    """Difference in accuracy of two systems on the records that both were tested on.

    Each has `tested`, a bit per test record, and `right`, a bit per tested one (see `packed`).
    First minus second, with the 95 % interval of discordant records (Wald for paired shares:
    variance (b + c - (b - c)²/n)/n²) and the exact McNemar p-value.
    """
    both = _bits(first["tested"]) & _bits(second["tested"])
    n = int(both.sum())
    a, b = (_bits(s["right"])[: _bits(s["tested"]).sum()] for s in (first, second))
    a, b = (r[both[_bits(s["tested"])]] for r, s in ((a, first), (b, second)))
    only_first, only_second = int((a & ~b).sum()), int((b & ~a).sum())
    gap = (only_first - only_second) / n
    half = Z95 * np.sqrt(only_first + only_second - gap * gap * n) / n
    return {
        "n": n,
        "difference": gap,
        "low": gap - half,
        "high": gap + half,
        "only_first_right": only_first,
        "only_second_right": only_second,
        "p_mcnemar": mcnemar(only_first, only_second),
    }
