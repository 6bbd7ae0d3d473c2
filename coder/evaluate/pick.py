"""Choosing and printing rows of the tables, for the report's sections."""

from __future__ import annotations

from collections.abc import Iterable

from coder.figures.report import interval, shown
from coder.figures.tables import Row

NAMES = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1_truth": "Macro-F1, codes in the gold",
    "macro_f1_all": "Macro-F1, codes in the gold or predicted",
    "cohen_kappa": "Cohen's kappa",
    "krippendorff_alpha": "Krippendorff's alpha",
    "top_1": "Top 1",
    "top_3": "Top 3",
    "top_5": "Top 5",
    "top_10": "Top 10",
    "share": "Share of records",
    "judged": "Share that the gold can judge",
    "ece": "Expected calibration error",
    "mce": "Maximum calibration error",
    "brier": "Brier score",
}


def number(row: Row, key: str) -> float:
    """A figure of a row; NaN where it is missing."""
    value = row.get(key)
    return float(value) if isinstance(value, (int, float)) else float("nan")


def pick(rows: Iterable[Row], **wanted: object) -> list[Row]:
    """The rows whose columns equal the wanted values."""
    return [row for row in rows if all(row.get(k) == v for k, v in wanted.items())]


def levels_of(rows: Iterable[Row]) -> list[object]:
    """The distinct levels of rows, in order of appearance, "own" left out."""
    return [v for v in dict.fromkeys(row["level"] for row in rows) if v != "own"]


def printed_row(row: Row) -> Row:
    """A row of table `levels` with its name, value and interval as printed."""
    metric = str(row["metric"])
    kappa = metric in ("cohen_kappa", "krippendorff_alpha")
    printed = interval(row)
    if kappa and printed != "–":
        printed = f"{number(row, 'low'):.3f} to {number(row, 'high'):.3f}"
    return {
        **row,
        "what": NAMES[metric],
        "shown": shown(row["value"], "figure" if kappa else "share"),
        "interval": printed,
    }
