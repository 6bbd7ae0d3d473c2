"""What the server asks of the engine; `coder.engine.Coder` is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Engine(Protocol):
    """Suggestions and decisions for texts. See coder.engine for the meaning of each result."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """The schemes it can code."""

    def suggest(self, text: str, scheme: str, limit: int = 5) -> Sequence[Any]:
        """Suggestions: objects with code, title, level, probability, evidence."""

    def code(
        self, record: Mapping[str, str] | str, schemes: Sequence[str] | None = None
    ) -> Mapping[str, Any]:
        """Per scheme a decision: status, code, title, level, confidence, suggestions, reason …"""

    def manifest(self) -> Mapping[str, Any]:
        """Models with their hashes, policies, versions."""
