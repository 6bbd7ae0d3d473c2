"""What codes and dimensions are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from coder.statistics.dimensions import Dimension

_REVISED: Final = {
    "isco": "occupation",
    "isic": "economic activity",
    "icse": "status in employment",
}
_NAMES: Final = {
    "size-class": "size class",
    "injury-type": "type of injury",
    "body-part": "part of body injured",
    "injury-mode": "mode of injury",
    "material-agency": "material agency of injury",
    "specific-activity": "specific activity",
    "location": "type of location",
}


def titles_of(dimensions: Sequence[Dimension]) -> dict[str, dict[str, str]]:
    """Dimension → code → official title; the code itself where there is none."""
    return {d.name: dict(zip(d.values, d.titles, strict=True)) for d in dimensions}


def spoken(dimension: str) -> str:
    """A dimension as readers call it: `isic-4:2` is "economic activity (isic-4, level 2)".

    A column of the file keeps its name, with blanks for underscores.
    """
    name, _, level = dimension.partition(":")
    family = _REVISED.get(name.split("-")[0])
    details = [name] if family else []
    details += [f"level {level}"] if level else []
    said = family or _NAMES.get(name) or name.replace("_", " ")
    return f"{said} ({', '.join(details)})" if details else said
