"""Small pictures: three kinds of plot as inline SVG, drawn from tidy rows.

Hand-made rather than from a plotting library: the same rows give the same bytes on any machine,
the text stays text (searchable, read aloud, printed sharp), and nothing has to be installed.
Colours and sizes come from the report's style sheet through classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 460
LEFT, RIGHT, TOP, BOTTOM = 66, 24, 12, 46
KINDS = 6
LABELLED = 22


@dataclass(frozen=True, slots=True)
class Series:
    """One named line or cloud; `low` and `high` (same length) draw intervals when given."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    line: bool = False


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _figure(name: str, description: str, height: int, body: Sequence[str]) -> str:
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(name)}: {escape(description)}">' + "".join(body) + "</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str = "middle", css: str = "tick") -> str:
    return (
        f'<text x="{_number(x)}" y="{_number(y)}" text-anchor="{anchor}" class="{css}">'
        f"{escape(text)}</text>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    return (
        f'<line x1="{_number(x1)}" y1="{_number(y1)}" x2="{_number(x2)}" y2="{_number(y2)}" '
        f'class="{css}"/>'
    )


def _mark(x: float, y: float, number: int) -> str:
    """A point whose shape, not only its colour, tells the series."""
    kind = number % KINDS
    css = f"s{kind}"
    if kind == 0:
        return f'<circle cx="{_number(x)}" cy="{_number(y)}" r="4.5" class="{css}"/>'
    if kind == 1:
        return (
            f'<rect x="{_number(x - 4)}" y="{_number(y - 4)}" width="8" height="8" class="{css}"/>'
        )
    half = 5.5
    if kind >= 4:
        wide = half if kind == 4 else 3.0
        points = f"{_number(x - wide)},{_number(y)} {_number(x)},{_number(y - half)} "
        points += f"{_number(x + wide)},{_number(y)} {_number(x)},{_number(y + half)}"
        return f'<polygon points="{points}" class="{css}"/>'
    flip = -1 if kind == 2 else 1
    points = f"{_number(x - half)},{_number(y - half * flip)} "
    points += f"{_number(x + half)},{_number(y - half * flip)} {_number(x)},{_number(y + 5 * flip)}"
    return f'<polygon points="{points}" class="{css}"/>'


def _ticks(low: float, high: float) -> list[float]:
    """At most six round ticks from low to high (both multiples of 0.05)."""
    for step in (0.05, 0.1, 0.2, 0.25, 0.5):
        if (high - low) / step <= 5.0001:
            break
    count = round((high - low) / step)
    return [low + i * step for i in range(count + 1)]


def _floor(values: Sequence[float]) -> float:
    """Lower end of a share axis: the highest start that leaves room below all values."""
    lowest = min(values, default=0.0)
    return max(
        (start for start in (0.0, 0.2, 0.5, 0.7, 0.8, 0.9) if start <= lowest - 0.01), default=0.0
    )


def _around_zero(reach: float) -> list[float]:
    """Five round ticks from -r to r with r a little above `reach`."""
    scale = 10.0 ** math.floor(math.log10(reach))
    step = next(s * scale for s in (0.5, 1.0, 2.0, 2.5, 5.0) if 2 * s * scale >= reach)
    return [-2 * step, -step, 0.0, step, 2 * step]


def _amounts(reach: float) -> list[float]:
    """Three to five round ticks from 0 to a little above `reach`."""
    scale = 10.0 ** math.floor(math.log10(reach))
    step = next(s * scale for s in (0.25, 0.5, 1.0, 2.0, 2.5) if 4 * s * scale >= reach)
    return [i * step for i in range(math.ceil(reach / step - 1e-9) + 1)]


def share_plot(
    name: str,
    description: str,
    series: Sequence[Series],
    x_label: str,
    y_label: str,
    diagonal: bool = False,
    height: int = 320,
) -> str:
    """Shares against shares (0..1 on both axes): reliability diagrams and automation curves."""
    plot_bottom = height - BOTTOM
    every = [v for s in series for v in [*s.y, *s.low]]
    y_low = 0.0 if diagonal else _floor(every)
    x_low = 0.0

    def px(value: float) -> float:
        return LEFT + (value - x_low) / (1 - x_low) * (WIDTH - LEFT - RIGHT)

    def py(value: float) -> float:
        return plot_bottom - (value - y_low) / (1 - y_low) * (plot_bottom - TOP)

    body = []
    for tick in _ticks(y_low, 1.0):
        body.append(_line(LEFT, py(tick), WIDTH - RIGHT, py(tick), "grid"))
        body.append(_text(LEFT - 8, py(tick) + 4, f"{tick:.0%}", "end"))
    for tick in _ticks(x_low, 1.0):
        body.append(_line(px(tick), TOP, px(tick), plot_bottom, "grid"))
        body.append(_text(px(tick), plot_bottom + 18, f"{tick:.0%}"))
    body.append(_text((LEFT + WIDTH - RIGHT) / 2, height - 8, x_label, css="label"))
    middle = (TOP + plot_bottom) / 2
    body.append(
        f'<text transform="translate(14 {_number(middle)}) rotate(-90)" text-anchor="middle" '
        f'class="label">{escape(y_label)}</text>'
    )
    if diagonal:
        body.append(_line(px(0), py(0), px(1), py(1), "reference"))
    for i, one in enumerate(series):
        body.extend(_intervals(one, px, py, i))
        if one.line:
            points = " ".join(
                f"{_number(px(x))},{_number(py(y))}" for x, y in zip(one.x, one.y, strict=True)
            )
            body.append(f'<polyline points="{points}" class="line s{i % KINDS}"/>')
            body.extend(_mark(px(x), py(y), i) for x, y in _spaced(one, i, len(series)))
        else:
            body.extend(_mark(px(x), py(y), i) for x, y in zip(one.x, one.y, strict=True))
    return _figure(name, description, height, body)


