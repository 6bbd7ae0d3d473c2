"""Fit, calibrate and measure a model from coded rows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coder.errors import TrainingError
from coder.model.arrays import Linear
from coder.model.calibration import consistent_scale, stack, switch
from coder.model.encoder import Encoder
from coder.model.features import FeatureConfig, Features
from coder.model.labels import Label, leaf_matrix, leaves_of
from coder.model.model import Fast, Model
from coder.model.scores import Score, measure
from coder.model.softmax import Design, Floats, Weights, fit, scores
from coder.schemes import Scheme
from coder.text import Prepared

FIT, CALIBRATE, TUNE, TEST = "fit", "calibrate", "tune", "test"
PARTS = (FIT, CALIBRATE, TUNE, TEST)
Progress = Callable[[str, float], None]  # what is being done, share done 0..1


@dataclass
class Rows:
    """Coded rows: prepared texts, labels at any level, where each came from and its part.

    `part` is "fit", "calibrate" (the temperature), "tune" (the policy) or "test" per row; without
    it rows are dealt by `deal`, so that equal texts never straddle.
    """

    prepared: list[Prepared]
    labels: list[Label]
    source: list[str]
    part: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.part:
            self.part = [deal(p.main) for p in self.prepared]

    def __len__(self) -> int:
        return len(self.prepared)

    def add(self, prepared: Prepared, label: Label, source: str, part: str) -> None:
        self.prepared.append(prepared)
        self.labels.append(label)
        self.source.append(source)
        self.part.append(part)

    def where(self, part: str) -> NDArray[np.intp]:
        """Row numbers of a part."""
        return np.flatnonzero(np.array([p == part for p in self.part], bool))


def deal(text: str) -> str:
    """A text's part by its SHA-256: 10 % test, 10 % tune, 8 % calibrate, the rest fit."""
    number = _number(text) % 100
    return TEST if number < 10 else TUNE if number < 20 else CALIBRATE if number < 28 else FIT


def _number(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)


@dataclass(frozen=True)
class Expert:
    """What one linear expert learns from: the rows of `sources` (none named: all rows), and of
    the features the n-grams, the embedding or both."""

    sources: frozenset[str] = frozenset()
    ngrams: bool = True
    embedding: bool = True

    def view(self, design: Design) -> Design:
        """The features that this expert reads; the others have no column."""
        words, dense = design.sparse, design.dense
        return Design(
            words if self.ngrams else words[:, :0], dense if self.embedding else dense[:, :0]
        )


# For rows that the encoder was tuned on. What it says of those is too good, and n-grams that learn
# beside it learn nothing; each alone, and both with weights from rows that it has not read, do.
APART = (Expert(), Expert(embedding=False), Expert(ngrams=False))


@dataclass(frozen=True)
class Settings:
    """How to train. The defaults suit narratives of a sentence or two and titles alike.

    experts        one linear model each; they are merged into one with weights found on the
                   calibration rows
    source_weight  how much the rows of a source count in fitting, 1 unless said
    dense_scale    how strongly the embedding speaks at the start of fitting
    damping        how little rare n-grams learn: see `coder.model.softmax.fit`
    context        how much the scores of the context fields count beside the main text's
    budget         the most n-gram weights to store
    fast_budget    the same for the fast tier
    switch_loss    log-likelihood that the tier auto may lose to the fast one, nats a record
    """

    features: FeatureConfig = field(default_factory=FeatureConfig)
    experts: tuple[Expert, ...] = (Expert(),)
    source_weight: dict[str, float] = field(default_factory=dict)
    epochs: int = 8
    rate: float = 0.6
    batch: int = 128
    damping: float = 1e-6
    dense_scale: float = 3.0
    context: float = 0.3
    budget: int = 3_000_000
    fast_budget: int = 1_000_000
    switch_loss: float = 0.03
    seed: int = 0


MINIMUM_ROWS = 50


def train(
    scheme: Scheme,
    rows: Rows,
    encoder: Encoder,
    settings: Settings | None = None,
    progress: Progress | None = None,
    shipped_scheme: bool = True,
    static: Encoder | None = None,
) -> tuple[Model, list[Score]]:
    """A calibrated model and its scores on the test part, per source and level.

    With `static`, an encoder that costs little, the model gets a fast tier as well. Raises
    TrainingError for fewer than 50 usable rows or a single code.
    """
    how = settings or Settings()
    tell = progress or (lambda _what, _share: None)
    codes = _check(scheme, rows)
    tell("reading texts", 0.0)
    fitted, chosen = rows.where(FIT), rows.where(CALIBRATE)
    if not len(chosen):
        raise TrainingError("no rows to calibrate on: give more rows")
    features = Features.fit([rows.prepared[i].main for i in fitted], how.features)
    words = features.transform([p.main for p in rows.prepared])
    allowed = leaf_matrix([leaves_of(label, scheme) for label in rows.labels], codes)

    def tier(encoder: Encoder, budget: int, first: float) -> Linear:
        def part(what: str, share: float) -> None:
            tell(what, first + share * 0.45)

        dense = embed(encoder, rows, part)
        design = Design(words, dense * np.float32(how.dense_scale))
        experts = _experts(rows, fitted, design, allowed, how, part)
        return merge(experts, design.take(chosen), allowed[chosen], rows, chosen, how, budget)

    model = Model(scheme, codes, features, tier(encoder, how.budget, 0.0).stored(), encoder)
    if static is not None:
        quick = Fast(tier(static, how.fast_budget, 0.45).stored(), static, 1.0)
        model.fast = replace(quick, sure=_switch(model, quick, rows, chosen, how.switch_loss))
    model.manifest = {
        "shipped_scheme": shipped_scheme,
        "training": {
            "fingerprint": fingerprint(rows),
            "seed": how.seed,
            "rows": {part: len(rows.where(part)) for part in PARTS},
            "sources": sources(rows),
        },
    }
    tell("measuring", 0.95)
    found = measure(model, rows.prepared, rows.labels, rows.source, rows.where(TEST))
    model.manifest["metrics"] = [score.as_dict() for score in found]
    tell("done", 1.0)
    return model, found


