"""How right the shipped models are on rows that they never saw, against the targets we set.

    python evaluation/shipped.py ../shared/data evaluation/results/shipped.json

Test rows as the recipes deal them (training_data/recipes): the mining narratives of 2013, the
NAICS phrases that are in no index, a tenth by hash of every other source. All records count,
whatever the policy would do with them: level 1 is the most probable code of level 1, the finest
level the most probable leaf.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import metadata
from pathlib import Path

import pyarrow as pa

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "training_data" / "recipes")]

from policies import COLUMN  # noqa: E402

from coder.engine import Coder  # noqa: E402
from coder.model.scores import score_rows  # noqa: E402
from coder.model.train import TEST  # noqa: E402
from models import RECIPES  # noqa: E402 - after the path is set

# (scheme, source, level): (top 1, top 5) asked for
TARGETS = {
    ("body-part", "mining", 1): (0.90, None),
    ("body-part", "accident abstracts", 1): (0.74, None),
    ("injury-type", "severe injuries", 1): (0.92, None),
    ("injury-type", "accident abstracts", 1): (0.70, None),
    ("injury-type", "mining, all variables", 1): (0.80, None),
    ("isco-08", "vacancy titles", 4): (0.55, 0.80),
    ("isco-08", "national index", 4): (0.58, 0.80),
    ("isco-08", "seasonal titles", 4): (0.58, 0.82),
    ("isic-4", "NAICS", 4): (0.90, 0.98),
    ("injury-mode", "severe injuries", 1): (0.80, None),
    ("material-agency", "severe injuries", 1): (0.70, None),
}
CALIBRATION_TARGET = 0.04


def measured(engine: Coder, scheme: str, data: Path) -> list[dict[str, object]]:
    rows = RECIPES[scheme].rows(data, scheme)
    chosen = rows.where(TEST)
    texts = pa.array([rows.prepared[i].main for i in chosen])
    p, _ = engine.probabilities(pa.table({COLUMN.get(scheme, "narrative"): texts}), scheme)
    labels, sources = [rows.labels[i] for i in chosen], [rows.source[i] for i in chosen]
    out = []
    for score in score_rows(p, labels, sources):
        top1, top5 = TARGETS.get((scheme, score.source, score.level), (None, None))
        entry = {"scheme": scheme, **score.as_dict(), "target_top1": top1, "target_top5": top5}
        if top1 is not None:
            entry["met"] = score.top1 >= top1 and (top5 is None or score.top5 >= top5)
        out.append(entry)
    return out


def line(entry: dict[str, object]) -> str:
    asked = f"{entry['target_top1']}/{entry['target_top5'] or '-'}" if "met" in entry else ""
    verdict = {True: "met", False: "MISSED"}.get(entry.get("met"), "")  # type: ignore[arg-type]  # None: no target
    return (
        f"{entry['scheme']:<15} {entry['source']:<24} {entry['level']} n={entry['n']:<6} "
        f"top1 {entry['top1']:.3f} [{entry['low']:.3f}, {entry['high']:.3f}]  "
        f"top5 {entry['top5']:.3f}  ECE {entry['ece']:.3f}  {asked} {verdict}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    engine = Coder.load(schemes=list(RECIPES))
    found = [entry for scheme in RECIPES for entry in measured(engine, scheme, arguments.data)]
    for entry in found:
        print(line(entry))
    result = {"version": metadata.version("narracoder"), "models": engine.manifest()["models"]}
    result["scores"] = found
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
