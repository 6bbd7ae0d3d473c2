"""The promise on the next year: mining body parts, 46 codes of the source, this engine's training.

    python evaluation/mining_promise.py ../shared/data evaluation/results/mining_promise.json

Fitted on 2010 to September 2012, tuned on October to December 2012 at target 0.95, applied to
2013, in the tier `auto`. The shipped encoder has read no narrative of 2012 or later.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "training_data" / "recipes")]

import injury  # noqa: E402 - after the path is set
from scipy.stats import binomtest  # noqa: E402
from sources import table  # noqa: E402

from coder.decide import Gold, Signals, Status, decide, tune  # noqa: E402
from coder.model.encoder import STATIC, load_encoder  # noqa: E402
from coder.model.scores import score_rows  # noqa: E402
from coder.model.train import CALIBRATE, FIT, TEST, TUNE, Rows, deal, train  # noqa: E402
from coder.resources import shipped  # noqa: E402
from coder.schemes import Code, Scheme  # noqa: E402
from coder.text import Role, prepare  # noqa: E402

NARRATIVES = "injury/narratives/msha_body_part_2010_2013.csv.gz"
TARGET = 0.95


def gather(data: Path) -> tuple[Scheme, Rows]:
    rows, titles = Rows([], [], []), {}
    for row in table(data, NARRATIVES):
        one = prepare({Role.NARRATIVE: row["NARRATIVE"]}, "body-part")
        if one.absent:
            continue
        titles[row["INJ_BODY_PART_CD"]] = row["INJ_BODY_PART"]
        dealt = CALIBRATE if deal(one.main) == CALIBRATE else FIT
        late = row["ACCIDENT_DT"] >= "2012-10"
        part = TEST if row["YEAR"] == "2013" else TUNE if late else dealt
        rows.add(one, frozenset([row["INJ_BODY_PART_CD"]]), row["YEAR"], part)
    codes = [Code(code, title, 1, None) for code, title in sorted(titles.items())]
    return Scheme("msha-body", "MSHA part of body", codes), rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    scheme, rows = gather(arguments.data)
    static = load_encoder(shipped("models", STATIC))
    settings = injury.settings("body-part")
    model, _ = train(scheme, rows, load_encoder(), settings, shipped_scheme=False, static=static)
    later, applied = rows.where(TUNE), rows.where(TEST)
    p = model.probabilities([rows.prepared[i] for i in later])
    gold = Gold.of(scheme, [sorted(rows.labels[i]) for i in later])
    policy = tune(p, gold, TARGET, signals=Signals.none(len(p))).policy
    q = model.probabilities([rows.prepared[i] for i in applied])
    labels = [rows.labels[i] for i in applied]
    done = decide(q, policy)
    auto = np.flatnonzero(done.status == Status.AUTO)
    right = sum(done.code[i] in labels[i] for i in auto)
    interval = binomtest(int(right), max(1, len(auto))).proportion_ci(method="wilson")
    score = score_rows(q, labels, ["2013"] * len(labels))[0].as_dict()
    result = {
        "fitted": len(rows.where(FIT)),
        "tuned_on": len(later),
        "promised_share": round(policy.promised_share, 4),
        "applied_to": len(applied),
        "share_automatic": round(len(auto) / len(applied), 4),
        "accuracy_automatic": round(right / max(1, len(auto)), 4),
        "interval": [round(interval.low, 4), round(interval.high, 4)],
        "all_records": score,
    }
    print(json.dumps(result, indent=1))
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