def _switch(model: Model, fast: Fast, rows: Rows, chosen: NDArray[np.intp], lost: float) -> float:
    """From which probability of the fast tier on the accurate one is not asked."""
    prepared = [rows.prepared[i] for i in chosen]
    slow = model.probabilities(prepared).values
    quick = replace(model, fast=fast, tier="fast").probabilities(prepared).values
    return switch(quick, slow, lost)


def fingerprint(rows: Rows) -> str:
    """SHA-256 over what was learned from: texts, labels and parts, in any order."""
    lines = sorted(
        f"{p.main}\t{p.context}\t{'|'.join(sorted(label))}\t{part}"
        for p, label, part in zip(rows.prepared, rows.labels, rows.part, strict=True)
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def sources(rows: Rows) -> dict[str, int]:
    """How many rows each source has, by name."""
    names, counts = np.unique(np.array(rows.source, str), return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}


def _check(scheme: Scheme, rows: Rows) -> tuple[str, ...]:
    """The leaf codes that the fitting rows can teach, in the scheme's order.

    A calibration row whose code no fitting row has cannot be met; it is measured instead.
    """
    if len(rows) < MINIMUM_ROWS:
        raise TrainingError(f"{len(rows)} usable rows; at least {MINIMUM_ROWS} are needed")
    taught = {leaf for i in rows.where(FIT) for leaf in leaves_of(rows.labels[i], scheme)}
    codes = tuple(leaf for leaf in scheme.leaves if leaf in taught)
    if len(codes) < 2:
        raise TrainingError("all rows have the same code: there is nothing to learn")
    for i in rows.where(CALIBRATE):
        if not leaves_of(rows.labels[i], scheme) & taught:
            rows.part[i] = TEST
    return codes


def embed(encoder: Encoder, rows: Rows, tell: Progress) -> Floats:
    """The embeddings of all rows' main texts, (n, dimensions)."""
    texts = [p.main for p in rows.prepared]
    dense = np.zeros((len(texts), encoder.dimensions), np.float32)
    step = 2048
    for start in range(0, len(texts), step):
        dense[start : start + step] = encoder.encode(texts[start : start + step])
        tell("embedding texts", 0.4 * start / len(texts))
    return dense


def _experts(
    rows: Rows,
    fitted: NDArray[np.intp],
    design: Design,
    allowed: sparse.csr_matrix,
    how: Settings,
    tell: Progress,
) -> list[Weights]:
    """The weights of each expert."""
    out = []
    for number, expert in enumerate(how.experts):
        some = expert.sources
        own = np.array([i for i in fitted if not some or rows.source[i] in some])
        weight = [how.source_weight.get(rows.source[i], 1.0) for i in own]

        def each(epoch: int, _loss: float, number: int = number) -> None:
            tell("fitting", 0.4 + 0.6 * (number + epoch / how.epochs) / len(how.experts))

        out.append(
            fit(
                expert.view(design.take(own)),
                allowed[own],
                weight=np.array(weight, np.float32),
                rate=how.rate,
                epochs=how.epochs,
                batch=how.batch,
                damping=how.damping,
                seed=how.seed,
                progress=each,
            )
        )
    return out


def merge(
    experts: Sequence[Weights],
    design: Design,
    allowed: sparse.csr_matrix,
    rows: Rows,
    chosen: NDArray[np.intp],
    how: Settings,
    budget: int,
) -> Linear:
    """One calibrated set of weights: linear experts over the same features add up.

    `design` and `allowed` are those of the `chosen` rows, which no expert has seen.
    """
    # a text counts once, however often it occurs: a few frequent titles are luck, good or bad
    often = Counter(rows.prepared[i].main for i in chosen)
    weight = np.array([1 / often[rows.prepared[i].main] for i in chosen], np.float32)
    found = [scores(expert.view(design), w) for expert, w in zip(how.experts, experts, strict=True)]
    share = stack(found, allowed, weight)
    together = np.asarray(sum(a * one for a, one in zip(share, found, strict=True)), np.float32)
    share = share * consistent_scale(together, allowed, weight)
    n_sparse, n_dense, codes = design.sparse.shape[1], design.dense.shape[1], allowed.shape[1]
    words = np.zeros((n_sparse, codes), np.float32)
    dense = np.zeros((n_dense, codes), np.float32)
    bias = np.zeros(codes, np.float32)
    for a, expert in zip(share.astype(np.float32), experts, strict=True):
        words[: len(expert.sparse)] += a * expert.sparse  # all of them or none
        dense[: len(expert.dense)] += a * np.float32(how.dense_scale) * expert.dense
        bias += a * expert.bias
    return Linear(prune(words, budget), dense, bias, context=how.context)


def prune(weights: Floats, budget: int) -> sparse.csr_matrix:
    """Keep the `budget` weights furthest from their feature's mean: softmax ignores the mean."""
    centred = weights - weights.mean(axis=1, keepdims=True)
    size = np.abs(centred)
    if size.size > budget:
        sample = size.ravel()[:: max(1, size.size // 2_000_000)]
        centred[size < np.quantile(sample, 1 - budget / size.size)] = 0
    return sparse.csr_matrix(centred)
