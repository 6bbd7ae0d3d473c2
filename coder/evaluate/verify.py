"""Quality control in production: which records to check by hand, and what the check says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from coder.errors import InputError
from coder.evaluate.read import parse_codes
from coder.evaluate.sets import right_at_own_level
from coder.evaluate.system import system_from
from coder.evaluate.tree import NONE, FloatArray, IntArray, Tree
from coder.figures.tables import Row, need, to_numbers
from coder.measures.intervals import wilson

STRATA = 5
LEAST_PER_STRATUM = 10
SHEET_COLUMNS = (
    "sample_row",
    "sample_scheme",
    "sample_code",
    "stratum",
    "stratum_size",
    "inclusion_probability",
    "weight",
    "verified_code",
)


def allocate(sizes: IntArray, spread: FloatArray, n: int) -> IntArray:
    """Records to draw per stratum: proportional to size × spread, at least ten where there are.

    `sizes` (h,) records per stratum, `spread` (h,) expected standard deviation of the error.
    Sums to min(n, sum(sizes)); never above a stratum's size.
    Source: Neyman (1934), J. R. Stat. Soc. 97:558-625.
    """
    n = min(n, int(sizes.sum()))
    least = np.minimum(sizes, min(LEAST_PER_STRATUM, n // len(sizes)))
    drawn = least.astype(np.int64)
    while drawn.sum() < n:
        room = sizes - drawn
        wish = np.where(room > 0, sizes * np.maximum(spread, 1e-6), 0.0)
        share = wish / wish.sum() * (n - drawn.sum())
        step = np.minimum(np.floor(share).astype(np.int64), room)
        if step.sum() == 0:  # only remainders are left: one each, largest first, ties in order
            order = np.lexsort((np.arange(len(sizes)), -share))
            step[[i for i in order if room[i] > 0][: n - int(drawn.sum())]] = 1
        drawn += step
    return drawn


def draw_sample(
    table: pa.Table, tree: Tree, file: str, n: int, design: str, seed: int
) -> tuple[pa.Table, IntArray, dict[str, list[object]]]:
    """Draw records of the automatic part to verify by hand.

    `design` "simple" draws all with the same probability; "stratified" cuts the automatic part
    into five bands of confidence of equal size and draws more where errors are expected.
    Returns the table, the drawn rows in file order, and the columns of SHEET_COLUMNS.
    Raises InputError when no record is automatic.
    """
    system = system_from(table, tree, "coded", file)
    frame = np.flatnonzero(system.automatic)
    if not len(frame):
        raise InputError(f"{file}: no record was coded automatically for {tree.name}", file=file)
    stratum, spread = _strata(system.confidence[frame], design)
    sizes = np.bincount(stratum)
    drawn = allocate(sizes, spread, n)
    rng = np.random.default_rng(seed)
    chosen = [
        rng.choice(np.flatnonzero(stratum == h), size=int(drawn[h]), replace=False)
        for h in range(len(sizes))
    ]
    picked = np.sort(np.concatenate(chosen))
    h = stratum[picked]
    probability = drawn[h] / sizes[h]
    sheet: dict[str, list[object]] = {
        "sample_row": list(range(1, len(picked) + 1)),
        "sample_scheme": [tree.name] * len(picked),
        "sample_code": [tree.label(int(c)) for c in system.code[frame[picked]]],
        "stratum": [int(v) + 1 for v in h],
        "stratum_size": [int(v) for v in sizes[h]],
        "inclusion_probability": [round(float(p), 8) for p in probability],
        "weight": [round(float(1 / p), 6) for p in probability],
        "verified_code": [""] * len(picked),
    }
    return table, frame[picked], sheet


def _strata(confidence: FloatArray, design: str) -> tuple[IntArray, FloatArray]:
    """Stratum per record and the expected spread of the error in each."""
    if design == "simple" or np.isnan(confidence).any():
        return np.zeros(len(confidence), dtype=np.int64), np.array([1.0])
    order = np.argsort(confidence, kind="stable")
    stratum = np.empty(len(confidence), dtype=np.int64)
    stratum[order] = np.arange(len(confidence)) * STRATA // len(confidence)
    stratum = np.unique(stratum, return_inverse=True)[1].reshape(-1)
    mean = np.bincount(stratum, weights=confidence) / np.bincount(stratum)
    # never trust the confidence fully: even a sure stratum may err once in a hundred
    risky = np.clip(mean, 0.01, 0.99)
    return stratum, np.sqrt(risky * (1 - risky))


@dataclass(frozen=True, slots=True)
class Estimate:
    """An error rate of the automatic part with its 95 % interval and what it rests on."""

    error: float
    low: float
    high: float
    verified: int
    not_judged: int
    not_verified: int
    population: int
    strata: list[Row]


def stratified_error(
    errors: Sequence[int], checked: Sequence[int], sizes: Sequence[int]
) -> tuple[float, float, float]:
    """Error rate of a population from a stratified sample: (estimate, low, high), in 0..1.

    Stratum h has `sizes[h]` records, of which `checked[h]` were verified and `errors[h]` were
    wrong. The variance carries the finite-population correction and uses (errors + 1/2) /
    (checked + 1), so that a stratum without an error still adds uncertainty; the interval is
    Wilson's with the effective number of records that this variance implies. Raises InputError
    for a stratum in which nothing was verified.
    Source: Cochran (1977), Sampling Techniques, §5.3; Korn and Graubard (1998), Surv. Methodol.
    """
    x, n, big = (np.asarray(v, dtype=np.float64) for v in (errors, checked, sizes))
    if (n < 1).any():
        empty = int(np.flatnonzero(n < 1)[0]) + 1
        raise InputError(f"no record of stratum {empty} was verified: verify at least one in each")
    part = big / big.sum()
    value = float((part * x / n).sum())
    careful = (x + 0.5) / (n + 1.0)
    left = np.maximum(1.0 - n / big, 0.0)
    variance = float((np.square(part) * left * careful * (1.0 - careful) / n).sum())
    if variance == 0.0:
        return value, value, value
    centre = float((part * careful).sum())
    low, high = wilson(value, centre * (1.0 - centre) / variance)
    return value, float(low), float(high)


def estimate(table: pa.Table, tree: Tree, file: str) -> Estimate:
    """Estimate the error rate of the automatic part from a verified sheet.

    Verified rows have a `verified_code` (several acceptable ones joined by "|"); a code is right
    when a verified code is it or lies below it. Rows whose verified code is too coarse to judge
    the given code are left out and counted. Raises InputError for a sheet without its columns,
    for verified codes that the scheme does not know, and when nothing was verified.
    """
    for name in SHEET_COLUMNS:
        need(table, name, file)
    given = parse_codes([table["sample_code"]], tree).sets.first()
    verified = parse_codes([table["verified_code"]], tree)
    if verified.unknown:
        codes = ", ".join(sorted(verified.unknown)[:5])
        raise InputError(f"{file}: verified codes that are not in {tree.name}: {codes}", file=file)
    right, judged = right_at_own_level(verified.sets, given, tree)
    filled = verified.sets.sizes() > 0
    if not judged.any():
        raise InputError(f"{file}: no row has a usable verified_code yet", file=file)
    stratum = to_numbers(table["stratum"], "stratum").astype(np.int64)
    size = to_numbers(table["stratum_size"], "stratum_size").astype(np.int64)
    numbers = np.unique(stratum)
    x = [int((judged & ~right & (stratum == h)).sum()) for h in numbers]
    n = [int((judged & (stratum == h)).sum()) for h in numbers]
    big = [int(size[stratum == h][0]) for h in numbers]
    error, low, high = stratified_error(x, n, big)
    rows: list[Row] = []
    for i, h in enumerate(numbers):
        bounds = wilson(x[i] / n[i], n[i])
        row: Row = {"stratum": int(h), "records": big[i], "verified": n[i], "wrong": x[i]}
        row |= {"error": x[i] / n[i], "low": float(bounds[0]), "high": float(bounds[1])}
        rows.append(row)
    return Estimate(
        error=error,
        low=low,
        high=high,
        verified=int(judged.sum()),
        not_judged=int((filled & ~judged & (given != NONE)).sum()),
        not_verified=int((~filled).sum()),
        population=sum(big),
        strata=rows,
    )
