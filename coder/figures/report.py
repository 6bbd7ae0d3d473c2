"""The report page: sections of prose, pictures and tables, rendered to one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coder.errors import OutputError
from coder.figures.tables import Row, plain

TEMPLATE = Path(__file__).with_name("report.html.j2")


@dataclass(frozen=True, slots=True)
class Column:
    """A table column: the row key, its heading, and how to print it (text, share, number, p).

    `small` names the key of a second line in small type, such as the interval.
    """

    key: str
    heading: str
    kind: str = "text"
    small: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A printed table: caption, columns, rows, and the CSV file that holds it in full."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    full: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report; `figures` are ready SVG (with their legends)."""

    title: str
    text: Sequence[str] = ()
    figures: Sequence[tuple[str, str]] = ()  # (caption, svg)
    tables: Sequence[Table] = ()
    level: int = 2


@dataclass(frozen=True, slots=True)
class Tile:
    """A headline figure: what it is, its value, and what it rests on."""

    name: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Report:
    """The whole page."""

    title: str
    subtitle: str
    tiles: Sequence[Tile] = ()
    sections: Sequence[Section] = field(default_factory=tuple)
    footer: Sequence[str] = ()


def shown(value: object, kind: str) -> str:
    """A cell as printed: shares in per cent with one decimal, "–" where undefined."""
    value = plain(value)
    if value is None or value == "":
        return "" if kind == "text" else "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        if kind == "share":
            return f"{100 * value:.1f} %"
        if kind == "difference":
            return f"{100 * value:+.1f}"
        if kind == "figure":
            return f"{value:.3f}"
        if kind == "p":
            return "< 0.001" if value < 0.001 else f"{value:.3f}"
        if kind == "number":
            return f"{value:,.0f}".replace(",", " ")
    return str(value)


def interval(row: Row, low: str = "low", high: str = "high") -> str:
    """An interval as printed: "71.2 to 74.9 %"."""
    a, b = plain(row.get(low)), plain(row.get(high))
    if not isinstance(a, (int, float)) or not isinstance(b, (int, float)):
        return "–"
    return f"{100 * a:.1f} to {100 * b:.1f}"


def render(report: Report) -> str:
    """HTML of a report. Raises OutputError when Jinja2 is not installed."""
    try:
        import jinja2
    except ImportError as error:
        raise OutputError(
            "report.html needs Jinja2: pip install 'narracoder[plot]', or pass --no-report"
        ) from error
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["shown"] = shown
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(report=report) + "\n"
