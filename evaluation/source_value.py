"""What each data source adds, and how many of its labels look wrong.

    python evaluation/source_value.py ../shared/data evaluation/results/source_value.json

Each source in turn gives no fitting row; what that costs is counted on the tuning rows, of the
other sources and of its own, against the model of all rows (paired difference with Newcombe's
interval). The encoder stays the shipped one, which has read every source, so a difference is what
the linear model lacks. Labels that look wrong are found among the tuning rows with one code, which
neither encoder nor model has read, by confident learning (Northcutt, Jiang & Chuang 2021; the
package cleanlab, installed by hand: only this script needs it).
"""

from __future__ import annotations

import json

import numpy as np
from cleanlab.filter import find_label_issues
from tuning_rows import Answers, answers, difference, main, without

from coder.model.encoder import Encoder
from coder.model.train import FIT, Rows

LEAST = 100  # fitting rows of a source that is left out
SCHEMES = ("body-part", "injury-type", "isic-4")


def suspicious(answers: Answers) -> dict[str, object]:
    """Rows with one code whose label confident learning doubts, per source."""
    single = np.flatnonzero(answers.good.sum(axis=1) == 1)
    truth = answers.good[single].argmax(axis=1)
    # codes that no label has leave the question: their probability is shared out
    present = np.unique(truth)
    p = answers.p[single][:, present].astype(np.float64) + 1e-9
    doubt = find_label_issues(np.searchsorted(present, truth), p / p.sum(axis=1, keepdims=True))
    source = answers.source[single]
    return {
        str(one): {"n": int((source == one).sum()), "doubted": int(doubt[source == one].sum())}
        for one in np.unique(source)
    }


def measure(rows: Rows, name: str, encoder: Encoder) -> dict[str, object]:
    every = answers(rows, name, encoder)
    counts = dict.fromkeys(sorted(set(rows.source)), 0)
    for i in rows.where(FIT):
        counts[rows.source[i]] += 1
    found: dict[str, object] = {}
    for source, n in counts.items():
        if n < LEAST:
            continue
        own_rows = [i for i in rows.where(FIT) if rows.source[i] == source]
        less = answers(without(rows, own_rows), name, encoder)
        own, entry = every.source == source, {"fitting rows": n}
        for what, here in (("its own rows", own), ("all others", ~own)):
            if here.any():
                entry[what] = difference(every, less, here)
        found[source] = entry
        print(name, "without", source, json.dumps(entry), flush=True)
    return {"left out": found, "labels in doubt": suspicious(every)}


if __name__ == "__main__":
    main(__doc__, SCHEMES, measure)
