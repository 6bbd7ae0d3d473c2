"""What the engine says of one record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A leaf code with its probability (0..1) and the words or index terms that speak for it."""

    code: str
    title: str
    level: int
    probability: float
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one record in one scheme; `code`, `title`, `level` are None without a code.

    `confidence` is the probability that the code is right at its level; for `review` that of
    the best leaf. `candidates` are the codes for the clerk, `sure_part` the coarser code that
    is settled, `side` 1 right, 2 left, 3 both (body-part only).
    """

    scheme: str
    status: str
    code: str | None
    title: str | None
    level: int | None
    confidence: float
    suggestions: tuple[Suggestion, ...]
    reason: str | None = None
    candidates: tuple[str, ...] = ()
    sure_part: str | None = None
    side: str | None = None
