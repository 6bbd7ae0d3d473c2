"""A new model against the current one, on decisions that neither has learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coder.measures.intervals import newcombe
from coder.model.labels import Label, leaves_of
from coder.model.model import Model
from coder.model.scores import BATCH
from coder.text import Prepared

MINIMUM_HELD = 20


@dataclass(frozen=True)
class Comparison:
    """Both models on the same `n` texts: the shares (0..1) whose best code is right.

    `difference` is new minus current, with its 95 % interval for paired shares.
    """

    name: str
    n: int
    current: float
    new: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        return self.new - self.current


def compare(
    current: Model,
    new: Model,
    prepared: Sequence[Prepared],
    labels: Sequence[Label],
    groups: Sequence[str],
) -> list[Comparison]:
    """The comparison on all texts ("all"), then on each group of them.

    A best code is right when it is the label's or below it. Empty without texts.
    """
    if not prepared:
        return []
    before, after = (right(model, prepared, labels) for model in (current, new))
    named = np.array(groups, str)
    out = [_pair("all", before, after)]
    for name in sorted(set(groups)):
        own = named == name
        out.append(_pair(name, before[own], after[own]))
    return out


def right(model: Model, prepared: Sequence[Prepared], labels: Sequence[Label]) -> NDArray[np.bool_]:
    """Whether the best code of each text is right, (n,)."""
    out: list[bool] = []
    for start in range(0, len(prepared), BATCH):
        p = model.probabilities(prepared[start : start + BATCH])
        best = p.values.argmax(axis=1)
        out += [
            bool(p.values[row, column] > 0 and p.codes[column] in leaves_of(label, model.scheme))
            for row, (column, label) in enumerate(
                zip(best.tolist(), labels[start : start + BATCH], strict=True)
            )
        ]
    return np.array(out, np.bool_)


def _pair(name: str, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Comparison:
    n, both = len(before), int((before & after).sum())
    low, high = newcombe(int((before & ~after).sum()), int((after & ~before).sum()), both, n)
    return Comparison(name, n, float(before.mean()), float(after.mean()), low, high)


def objection(found: Sequence[Comparison]) -> str | None:
    """Why the new model may not replace the current one; None when it may.

    It may not with fewer than 20 held-out texts, when it is right less often on all of them, or
    when a group alone shows it worse beyond chance.
    """
    n = found[0].n if found else 0
    if n < MINIMUM_HELD:
        return f"{n} held-out decisions; at least {MINIMUM_HELD} are needed to compare"
    if found[0].difference < 0:
        return "the new model is right less often than the current one"
    for one in found[1:]:
        if one.high < 0:
            return f"the new model is worse on the {one.name}"
    return None
