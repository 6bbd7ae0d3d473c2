"""Fitting rows whose label looks wrong: how many, and what leaving them out gives.

    python evaluation/label_noise.py ../shared/data evaluation/results/label_noise.json

Rows with one code are doubted by confident learning (Northcutt, Jiang & Chuang 2021; the package
cleanlab, installed by hand) from probabilities of models that were fitted to the other four fifths.
These models read n-grams alone: the encoder has read the fitting rows. Then the recipe is fitted
with and without the doubted rows, and compared on the tuning rows, which nobody has read; their
labels stay as they are, so where the doubted are wrong both are judged too hard alike.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from cleanlab.filter import find_label_issues
from numpy.typing import NDArray
from scipy import sparse
from tuning_rows import RECIPES, answers, difference, main, without

from coder.model.encoder import Encoder
from coder.model.features import Features
from coder.model.labels import leaves_of
from coder.model.softmax import Design, fit, log_softmax, scores
from coder.model.train import FIT, Rows, Settings
from coder.schemes import load_scheme

FOLDS = 5
SCHEMES = ("injury-type", "body-part", "isco-08")


def doubted(rows: Rows, name: str) -> NDArray[np.intp]:
    """The fitting rows with one code whose label confident learning doubts."""
    scheme, how = load_scheme(name), RECIPES[name].settings(name)
    leaves = [leaves_of(rows.labels[i], scheme) for i in range(len(rows))]
    single = np.array([i for i in rows.where(FIT) if len(leaves[i]) == 1])
    truth = np.unique([next(iter(leaves[i])) for i in single], return_inverse=True)[1]
    texts = [rows.prepared[i].main for i in single]
    words = Features.fit(texts, how.features).transform(texts)
    p = _out_of_fold(Design(words, np.zeros((len(single), 0), np.float32)), truth, how)
    found: NDArray[np.bool_] = find_label_issues(truth, p.astype(np.float64))
    return single[found]


def _out_of_fold(design: Design, truth: NDArray[np.intp], how: Settings) -> NDArray[np.float32]:
    k = int(truth.max()) + 1
    fold = np.random.default_rng(how.seed).integers(0, FOLDS, len(truth))
    out = np.zeros((len(truth), k), np.float32)
    for number in range(FOLDS):
        fitted, rest = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        one = np.ones(len(fitted), np.float32)
        allowed = sparse.csr_matrix(
            (one, (np.arange(len(fitted)), truth[fitted])), (len(fitted), k)
        )
        found = fit(
            design.take(fitted), allowed, rate=how.rate, epochs=how.epochs, batch=how.batch,
            damping=how.damping, seed=how.seed,
        )  # fmt: skip
        out[rest] = np.exp(log_softmax(scores(design.take(rest), found)))
    return out


def measure(rows: Rows, name: str, encoder: Encoder) -> dict[str, object]:
    doubt = doubted(rows, name)
    sources = Counter(rows.source[i] for i in rows.where(FIT))
    found = Counter(rows.source[i] for i in doubt)
    every = answers(rows, name, encoder)
    fewer = answers(without(rows, doubt.tolist()), name, encoder)
    return {
        "fitting rows": {s: {"n": n, "doubted": found[s]} for s, n in sorted(sources.items())},
        "with": every.summary(),
        "without": fewer.summary(),
        "gained by leaving them out": difference(every, fewer),
    }


if __name__ == "__main__":
    main(__doc__, SCHEMES, measure)
