"""The order of review.csv: what a decision is worth, most first."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coder.batch.columns import FACTS_REVIEW, REVIEW
from coder.batch.seen import Ints


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
    text_of_row: Ints, review: npt.NDArray[np.bool_], margin: npt.NDArray[np.float32]
) -> Ints:
    """Positions of the rows for review.csv, in file order.

    First the texts that most rows share (one decision settles all of them), then the smallest
    margin, then the order of the input; rows of one text stay together.
    text_of_row: per row the number of its text; review, margin: per text.
    """
    counts = np.bincount(text_of_row, minlength=len(review))
    rank = np.empty(len(review), np.int32 if len(review) < 1 << 31 else np.int64)
    rank[np.lexsort((margin, -counts))] = np.arange(len(review))
    rows = np.flatnonzero(review[text_of_row])
    # one key a row, and no more copies: there may be a hundred million
    return rows[np.argsort(rank[text_of_row[rows]], kind="stable")]
