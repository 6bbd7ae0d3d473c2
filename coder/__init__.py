"""narracoder: free-text case narratives in, official statistical codes out.

from coder import Coder

engine = Coder.load()
engine.suggest("welder burnt his left hand at the shipyard", scheme="body-part")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coder.engine import Coder, Decision, Suggestion

__all__ = ["Coder", "Decision", "Suggestion"]


def __getattr__(name: str) -> object:
    """Load the engine on first use: `import coder` alone costs nothing."""
    if name in __all__:
        import coder.engine

        return getattr(coder.engine, name)
    raise AttributeError(f"module 'coder' has no attribute {name!r}")
