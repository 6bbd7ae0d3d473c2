"""What the engine says, in the shapes of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coder.review.api import schemas
from coder.review.api.engine import Engine


def suggestion(found: Any) -> schemas.SuggestionOut:
    """A coder.engine.Suggestion as the API gives it."""
    return schemas.SuggestionOut(
        code=found.code,
        title=found.title,
        level=found.level,
        probability=round(float(found.probability), 4),
        evidence=list(found.evidence),
    )


def decision(found: Any) -> schemas.DecisionOut:
    """A coder.engine.Decision as the API gives it."""
    return schemas.DecisionOut(
        status=str(found.status),  # type: ignore[arg-type]  # pydantic checks it
        code=found.code,
        title=found.title,
        level=found.level,
        confidence=found.confidence,
        suggestions=[suggestion(s) for s in found.suggestions],
        reason=found.reason,
        candidates=list(found.candidates),
        side=found.side,
    )


def code_record(
    engine: Engine, record: Mapping[str, str], names: Sequence[str]
) -> dict[str, schemas.DecisionOut]:
    """One record, coded for the schemes named."""
    return {name: decision(d) for name, d in engine.code(record, names).items()}
