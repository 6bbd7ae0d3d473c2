"""Two sources of the same period side by side: coverage, under-reporting, differing codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from coder.errors import InputError, SchemeError
from coder.figures.tables import Row, read_table
from coder.measures.intervals import Z95, wilson
from coder.schemes import Scheme, load_scheme
from coder.statistics.cases import column

NOT_STATED = "not stated"
NOT_LINKED = "no linked case in a stratum: the estimate is a lower bound"


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many cases there are, from two lists: `total` with its 95 % interval.

    `first`, `second` and `both` are the cases of each list and on both; `variance` that of the
    estimate.
    """

    first: int
    second: int
    both: int
    total: float
    variance: float
    low: float
    high: float

    @property
    def seen(self) -> int:
        """Cases on at least one list."""
        return self.first + self.second - self.both


def chapman(first: int, second: int, both: int) -> Estimate:
    """The number of cases from two lists, of which `both` are on both; at least those seen.

    Assumes that being on one list does not change the chance of being on the other, that every
    case has the same chance on at least one of them, that links are right, and that both lists
    cover the same population and period. The interval is on the log scale of the unseen cases,
    so it never goes below those seen. Raises ValueError when `both` exceeds a list.

    Source: Chapman (1951), Univ. Calif. Publ. Stat. 1:131-160; variance Seber (1970), Biometrics
    26:13-22; interval Chao (1987), Biometrics 43:783-791.
    """
    if both > min(first, second):
        raise ValueError("more cases on both lists than on one")
    product = (first + 1) * (second + 1)
    total = product / (both + 1) - 1
    variance = product * (first - both) * (second - both) / ((both + 1) ** 2 * (both + 2))
    return _estimate(first, second, both, total, variance)


def _estimate(first: int, second: int, both: int, total: float, variance: float) -> Estimate:
    seen = first + second - both
    unseen = total - seen
    if unseen <= 0 or variance <= 0:
        return Estimate(first, second, both, float(max(total, seen)), variance, seen, total)
    factor = float(np.exp(Z95 * np.sqrt(np.log1p(variance / unseen**2))))
    low, high = seen + unseen / factor, seen + unseen * factor
    return Estimate(first, second, both, total, variance, low, high)


def together(parts: Sequence[Estimate]) -> Estimate:
    """The sum of estimates of strata: totals and variances add up.

    Strata take out what differs between them in the chance of being listed. A stratum without an
    upper end leaves the sum without one. Source: Sekar and Deming (1949), J. Am. Stat. Assoc.
    44:101-115.
    """
    first, second, both = (sum(getattr(p, n) for p in parts) for n in ("first", "second", "both"))
    total, variance = sum(p.total for p in parts), sum(p.variance for p in parts)
    found = _estimate(first, second, both, total, variance)
    return replace(found, high=np.nan) if any(np.isnan(p.high) for p in parts) else found


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two sources say together: one row per stratum, per scheme, per pair of codes."""

    coverage: list[Row]
    agreement: list[Row]
    differences: list[Row]
    metadata: Row


def compare_sources(
    first: Path, second: Path, keys: Sequence[str], strata: Sequence[str], codes: Sequence[str]
) -> Comparison:
    """Link two files on `keys` (equal but for case and blanks) and compare them.

    `codes` are `scheme` or `column=scheme`; by default every `<scheme>_code` column that both
    files have. Records without a full key cannot be linked: they count as being on one list
    only, and are counted. Raises InputError for a missing column or for a key that occurs twice
    in a file, naming the rows.
    """
    tables = (read_table(first), read_table(second))
    linked = [_keyed(t, keys, p.name) for t, p in zip(tables, (first, second), strict=True)]
    (one, blank_one), (two, blank_two) = linked
    pairs = [(row, two[key]) for key, row in one.items() if key in two]
    groups = [_groups(t, strata, p.name) for t, p in zip(tables, (first, second), strict=True)]
    coverage = _coverage(groups, pairs, (first.name, second.name), strata)
    agreement, differences = [], []
    for name, scheme in _schemes(tables, codes):
        cells = [column(t, name, p.name) for t, p in zip(tables, (first, second), strict=True)]
        row, unlike = _codes(name, scheme, [(cells[0][a], cells[1][b]) for a, b in pairs])
        agreement += row
        differences += unlike
    metadata: Row = {
        "first": first.name,
        "second": second.name,
        "keys": list(keys),
        "without_key": {first.name: blank_one, second.name: blank_two},
        "stratum_differs": sum(groups[0][a] != groups[1][b] for a, b in pairs),
        "assumptions": ASSUMPTIONS,
    }
    return Comparison(coverage, agreement, differences, metadata)


ASSUMPTIONS = (
    "Both sources cover the same population, period and definition of a case (paragraph 26).",
    "Links are right: a missed link adds to the estimate, a wrong one takes from it.",
    "Being in one source does not change the chance of being in the other; where sources feed "
    "each other the estimate is too low.",
    "Within a stratum every case has the same chance of being in at least one of the sources.",
    "A linked case is in the stratum that the first source gives.",
)


def _keyed(
    table: pa.Table, keys: Sequence[str], file: str
) -> tuple[dict[tuple[str, ...], int], int]:
    """Key → row, and how many rows lack a part of their key."""
    cells = [column(table, name, file) for name in keys]
    found: dict[tuple[str, ...], int] = {}
    blank = 0
    for i, values in enumerate(zip(*cells, strict=True)):
        key = tuple(value.casefold() for value in values)
        if not all(key):
            blank += 1
            continue
        if key in found:
            raise InputError(
                f"{file} row {i + 2}: the same {', '.join(keys)} as row {found[key] + 2}; give "
                "more keys, or keep one record per case",
                file=file,
                row=i + 2,
            )
        found[key] = i
    return found, blank


def _groups(table: pa.Table, strata: Sequence[str], file: str) -> list[tuple[str, ...]]:
    cells = [column(table, name, file) for name in strata]
    return [tuple(cell[i] or NOT_STATED for cell in cells) for i in range(table.num_rows)]


def _coverage(
    groups: Sequence[list[tuple[str, ...]]],
    pairs: Sequence[tuple[int, int]],
    files: tuple[str, str],
    strata: Sequence[str],
) -> list[Row]:
    """One row per stratum and one for all; a linked case is in the stratum of the first file."""
    second = list(groups[1])
    for a, b in pairs:
        second[b] = groups[0][a]
    counts = [Counter(groups[0]), Counter(second), Counter(groups[0][a] for a, _ in pairs)]
    names = sorted({*counts[0], *counts[1]})
    found = {name: _stratum(*(count[name] for count in counts)) for name in names}
    rows = [_row(found[name], files, strata, name) for name in names] if strata else []
    total = _row(together(list(found.values())), files, strata, ("total",) * len(strata))
    if not all(one.both for one in found.values()):
        total["note"] = NOT_LINKED
    return [*rows, total]


def _stratum(first: int, second: int, both: int) -> Estimate:
    """Chapman's estimate; without a linked case only the cases seen, which are a lower bound."""
    if both:
        return chapman(first, second, both)
    return Estimate(first, second, 0, float(first + second), 0.0, first + second, np.nan)


