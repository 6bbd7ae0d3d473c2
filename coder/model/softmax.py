"""Multinomial logistic regression that can learn from labels at any level of the tree.

A row's label is a set of leaf codes, "one of these": a single code, all leaves under a coarse
code ("23" teaches that it was some teacher), or the targets of a one-to-many crosswalk. The
likelihood of a row is the summed probability of its set (Jin & Ghahramani 2002, "Learning with
multiple labels"; Cour, Sapp & Taskar 2011, "Learning from partial labels", JMLR 12). With
single labels this is ordinary multinomial logistic regression, against which it is tested.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coder.errors import TrainingError

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Design:
    """Features of n records: a sparse block (n-grams) and a dense block (embedding)."""

    sparse: sparse.csr_matrix
    dense: Floats

    @property
    def rows(self) -> int:
        return int(self.sparse.shape[0])

    def take(self, rows: NDArray[np.intp]) -> Design:
        return Design(self.sparse[rows], self.dense[rows])


@dataclass(frozen=True)
class Weights:
    """Linear weights: sparse block (features, k), dense block (dims, k), bias (k,)."""

    sparse: Floats
    dense: Floats
    bias: Floats


def log_softmax(scores: Floats) -> Floats:
    """Row-wise log-softmax of (n, k) scores, stable for large ones."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return logs


def partial_target(log_p: Floats, allowed: sparse.csr_matrix) -> tuple[Floats, Floats]:
    """Log-likelihood per row (n,) and the model's own distribution inside the label set (n, k)."""
    inside = np.full_like(log_p, -np.inf)
    rows = np.repeat(np.arange(allowed.shape[0]), np.diff(allowed.indptr))
    inside[rows, allowed.indices] = log_p[rows, allowed.indices]
    peak = inside.max(axis=1, keepdims=True)
    mass = np.exp(inside - peak)
    total = mass.sum(axis=1, keepdims=True)
    return (peak + np.log(total))[:, 0], mass / total


def fit(
    design: Design,
    allowed: sparse.csr_matrix,
    *,
    weight: Floats | None = None,
    offset: Floats | None = None,
    penalty: float = 1e-6,
    rate: float = 0.5,
    epochs: int = 8,
    batch: int = 256,
    damping: float = 1e-6,
    seed: int = 0,
    progress: Callable[[int, float], None] | None = None,
) -> Weights:
    """Fit by mini-batch AdaGrad (Duchi, Hazan & Singer 2011) and return the weights.

    `allowed` is (n, k) with a non-zero where the row's label set holds the code; `weight` (n,)
    is relative; `offset` (n, k) are scores that count as they are and are not learned. The loss
    is the weighted mean negative log-likelihood plus `penalty`/2·‖W‖² on the weights that a batch
    touches. `damping` is the squared gradient that every n-gram counts as having had before the
    first step: the more, the less a rare n-gram learns from its few rows. The step falls linearly
    to zero, so that the last epochs average out the noise. Same seed, same data, same weights.
    `progress` is called after each epoch with its number and mean loss. Raises
    TrainingError for a row without allowed code.
    """
    n, k = allowed.shape
    empty = np.diff(allowed.indptr) == 0
    if empty.any():
        row = int(np.argmax(empty)) + 1
        raise TrainingError(f"training row {row} has no code of the scheme", row=row)
    share = np.ones(n, np.float32) if weight is None else np.asarray(weight, np.float32)
    share = share / share.mean()
    n_sparse, n_dense = design.sparse.shape[1], design.dense.shape[1]
    w = Weights(
        np.zeros((n_sparse, k), np.float32),
        np.zeros((n_dense, k), np.float32),
        np.zeros(k, np.float32),
    )
    # squared gradient per feature, shared by its codes
    seen = np.full(n_sparse, damping, np.float32)
    seen_dense = np.full((n_dense, 1), 1e-6, np.float32)
    random = np.random.default_rng(seed)
    steps, step = epochs * -(-n // batch), 0
    for epoch in range(1, epochs + 1):
        total = 0.0
        order = random.permutation(n)
        for start in range(0, n, batch):
            rows = order[start : start + batch]
            used, local = _active(design.sparse[rows])
            part = w.sparse[used]
            dense = design.dense[rows]
            fixed = 0 if offset is None else offset[rows]
            log_p = log_softmax(local @ part + dense @ w.dense + w.bias + fixed)
            likelihood, target = partial_target(log_p, allowed[rows])
            total -= float(share[rows] @ likelihood)
            gap = (np.exp(log_p) - target) * (share[rows, None] / len(rows))
            speed = rate * (1 - step / steps)
            gradient = local.T @ gap + penalty * part
            seen[used] += np.square(gradient).mean(axis=1) * k
            w.sparse[used] = part - speed / np.sqrt(seen[used, None]) * gradient
            if n_dense:
                gradient = dense.T @ gap + penalty * w.dense
                seen_dense += np.square(gradient).sum(axis=1, keepdims=True)
                w.dense[...] -= speed / np.sqrt(seen_dense) * gradient
            w.bias[...] -= speed * gap.sum(axis=0)
            step += 1
        if progress is not None:
            progress(epoch, total / n)
    return w


def _active(rows: sparse.csr_matrix) -> tuple[NDArray[np.intp], sparse.csr_matrix]:
    """The features that a batch uses, and the batch over those alone: the rest need no work."""
    used, local = np.unique(rows.indices, return_inverse=True)
    small = sparse.csr_matrix((rows.data, local, rows.indptr), shape=(rows.shape[0], len(used)))
    return used, small


def scores(design: Design, weights: Weights) -> Floats:
    """Linear scores (n, k)."""
    out: Floats = design.sparse @ weights.sparse + design.dense @ weights.dense + weights.bias
    return out
