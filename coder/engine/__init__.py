"""The engine: the one object that everything above the line calls."""

from coder.engine.coder import SHIPPED, TARGET_ACCURACY, Coder
from coder.engine.types import Decision, Suggestion

__all__ = ["SHIPPED", "TARGET_ACCURACY", "Coder", "Decision", "Suggestion"]
