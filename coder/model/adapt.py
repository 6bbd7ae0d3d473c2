"""Teach a model from new decisions: what it knows stays, and a correction is added to it.

The scores of the current model are the offset on which a second set of linear weights is fitted.
How much of that correction to believe is found on rows that it has not seen (cross-fitting), by
likelihood: where there is nothing to learn the model stays nearly what it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coder.errors import TrainingError
from coder.model.arrays import Linear
from coder.model.encoder import Encoder
from coder.model.features import Features
from coder.model.labels import leaf_matrix, leaves_of
from coder.model.model import Model
from coder.model.softmax import Design, Floats, Weights, fit, log_softmax, partial_target, scores
from coder.model.train import CALIBRATE, FIT, PARTS, Progress, Rows, fingerprint, prune, sources
from coder.text import Prepared

MINIMUM_ROWS = 30
_LEAST = 1e-30  # below any probability that matters; keeps logarithms finite
_NEW_CODE = 6.0  # how far below the sum of all codes the score of one starts that is new


@dataclass(frozen=True)
class Adaptation:
    """How to teach. `folds` are those of the cross-fitting, `budget` the most n-gram weights that
    one lesson adds; the others as in `Settings`."""

    epochs: int = 10
    rate: float = 0.3
    batch: int = 32
    penalty: float = 1e-4
    dense_scale: float = 3.0
    budget: int = 1_000_000
    folds: int = 5
    seed: int = 0


def adapt(
    model: Model,
    rows: Rows,
    how: Adaptation | None = None,
    progress: Progress | None = None,
    undecided: Sequence[Prepared] = (),
) -> Model:
    """The model taught from the rows of the parts `fit` and `calibrate`.

    Decisions are mostly about doubtful texts, and what is learned from those alone goes wrong on
    the others. So of the `undecided` texts as many as there are decisions, those of which the
    model is surest, remind it of what it says of them. The new model has the codes and the
    n-grams of the old one and those that are new in the rows. Raises TrainingError for fewer
    than 30 decisions.
    """
    chosen = np.sort(np.concatenate([rows.where(FIT), rows.where(CALIBRATE)]))
    if len(chosen) < MINIMUM_ROWS:
        raise TrainingError(f"{len(chosen)} decided texts; at least {MINIMUM_ROWS} are needed")
    settings, tell = how or Adaptation(), progress or (lambda _what, _share: None)
    prepared = [rows.prepared[i] for i in chosen]
    leaves = [leaves_of(rows.labels[i], model.scheme) for i in chosen]
    for one, code in surest(model, undecided, len(chosen)):
        prepared.append(one)
        leaves.append(frozenset([code]))
    wider = widen(model, [p.main for p in prepared], leaves)
    allowed = leaf_matrix(leaves, wider.codes)
    tell("learning", 0.1)
    linear = _taught(wider, wider.linear, wider.encoder, prepared, allowed, settings)
    fast = wider.fast
    if fast is not None:
        tell("learning the fast tier", 0.7)
        quick = _taught(wider, fast.linear, fast.encoder, prepared, allowed, settings)
        fast = replace(fast, linear=quick)
    new = replace(wider, linear=linear, fast=fast, tier=model.tier)
    new.manifest = _manifest(model, rows, settings)
    tell("done", 1.0)
    return new


def _manifest(model: Model, rows: Rows, how: Adaptation) -> dict[str, object]:
    before = model.manifest.get("training", {})
    counts = sources(rows)
    known = {**before.get("sources", {})}
    for name, count in counts.items():
        known[name] = known.get(name, 0) + count
    return {
        "shipped_scheme": model.manifest.get("shipped_scheme", True),
        "parent": model.hash,
        "training": {
            "fingerprint": fingerprint(rows),
            "seed": how.seed,
            "rows": {part: len(rows.where(part)) for part in PARTS},
            "sources": known,
        },
    }


def surest(model: Model, texts: Sequence[Prepared], most: int) -> list[tuple[Prepared, str]]:
    """The `most` texts of whose best code the model is surest, with that code."""
    spoken = [one for one in texts if one.absent is None and one.main]
    if not spoken:
        return []
    p = model.probabilities(spoken)
    best = p.values.argmax(axis=1)
    order = np.argsort(-p.values.max(axis=1), kind="stable")[:most]
    return [(spoken[i], p.codes[best[i]]) for i in order]


def widen(model: Model, texts: list[str], leaves: list[frozenset[str]]) -> Model:
    """The same model with room for n-grams and codes that only the new rows have.

    A new n-gram weighs nothing yet; a new code starts as improbable. Codes above the leaves bring
    no new code as long as the model knows one below them.
    """
    features = _extended(model.features, texts)
    known = set(model.codes)
    fresh = {leaf for found in leaves if not found & known for leaf in found}
    codes = tuple(leaf for leaf in model.scheme.leaves if leaf in known | fresh)
    place = np.array([codes.index(code) for code in model.codes])

    def wide(linear: Linear) -> Linear:
        return _wide(linear, model.features, features, place, len(codes))

    fast = model.fast
    if fast is not None:
        fast = replace(fast, linear=wide(fast.linear))
    return replace(
        model, codes=codes, features=features, linear=wide(model.linear), fast=fast, tier="accurate"
    )


def _extended(old: Features, texts: list[str]) -> Features:
    """The features with the n-grams that only `texts` have, as rare as the rarest known."""
    found = Features.fit(texts, old.config)
    words = sorted(set(found.words) - set(old.words))
    chars = sorted(set(found.chars) - set(old.chars))

    def idf(known: Floats, new: list[str]) -> Floats:
        rarest = known.max(initial=1.0)
        return np.concatenate([known, np.full(len(new), rarest, np.float32)])

    return Features(
        old.config,
        (*old.words, *words),
        (*old.chars, *chars),
        idf(old.word_idf, words),
        idf(old.char_idf, chars),
    )


def _wide(
    linear: Linear, old: Features, new: Features, place: NDArray[np.intp], codes: int
) -> Linear:
    rows = np.concatenate([np.arange(len(old.words)), len(new.words) + np.arange(len(old.chars))])
    weights = linear.sparse.tocoo()
    grown = sparse.csr_matrix(
        (weights.data, (rows[weights.row], place[weights.col])),
        shape=(len(new.words) + len(new.chars), codes),
    )
    dense = np.zeros((linear.dense.shape[0], codes), np.float32)
    dense[:, place] = linear.dense
    bias = np.full(codes, linear.bias.min() - np.float32(_NEW_CODE), np.float32)
    bias[place] = linear.bias
    return replace(linear, sparse=grown, dense=dense, bias=bias)


def _taught(
    model: Model,
    linear: Linear,
    encoder: Encoder,
    prepared: list[Prepared],
    allowed: sparse.csr_matrix,
    how: Adaptation,
) -> Linear:
    """The weights of one tier plus what the rows add to them."""
    plain = Model(model.scheme, model.codes, model.features, linear, encoder)
    old = np.log(np.maximum(plain.probabilities(prepared).values, _LEAST))
    texts = [p.main for p in prepared]
    words = model.features.transform(texts)
    used = np.unique(words.indices)  # the others learn nothing from these rows
    design = Design(words[:, used], encoder.encode(texts) * np.float32(how.dense_scale))
    unseen = _cross_fitted(design, allowed, old, how)
    believe = np.float32(_believe(old, unseen, allowed))
    learned = _fit(design, allowed, old, how)
    added = prune(believe * learned.sparse, how.budget).tocoo()
    shape = linear.sparse.shape
    correction = sparse.csr_matrix((added.data, (used[added.row], added.col)), shape=shape)
    return Linear(
        sparse.csr_matrix(linear.sparse + correction),
        linear.dense + believe * np.float32(how.dense_scale) * learned.dense,
        linear.bias + believe * learned.bias,
        linear.context,
    ).stored()


def _believe(old: Floats, unseen: Floats, allowed: sparse.csr_matrix) -> float:
    """How much of the correction to add, 0 to 2: the factor that makes the decisions likeliest."""

    from scipy.optimize import minimize_scalar  # only training needs it

    def loss(factor: float) -> float:
        log_p = log_softmax(old + np.float32(factor) * unseen)
        return -float(partial_target(log_p, allowed)[0].mean())

    return float(minimize_scalar(loss, bounds=(0.0, 2.0), method="bounded").x)


def _fit(design: Design, allowed: sparse.csr_matrix, old: Floats, how: Adaptation) -> Weights:
    return fit(
        design,
        allowed,
        offset=old,
        penalty=how.penalty,
        rate=how.rate,
        epochs=how.epochs,
        batch=how.batch,
        seed=how.seed,
    )


def _cross_fitted(
    design: Design, allowed: sparse.csr_matrix, old: Floats, how: Adaptation
) -> Floats:
    """What the correction says of rows that it was not fitted on, (n, k)."""
    fold = np.random.default_rng(how.seed).permutation(design.rows) % how.folds
    out = np.zeros_like(old)
    for number in range(how.folds):
        there, here = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        out[here] = scores(
            design.take(here), _fit(design.take(there), allowed[there], old[there], how)
        )
    return out
