"""Small schemes and made-up probabilities."""

import numpy as np

from coder.model.probabilities import Probabilities
from coder.schemes import Code, Scheme

TREE = {"A": ["A1", "A2", "A3"], "B": ["B1", "B2"], "C": []}


def tree() -> Scheme:
    """Two levels; C is a leaf of level 1."""
    codes = []
    for top, below in TREE.items():
        codes.append(Code(top, f"title {top}", 1, None))
        codes += [Code(code, f"title {code}", 2, top) for code in below]
    return Scheme("tree", "a small tree", codes)


def rows(*values: dict[str, float]) -> Probabilities:
    """One record per dict of leaf → probability."""
    scheme = tree()
    table = np.zeros((len(values), len(scheme.leaves)), np.float32)
    for i, row in enumerate(values):
        for code, p in row.items():
            table[i, scheme.leaves.index(code)] = p
    return Probabilities(scheme, scheme.leaves, table)


def sample(
    scheme: Scheme, n: int, seed: int, sharpness: float = 3.0
) -> tuple[Probabilities, list[str]]:
    """Calibrated probabilities and codes drawn from them."""
    rng = np.random.default_rng(seed)
    k = len(scheme.leaves)
    logits = rng.normal(size=(n, k))
    logits[np.arange(n), rng.integers(k, size=n)] += rng.gamma(2.0, sharpness, n)
    values = np.exp(logits - logits.max(1, keepdims=True))
    values /= values.sum(1, keepdims=True)
    draws = (rng.random((n, 1)) > np.cumsum(values, axis=1)).sum(1).clip(max=k - 1)
    p = Probabilities(scheme, scheme.leaves, values.astype(np.float32))
    return p, [scheme.leaves[i] for i in draws]
