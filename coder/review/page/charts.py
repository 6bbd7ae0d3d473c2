"""Plots as SVG without script and style attributes, so that the strict CSP lets them stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 12, 28


@dataclass(frozen=True, slots=True)
class Shape:
    """A rectangle (`height` not None) or a text at (x, y)."""

    kind: str
    x: float
    y: float
    width: float = 0.0
    height: float = 0.0
    text: str = ""
    anchor: str = "start"
    tone: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot: shapes to draw in a box of WIDTH by `height`, and a sentence that says it all."""

    label: str
    shapes: tuple[Shape, ...]
    height: float = HEIGHT


def columns(label: str, names: Sequence[str], values: Sequence[float], top: float = 0.0) -> Chart:
    """Upright bars, one per name; the axis runs from 0 to the largest value or `top`."""
    highest = max([*values, top]) or 1.0
    inner_w, inner_h = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    step = inner_w / max(1, len(values))
    shapes = [
        Shape("line", _LEFT, _TOP + inner_h, inner_w),
        Shape("text", _LEFT - 6, _TOP + 5, text=number(highest), anchor="end"),
        Shape("text", _LEFT - 6, _TOP + inner_h + 4, text="0", anchor="end"),
    ]
    every = max(1, len(names) // 7)
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        x, tall = _LEFT + place * step, inner_h * value / highest
        shapes.append(
            Shape("bar", x + step * 0.15, _TOP + inner_h - tall, min(step * 0.7, 60.0), tall)
        )
        if place % every == 0:
            middle = x + step * 0.15 + min(step * 0.7, 60.0) / 2
            shapes.append(Shape("text", middle, HEIGHT - 8, text=name, anchor="middle"))
    return Chart(label, tuple(shapes))


def ranges(
    label: str, rows: Sequence[tuple[str, float | None, float | None, float | None]]
) -> Chart:
    """Lying intervals on 0 to 1: (name, value, low, high) per row; None is not drawn."""
    left, tall = 150, 30
    inner = WIDTH - left - _RIGHT - 16
    height = _TOP + tall * max(1, len(rows)) + _BOTTOM
    shapes = [Shape("line", left, height - _BOTTOM, inner)]
    for share in (0.0, 0.5, 1.0):
        shapes.append(
            Shape("text", left + inner * share, height - 8, text=f"{share:g}", anchor="middle")
        )
    for place, (name, value, low, high) in enumerate(rows):
        y = _TOP + tall * place + tall / 2
        shapes.append(Shape("text", left - 8, y + 5, text=name, anchor="end"))
        if value is None:
            continue
        if low is not None and high is not None:
            start, end = max(0.0, low), max(0.0, high)
            shapes.append(
                Shape("bar", left + inner * start, y - 3, inner * (end - start), 6, tone=1)
            )
        shapes.append(Shape("dot", left + inner * max(0.0, value), y))
    return Chart(label, tuple(shapes), height)


def number(value: float) -> str:
    """A number with three figures at most."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")
