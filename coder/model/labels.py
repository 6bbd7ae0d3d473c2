"""Labels at any level of a scheme, as sets of leaf codes: "one of these"."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from scipy import sparse

from coder.errors import SchemeError, TrainingError
from coder.schemes import Scheme

Label = frozenset[str]


def read_label(raw: str, scheme: Scheme, where: str) -> Label:
    """The codes of a cell; several acceptable ones are separated by "|".

    Raises TrainingError that names `where` (a row and column) for a code the scheme lacks.
    """
    try:
        codes = frozenset(scheme.normalise(part) for part in str(raw).split("|") if part.strip())
    except SchemeError as error:
        raise TrainingError(f"{where}: {error.message}", scheme=scheme.name) from error
    if not codes:
        raise TrainingError(f"{where}: no code", scheme=scheme.name)
    return codes


def leaves_of(label: Collection[str], scheme: Scheme) -> frozenset[str]:
    """The leaf codes that a label leaves open."""
    return frozenset(leaf for code in label for leaf in scheme.leaves_under(code))


def leaf_matrix(labels: Sequence[frozenset[str]], codes: Sequence[str]) -> sparse.csr_matrix:
    """(n, len(codes)) with 1 where the label's leaves hold the code; others are dropped."""
    column = {code: i for i, code in enumerate(codes)}
    rows = [sorted(column[leaf] for leaf in label if leaf in column) for label in labels]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    indices = np.array([i for row in rows for i in row], np.int64)
    data = np.ones(len(indices), np.float32)
    return sparse.csr_matrix((data, indices, indptr), shape=(len(rows), len(codes)))


def at_level(label: Label, scheme: Scheme, level: int) -> Label | None:
    """The label seen at `level`, or None when it is coarser than that level asks.

    A leaf that is itself coarser ("4" of injury-type) counts at every finer level.
    """
    seen = set()
    for code in label:
        entry = scheme[code]
        if entry.level < level and scheme.children(code):
            return None
        seen.add(scheme.ancestor(code, level))
    return frozenset(seen)
