"""The model card: what a model was made of and how right it is, with counts and intervals."""

from __future__ import annotations

from collections.abc import Sequence

from coder.model.model import Model
from coder.model.scores import Score


def card(model: Model, scores: Sequence[Score], notes: str = "") -> str:
    """The README.md of a model folder, in Markdown."""
    training = model.manifest["training"]
    sources = [f"| {name} | {count:,} |" for name, count in training["sources"].items()]
    figures = [
        f"| {s.source} | {s.level} | {s.n:,} | {s.top1:.3f} | {s.low:.3f}–{s.high:.3f} "
        f"| {s.top5:.3f} | {s.ece:.3f} |"
        for s in scores
    ]
    parts = ", ".join(f"{count:,} {part}" for part, count in training["rows"].items())
    lines = [
        f"# Model for {model.scheme.name}",
        "",
        f"Codes texts to {model.scheme.title} ({len(model.codes)} of {len(model.scheme.leaves)} "
        "leaf codes can be suggested).",
        "",
        f"Encoder {model.encoder.name}; {len(model.features.words):,} word and "
        f"{len(model.features.chars):,} character n-grams; {model.linear.sparse.nnz:,} weights. "
        f"Seed {training['seed']}, training fingerprint `{training['fingerprint'][:16]}`.",
        "",
        f"Rows: {parts}. The test rows were used for nothing but this table.",
        "",
        "| source | rows |",
        "|---|---:|",
        *sources,
        "",
        "Share right of the most probable code (top 1, 95 % Wilson interval) and of the five most "
        "probable (top 5) on the test rows whose label reaches the level; ECE is the expected "
        "calibration error of the most probable code in 15 bins of equal size.",
        "",
        "| source | level | n | top 1 | interval | top 5 | ECE |",
        "|---|---:|---:|---:|---|---:|---:|",
        *figures,
        "",
    ]
    if notes:
        lines += [notes, ""]
    return "\n".join(lines)