def _row(one: Estimate, files: tuple[str, str], strata: Sequence[str], name: Sequence[str]) -> Row:
    """Coverage is what a list holds of all cases; under-reporting is the rest."""
    row: Row = dict(zip(strata, name, strict=True))
    row |= {"first": one.first, "second": one.second, "both": one.both, "seen": one.seen}
    row |= {"estimated_total": one.total, "se": float(np.sqrt(one.variance))}
    row |= {"low": one.low, "high": one.high}
    for which, file, n in (("first", files[0], one.first), ("second", files[1], one.second)):
        row[f"coverage_{which}"] = n / one.total if one.total else np.nan
        row[f"coverage_{which}_low"] = n / one.high if one.high else np.nan
        row[f"coverage_{which}_high"] = n / one.low if one.low else np.nan
        row[f"under_reporting_{which}"] = 1 - n / one.total if one.total else np.nan
        row[f"file_{which}"] = file
    row["note"] = "" if one.both else NOT_LINKED
    return row


def _schemes(tables: tuple[pa.Table, pa.Table], codes: Sequence[str]) -> list[tuple[str, Scheme]]:
    """Column and scheme of every code to compare."""
    if codes:
        pairs = [code.partition("=") for code in codes]
        return [
            (name if equals else f"{name}_code", load_scheme(scheme if equals else name))
            for name, equals, scheme in pairs
        ]
    found = []
    for name in tables[0].column_names:
        if name.endswith("_code") and name in tables[1].column_names:
            try:
                found.append((name, load_scheme(name.removesuffix("_code"))))
            except SchemeError:
                continue  # a column that only looks like one of ours
    return found


def _codes(
    name: str, scheme: Scheme, pairs: Sequence[tuple[str, str]]
) -> tuple[list[Row], list[Row]]:
    """Agreement of the linked records per level, and where they differ most."""
    known = [(_path(scheme, a), _path(scheme, b)) for a, b in pairs]
    agreement: list[Row] = []
    differences: list[Row] = []
    for level in scheme.levels:
        both = [
            (a, b) for a, b in known if _reaches(scheme, a, level) and _reaches(scheme, b, level)
        ]
        at = [(a[min(level, len(a)) - 1], b[min(level, len(b)) - 1]) for a, b in both]
        same = sum(a == b for a, b in at)
        low, high = wilson(same / len(at), len(at)) if at else (np.nan, np.nan)
        agreement.append(
            {
                "column": name, "scheme": scheme.name, "level": level, "linked": len(pairs),
                "compared": len(at), "same": same,
                "share_same": same / len(at) if at else np.nan,
                "low": float(low), "high": float(high),
            }
        )  # fmt: skip
        unlike: Mapping[tuple[str, str], int] = Counter(pair for pair in at if pair[0] != pair[1])
        differences += [
            {
                "column": name, "scheme": scheme.name, "level": level, "first": a,
                "first_title": scheme[a].title, "second": b, "second_title": scheme[b].title,
                "n": n,
            }
            for (a, b), n in sorted(unlike.items(), key=lambda item: (-item[1], item[0]))
        ]  # fmt: skip
    return agreement, differences


def _path(scheme: Scheme, cell: str) -> tuple[str, ...]:
    """The code with those above it; nothing for a blank or unknown code."""
    if not cell:
        return ()
    try:
        return scheme.path(scheme.normalise(cell))
    except SchemeError:
        return ()


def _reaches(scheme: Scheme, path: tuple[str, ...], level: int) -> bool:
    """Whether the code says something at `level`: it is as fine, or has nothing below it."""
    return bool(path) and (len(path) >= level or not scheme.children(path[-1]))
