"""What codes are called."""

from __future__ import annotations

from collections.abc import Sequence

from coder.statistics.dimensions import Dimension


def titles_of(dimensions: Sequence[Dimension]) -> dict[str, dict[str, str]]:
    """Dimension → code → official title; the code itself where there is none."""
    return {d.name: dict(zip(d.values, d.titles, strict=True)) for d in dimensions}
