"""The order of review.csv: what a decision is worth, most first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coder.batch.columns import FACTS_REVIEW, REVIEW
from coder.batch.seen import Ints, joined

#: Rows whose order is worked out at a time.
HELD: Final = 1 << 20


def needs_review(decisions: pa.Table, schemes: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Per text, whether any scheme or any fact of the case sends it to a person."""
    result = np.zeros(decisions.num_rows, dtype=bool)
    if FACTS_REVIEW in decisions.column_names:
        result |= decisions[FACTS_REVIEW].is_valid().to_numpy()
    for scheme in schemes:
        result |= _in_review(decisions, scheme)
    return result


def margins(decisions: pa.Table, schemes: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """Per text, the smallest gap between the two best suggestions of a scheme in review.

    0 to 1; 1 where no scheme is in review or none has a suggestion, since a person learns the
    engine nothing there.
    """
    result = np.ones(decisions.num_rows, dtype=np.float32)
    for scheme in schemes:
        review = np.flatnonzero(_in_review(decisions, scheme))
        suggestions = decisions[f"{scheme}_suggestions"].take(pa.array(review)).to_pylist()
        gaps = np.array([_gap(text) for text in suggestions], dtype=np.float32)
        result[review] = np.minimum(result[review], gaps)
    return result


def _in_review(decisions: pa.Table, scheme: str) -> npt.NDArray[np.bool_]:
    statuses = decisions[f"{scheme}_status"].to_pylist()
    return np.fromiter((status == REVIEW for status in statuses), dtype=bool, count=len(statuses))


def _gap(suggestions: str | None) -> float:
    best = [float(part.rpartition(":")[2]) for part in (suggestions or "").split("|")[:2] if part]
    if not best:
        return 1.0
    return best[0] - (best[1] if len(best) > 1 else 0.0)


def review_order(
    texts: Callable[[], Iterator[Ints]],
    review: npt.NDArray[np.bool_],
    margin: npt.NDArray[np.float32],
    size: int,
    held: int = HELD,
) -> Iterator[Ints]:
    """Positions of the rows for review.csv, in file order, at most `size` at a time.

    First the texts that most rows share (one decision settles all of them), then the smallest
    margin, then the order of the input; rows of one text stay together.
    texts: gives, each time it is called, the numbers of the rows' texts, block by block in the
    order of the input; review, margin: per text. About `held` positions are in memory at a
    time, however many rows there are, and the numbers are gone through once for each so many.
    """
    counts = rows_of_texts(texts(), len(review))
    ranked = np.lexsort((margin, -counts))
    ranked = ranked[review[ranked]]
    rank = np.full(len(review), -1, np.int64)
    rank[ranked] = np.arange(len(ranked))
    ends = np.cumsum(counts[ranked])
    first = 0
    while first < len(ranked):
        done = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + held, side="right")))
        if last - first == 1:
            yield from _one_text(texts(), int(ranked[first]), size)
        else:
            order = _some_texts(texts(), rank, first, last)
            yield from (order[start : start + size] for start in range(0, len(order), size))
        first = last


def rows_of_texts(texts: Iterator[Ints], distinct: int) -> Ints:
    """How many rows each of the `distinct` texts has, of the rows' text numbers."""
    counts = np.zeros(distinct, np.int64)
    for block in texts:
        np.add.at(counts, block, 1)
    return counts


def _one_text(texts: Iterator[Ints], text: int, size: int) -> Iterator[Ints]:
    """The rows of a text, which may be more than fit in memory."""
    start, waiting = 0, np.zeros(0, np.int64)
    for block in texts:
        waiting = np.concatenate([waiting, start + np.flatnonzero(block == text)])
        start += len(block)
        while len(waiting) >= size:
            yield waiting[:size]
            waiting = waiting[size:]
    if len(waiting):
        yield waiting


def _some_texts(texts: Iterator[Ints], rank: Ints, first: int, last: int) -> Ints:
    """The rows whose text has a rank from `first` to before `last`, by rank."""
    start = 0
    ranks, rows = [], []
    for block in texts:
        found = rank[block]
        here = np.flatnonzero((found >= first) & (found < last))
        ranks.append(found[here])
        rows.append(start + here)
        start += len(block)
    return joined(rows)[np.argsort(joined(ranks), kind="stable")]
