"""A stand-in for the engine: quick, and the same answer for the same text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Suggestion:
    code: str
    title: str
    level: int
    probability: float
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    status: str
    code: str | None
    title: str | None
    level: int | None
    confidence: float
    suggestions: tuple[Suggestion, ...]
    reason: str | None = None
    candidates: tuple[str, ...] = ()
    side: str | None = None


class Engine:
    """Codes every text as a hand; a text with "unsure" needs a person, and "explode" is a fault
    of the engine."""

    schemes = ("body-part",)

    def suggest(self, text: str, scheme: str, limit: int = 5) -> Sequence[Any]:
        assert scheme in self.schemes
        if "explode" in text:
            raise ValueError(f"cannot read {text}")
        found = (
            Suggestion("5.4", "Hand", 2, 0.8, ("model:hand",)),
            Suggestion("5.5", "Thumb", 2, 0.1),
        )
        return found[:limit]

    def code(
        self, record: Mapping[str, str] | str, schemes: Sequence[str] | None = None
    ) -> Mapping[str, Any]:
        text = record if isinstance(record, str) else " ".join(record.values())
        found = tuple(self.suggest(text, "body-part"))
        status = "review" if "unsure" in text else "auto"
        decision = Decision(status, "5.4", "Hand", 2, 0.8, found)
        return dict.fromkeys(schemes or self.schemes, decision)

    def manifest(self) -> Mapping[str, Any]:
        return {"models": {}}
