"""The engine that the options of a command ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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

    def paths(self) -> tuple[Path, ...]:
        """The folders and files that it reads, besides what is installed."""
        return (*(folder for _, folder in self.models), *self.policies)

    def moved(self, places: Mapping[Path, Path]) -> EngineSpec:
        """The same engine, with each of the paths in another place."""
        models = tuple((name, places[folder]) for name, folder in self.models)
        return replace(self, models=models, policies=tuple(map(places.__getitem__, self.policies)))
