"""Output folders as `coder code` writes them, made of texts written for these tests."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

SCHEME = "body-part"
# codes of body-part (16th ICLS, Annex F) used by the tests
HEAD, HAND, FINGERS, FOOT = "1", "5.4", "5.6", "6.4"


def auto(code: str, confidence: float = 0.97) -> dict[str, object]:
    """An automatic result."""
    return {"status": "auto", "code": code, "confidence": confidence, "s": [(code, confidence)]}


def review(*pairs: tuple[str, float], reason: str = "two codes close") -> dict[str, object]:
    """A result that needs a person."""
    return {
        "status": "review",
        "code": pairs[0][0],
        "confidence": pairs[0][1],
        "s": list(pairs),
        "reason": reason,
        "candidates": "|".join(c for c, _ in pairs[:2]),
        "evidence": f"{HAND}: hand; {FINGERS}: index: finger",
    }


def uncodable() -> dict[str, object]:
    """A result for a text that says nothing."""
    return {"status": "uncodable", "code": "", "confidence": "", "s": [], "reason": "empty"}


def write_folder(
    folder: Path,
    rows: Sequence[tuple[Mapping[str, str], Mapping[str, object]]],
    scheme: str = SCHEME,
) -> Path:
    """Write coded.csv, review.csv and run.json for (input fields, result) rows."""
    folder.mkdir(parents=True, exist_ok=True)
    fields = list(rows[0][0])
    own = [f"{scheme}_{e}" for e in ("code", "title", "level", "confidence", "status")]
    own.append(f"{scheme}_suggestions")
    more = [f"{scheme}_{e}" for e in ("reason", "candidates", "evidence")]

    def line(values: Mapping[str, str], result: Mapping[str, object]) -> list[object]:
        joined = "|".join(f"{c}:{p:.4f}" for c, p in result["s"])  # type: ignore[attr-defined]
        code, confidence = result["code"], result["confidence"]
        return [*values.values(), code, "", "", confidence, result["status"], joined]

    with (folder / "coded.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow([*fields, *own])
        out.writerows(line(v, r) for v, r in rows)
    with (folder / "review.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow([*fields, *own, *more])
        out.writerows(
            [*line(v, r), r["reason"], r["candidates"], r["evidence"]]
            for v, r in reversed(rows)
            if r["status"] == "review"
        )
    digest = hashlib.sha256(b"a model").hexdigest()
    manifest = {
        "counts": {"read": len(rows)},
        "settings": {"schemes": [scheme], "text": {}, "id_column": "id"},
        "engine": {
            "models": {scheme: {"scheme": scheme, "hash": digest}},
            "policies": {scheme: {"target_accuracy": 0.95}},
        },
    }
    (folder / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def plain_rows(count: int = 12) -> list[tuple[dict[str, str], dict[str, object]]]:
    """`count` review rows, of which rows 1 to 3 share a text, three automatic, one uncodable."""
    rows: list[tuple[dict[str, str], dict[str, object]]] = []
    for n in range(count):
        text = "caught hand in the press" if n < 3 else f"slipped on step {n}, hurt left hand"
        top = 0.60 - n * 0.01
        rows.append(({"id": f"c{n}", "narrative": text}, review((HAND, top), (FINGERS, 0.2))))
    for n in range(3):
        fields = {"id": f"a{n}", "narrative": f"brick fell on foot number {n}"}
        rows.append((fields, auto(FOOT)))
    rows.append(({"id": "u0", "narrative": ""}, uncodable()))
    return rows
