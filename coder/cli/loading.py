"""The engine that the options of a command ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from coder.engine import Coder
    from coder.model.model import Tier

TIER = click.option(
    "--tier",
    type=click.Choice(["auto", "fast", "accurate"]),
    default="auto",
    show_default=True,
    help="Who reads: token vectors (fast), the encoder (accurate), or it only where they are "
    "not sure (auto).",
)


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Models, policies and schemes by name; a call loads the engine, in any process."""

    models: tuple[tuple[str, Path], ...] = ()
    policies: tuple[Path, ...] = ()
    schemes: tuple[str, ...] | None = None
    target_accuracy: float | None = None
    tier: Tier = "auto"

    def __call__(self) -> Coder:
        """Load it. Raises ModelError, PolicyError or SchemeError."""
        from coder.engine import Coder

        target = {} if self.target_accuracy is None else {"target_accuracy": self.target_accuracy}
        return Coder.load(
            models=dict(self.models),
            policies=self.policies,
            schemes=self.schemes,
            tier=self.tier,
            **target,
        )
