"""The picture of `coder tune`: share coded automatically against accuracy, per level."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from coder.decide import Policy
from coder.decide.tuning import CurvePoint


def draw(policies: Sequence[Policy], curve: Sequence[CurvePoint], path: Path) -> None:
    """Write an SVG; the same curve gives the same bytes. Raises OSError."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for level in sorted({point.level for point in curve}, reverse=True):
        points = [point for point in curve if point.level == level and point.n >= 20]
        shares = [point.share for point in points]
        (line,) = axes.plot(shares, [point.accuracy for point in points], label=f"level {level}")
        axes.fill_between(
            shares,
            [point.low for point in points],
            [point.high for point in points],
            color=line.get_color(),
            alpha=0.15,
            linewidth=0,
        )
    for policy in policies:
        axes.axhline(policy.target_accuracy, color="0.4", linewidth=0.8, linestyle="--")
        label = f"target {policy.target_accuracy:g}: {policy.promised_share:.0%} automatic"
        axes.annotate(label, (0.01, policy.target_accuracy), fontsize=8, va="bottom")
    axes.set_xlabel("share of records coded automatically at one level")
    axes.set_ylabel(f"accuracy, {policies[0].confidence:.0%} interval")
    axes.set_title(f"{policies[0].scheme}: {policies[0].provenance['gold_records']} gold records")
    axes.set_xlim(0, 1)
    axes.legend(loc="lower left")
    with rc_context({"svg.hashsalt": "coder", "svg.fonttype": "none"}):
        figure.savefig(path, format="svg", metadata={"Date": None})