def _spaced(one: Series, number: int, series: int) -> list[tuple[float, float]]:
    """A few points of a line to carry its mark, at other places than the other lines' marks."""
    every = max(len(one.x) // 5, 1)
    start = min(every * number // max(series, 1), max(len(one.x) - 1, 0))
    return list(zip(one.x[start::every], one.y[start::every], strict=True))


def _intervals(
    one: Series, px: Callable[[float], float], py: Callable[[float], float], number: int
) -> list[str]:
    return [
        _line(px(x), py(low), px(x), py(high), f"interval s{number % KINDS}")
        for x, low, high in zip(one.x, one.low, one.high, strict=False)
    ]


def dot_plot(
    name: str,
    description: str,
    labels: Sequence[str],
    series: Sequence[Series],
    around_zero: bool = False,
    amounts: bool = False,
) -> str:
    """Named rows with one dot and interval per series; `x` of a series is the row number.

    The value axis is a share of 1, with `around_zero` a difference in percentage points, with
    `amounts` any number from 0.
    """
    rows = len(labels)
    step = 18 * max(len(series), 1) + 12
    height = TOP + rows * step + BOTTOM - 20
    left = min(max(len(text) for text in labels) * 8.2 + 16, 210.0) if labels else LEFT
    every = [v for s in series for v in [*s.y, *s.low]]
    ends = [*every, *(v for s in series for v in s.high)]
    ticks = _ticks(_floor(every), 1.0)
    if around_zero:
        ticks = _around_zero(max([abs(v) for v in ends], default=0.0) or 0.01)
    if amounts:
        ticks = _amounts(max(ends, default=0.0) or 1.0)
    low, high = ticks[0], ticks[-1]

    def px(value: float) -> float:
        return left + (value - low) / (high - low) * (WIDTH - left - RIGHT - 8)

    body = []
    for tick in ticks:
        css = "zero" if around_zero and tick == 0 else "grid"
        body.append(_line(px(tick), TOP, px(tick), height - BOTTOM + 20, css))
        points = f"{tick * 100:+.3g}" if tick else "0"
        label = (
            points
            if around_zero
            else f"{tick:,.6g}".replace(",", " ")
            if amounts
            else f"{tick:.0%}"
        )
        body.append(_text(px(tick), height - BOTTOM + 38, label))
    for i, text in enumerate(labels):
        y = TOP + i * step + step / 2
        body.append(_text(left - 10, y + 4, text if len(text) < 29 else text[:27] + "…", "end"))
    for number, one in enumerate(series):
        for j, (row, value) in enumerate(zip(one.x, one.y, strict=True)):
            y = TOP + row * step + step / 2 + 18 * (number - (len(series) - 1) / 2)
            if one.low:
                css = f"interval s{number % KINDS}"
                body.append(_line(px(one.low[j]), y, px(one.high[j]), y, css))
            body.append(_mark(px(value), y, number))
    return _figure(name, description, int(height), body)


def heat_map(
    name: str, description: str, cells: Sequence[tuple[int, int, float]], codes: Sequence[str]
) -> str:
    """A matrix of shares (row, column, 0..1) over `codes`; darker is more."""
    size = max(len(codes), 1)
    edge = (WIDTH - LEFT - RIGHT) / size
    height = int(TOP + edge * size + BOTTOM)
    body = [
        f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" '
        f'height="{_number(edge * size)}" class="frame"/>'
    ]
    for row, column, share in cells:
        kind = "agree" if row == column else "differ"
        body.append(
            f'<rect x="{LEFT + column * edge:.2f}" y="{TOP + row * edge:.2f}" '
            f'width="{edge:.2f}" height="{edge:.2f}" class="{kind}" '
            f'fill-opacity="{max(share, 0.04):.2f}"/>'
        )
    if size <= LABELLED:
        for i, code in enumerate(codes):
            middle = (i + 0.5) * edge
            body.append(_text(LEFT - 6, TOP + middle + 4, code, "end"))
            body.append(_text(LEFT + middle, TOP + edge * size + 16, code))
    across = _text((LEFT + WIDTH - RIGHT) / 2, height - 10, "given, in code order →", css="label")
    middle = TOP + edge * size / 2
    down = (
        f'<text transform="translate(14 {_number(middle)}) rotate(-90)" text-anchor="middle" '
        f'class="label">← gold, in code order</text>'
    )
    return _figure(name, description, height, [*body, across, down])


def legend(names: Sequence[str]) -> str:
    """Keys of the series, as HTML around tiny pictures, so that it wraps on a phone."""
    keys = []
    for i, name in enumerate(names):
        mark = _mark(8, 8, i)
        keys.append(
            f'<li><svg class="key" viewBox="0 0 16 16" aria-hidden="true">{mark}</svg>'
            f"{escape(name)}</li>"
        )
    return f'<ul class="legend">{"".join(keys)}</ul>'
