"""How right a model is on rows it never saw: per source and level, with counts and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coder.model.calibration import calibration_error
from coder.model.labels import Label, at_level
from coder.model.probabilities import Probabilities
from coder.text import Prepared

if TYPE_CHECKING:
    from coder.model.model import Model

BATCH = 4096


@dataclass(frozen=True)
class Score:
    """Accuracy of the most probable code at one level, for the rows of one source.

    `n` rows whose label reaches the level; `top1`, `top5` shares right; `low`, `high` the 95 %
    Wilson interval of top1; `ece` the expected calibration error (15 equal-mass bins).
    """

    source: str
    level: int
    n: int
    top1: float
    low: float
    high: float
    top5: float
    ece: float

    def as_dict(self) -> dict[str, Any]:
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}


def measure(
    model: Model,
    prepared: Sequence[Prepared],
    labels: Sequence[Label],
    source: Sequence[str],
    rows: NDArray[np.intp],
) -> list[Score]:
    """Scores of a model on some rows, per source and level."""
    blocks = [
        model.probabilities([prepared[i] for i in rows[start : start + BATCH]]).values
        for start in range(0, len(rows), BATCH)
    ]
    if not blocks:
        return []
    p = Probabilities(model.scheme, model.codes, np.vstack(blocks))
    return score_rows(p, [labels[i] for i in rows], [source[i] for i in rows])


def score_rows(p: Probabilities, labels: Sequence[Label], source: Sequence[str]) -> list[Score]:
    """Scores of n rows, per source and level; the source "all" counts every row.

    Rows without text (no probability at all) count as wrong.
    """
    out = []
    for level in p.scheme.levels:
        seen = p.at_level(level)
        truth = [at_level(label, p.scheme, level) for label in labels]
        for name in ("all", *sorted(set(source))):
            chosen = [
                i
                for i, (t, s) in enumerate(zip(truth, source, strict=True))
                if t is not None and name in ("all", s)
            ]
            gold = [t for i in chosen if (t := truth[i]) is not None]
            if gold:
                out.append(_score(name, level, seen.take(np.array(chosen)), gold))
    return out


def _score(source: str, level: int, p: Probabilities, gold: Sequence[Label]) -> Score:
    from scipy.stats import binomtest

    columns, values = p.top(5)
    hit = np.array(
        [[p.codes[c] in g for c in row] for row, g in zip(columns, gold, strict=True)], bool
    )
    spoke = values[:, 0] > 0
    first = hit[:, 0] & spoke
    interval = binomtest(int(first.sum()), len(gold)).proportion_ci(method="wilson")
    return Score(
        source,
        level,
        len(gold),
        float(first.mean()),
        float(interval.low),
        float(interval.high),
        float((hit.any(axis=1) & spoke).mean()),
        calibration_error(values[:, 0].astype(np.float64), first),
    )
