"""Suppressed cells cannot be worked out from what is published (paragraph 23).

The reader's attack is written here a second time, from the published CSV alone: every sum that a
reader can see becomes an equation, and linear programming bounds each suppressed figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from coder.errors import InputError
from coder.figures.tables import Row
from coder.statistics.options import Disclosure, Options
from coder.statistics.run import Publication
from coder.statistics.suppress import System, feasible, protect
from tests.statistics.made import figure, published

NESTED = (("temporary incapacity", "non-fatal"), ("fatal", "permanent or fatal"))
Key = tuple[str, tuple[tuple[str, str], ...]]  # outcome, values that are not totals


def read_published(made: Publication, measure: str) -> dict[Key, float | None]:
    """What a reader sees: figures by outcome and values, None where suppressed."""
    found: dict[Key, float | None] = {}
    for table in made.tables:
        for row in table.rows:
            if row["measure"] != measure:
                continue
            key = _key(row, table.dimensions)
            value = row["value"]
            assert value is None or isinstance(value, float)
            assert found.setdefault(key, value) == value, "one figure, published in two ways"
    return found


def _key(row: Row, dimensions: Sequence[str]) -> Key:
    return str(row["outcome"]), tuple(
        sorted((d, str(row[d])) for d in dimensions if row[d] != "total")
    )


def attack(
    made: Publication, measure: str, outcomes: Mapping[str, tuple[str, ...]]
) -> dict[Key, tuple[float, float]]:
    """The interval of every suppressed figure, from the published ones and what adds up."""
    seen = read_published(made, measure)
    number = {key: i for i, key in enumerate(seen)}
    lines: list[dict[int, float]] = []
    for table in made.tables:
        for outcome, own in {_key(row, table.dimensions) for row in table.rows}:
            if (outcome, own) not in number:
                continue
            for name in set(table.dimensions) - {d for d, _ in own}:
                values = {str(row[name]) for row in table.rows} - {"total"}
                parts = [(outcome, tuple(sorted((*own, (name, v))))) for v in values]
                if all(part in number for part in parts):
                    whole = {number[outcome, own]: 1.0}
                    lines.append(whole | {number[part]: -1.0 for part in parts})
    for whole_outcome, parts_of in outcomes.items():
        for outcome, own in seen:
            if outcome == whole_outcome and all((part, own) in number for part in parts_of):
                whole = {number[outcome, own]: 1.0}
                lines.append(whole | {number[part, own]: -1.0 for part in parts_of})
    matrix = _matrix(lines, len(seen))
    # cases with absence are among the non-fatal ones, fatal ones among the permanent or fatal
    nested = [
        {number[part, own]: 1.0, number[whole, own]: -1.0}
        for part, whole in NESTED
        for outcome, own in seen
        if outcome == part and (whole, own) in number
    ]
    more = _matrix(nested, len(seen)) if nested else None
    limit = np.zeros(len(nested)) if nested else None
    bounds = [(0, None) if value is None else (value, value) for value in seen.values()]
    found = {}
    for key, value in seen.items():
        if value is None:
            ends = []
            for direction in (1, -1):
                goal = np.zeros(len(seen))
                goal[number[key]] = direction
                answer = linprog(goal, more, limit, matrix, np.zeros(len(lines)), bounds)
                assert answer.status in (0, 3), answer.message
                ends.append(direction * answer.fun if answer.status == 0 else -np.inf * direction)
            found[key] = (ends[0], ends[1])
    return found


def _matrix(lines: Sequence[Mapping[int, float]], width: int) -> csr_matrix:
    entries = [(i, j, v) for i, line in enumerate(lines) for j, v in line.items()]
    row, column, sign = zip(*entries, strict=True)
    return csr_matrix((sign, (row, column)), (len(lines), width))


def cells(seed: int, shape: tuple[int, int], mean: float) -> list[dict[str, object]]:
    """Cases of a random two-way table with many small cells."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.gamma(0.6, mean / 0.6, shape))
    rows: list[dict[str, object]] = []
    for (i, j), n in np.ndenumerate(counts):
        for _ in range(n):
            fatal = int(rng.random() < 0.15)
            row: dict[str, object] = {"a": f"a{i}", "b": f"b{j}", "fatal": fatal}
            row |= {"days_lost": int(rng.geometric(0.1)) - 1, "firm": f"f{rng.integers(6)}"}
            rows.append(row)
    return rows or [{"a": "a0", "b": "b0", "fatal": 0, "days_lost": 1, "firm": "f0"}]


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))]
)
def test_linear_programming_does_not_give_small_cells_back(tmp_path: Path, seed: int) -> None:
    threshold = 4
    rows = cells(seed, (3, 4), 6.0)
    tables = (("a", "b"), ("b",), ())
    plain = published(tmp_path, rows, options=Options(tables=tables))
    options = Options(tables=tables, disclosure=Disclosure(threshold=threshold))
    made = published(tmp_path, rows, options=options)
    truth = read_published(plain, "cases")
    small = {key for key, value in truth.items() if value and 0 < value < threshold}
    bounds = attack(made, "cases", {"all": ("fatal", "non-fatal")})
    assert small
    assert small <= set(bounds)
    for key in small:
        low, high = bounds[key]
        assert low <= truth[key] <= high
        assert high - low >= threshold - 1e-6, (key, low, high)
    days = attack(made, "days_lost", {})
    lost = read_published(plain, "days_lost")
    for key, (low, high) in days.items():
        few = key in small and (lost[key] or 0) > 0
        if few:
            assert high - low >= max(0.2 * (lost[key] or 0), 1.0) - 1e-6, (key, low, high)


def test_primary_suppression_alone_would_be_undone(tmp_path: Path) -> None:
    """The attack does find cells where only the small ones are taken out: it can fail."""
    rows = cells(3, (4, 5), 6.0)
    made = published(tmp_path, rows, options=Options(tables=(("a", "b"),)))
    for row in made.tables[0].rows:
        if row["measure"] == "cases" and row["value"] and 0 < row["value"] < 4:  # type: ignore[operator]  # a float
            row["value"] = None
    bounds = attack(made, "cases", {"all": ("fatal", "non-fatal")})
    assert any(high - low < 1e-6 for low, high in bounds.values())


def test_codes_of_two_levels_do_not_give_each_other_back(tmp_path: Path) -> None:
    codes = ["1.1"] * 9 + ["1.2"] * 2 + ["2.1"] * 8 + ["2.2"] * 7 + ["4"] * 6
    rows = [{"injury-type_code": code} for code in codes]
    tables = (("injury-type:1",), ("injury-type:2",))
    made = published(tmp_path, rows, options=Options(tables=tables, disclosure=Disclosure(3)))
    coarse, fine = made.tables
    gone = [row["injury-type:2"] for row in fine.rows if row["status"] == "Q"]
    assert "1.2" in gone
    # 1.1 and the parent cannot both stand, nor can all the others and the total
    parent = next(row for row in coarse.rows if row["injury-type:1"] == "1")
    assert "1.1" in gone or parent["status"] == "Q"
    assert len(gone) >= 2


def test_all_measures_of_a_suppressed_cell_are_gone(tmp_path: Path) -> None:
    rows = [{"a": "x", "days_lost": 3}] * 2 + [{"a": "y", "days_lost": 5}] * 9
    workers = [{"a": "x", "hours": 1000}, {"a": "y", "hours": 1000}]
    options = Options(tables=(("a",),), disclosure=Disclosure(threshold=3))
    made = published(tmp_path, rows, workers, options)
    for row in made.tables[0].rows:
        if row["a"] == "x":
            assert row["status"] == "Q"
            assert {row[n] for n in ("value", "se", "low", "high", "se_coding")} == {None}


def test_metadata_do_not_give_counts_back(tmp_path: Path) -> None:
    rows = [{"injury-type_code": "1.1", "days_lost": 400}] * 2
    options = Options(tables=(("injury-type",),), disclosure=Disclosure(threshold=3))
    made = published(tmp_path, rows, options=options)
    assert {row["status"] for row in made.tables[0].rows} == {"Q"}
    assert all(isinstance(known, bool) for known in made.metadata["file"].values())  # type: ignore[attr-defined]  # a dict
    assert made.metadata["coding"][0]["records"] is None  # type: ignore[index]  # a list
    assert not any("2 " in line for line in made.metadata["divergences"])  # type: ignore[attr-defined]  # a list


def test_few_units_and_dominance(tmp_path: Path) -> None:
    rows = [{"a": "x", "firm": "one", "days_lost": 1}] * 20
    rows += [{"a": "x", "firm": "two", "days_lost": 1}] * 2
    rows += [{"a": "y", "firm": f"f{i % 7}", "days_lost": 2} for i in range(28)]
    rows += [{"a": "z", "firm": f"g{i % 9}", "days_lost": 2} for i in range(27)]
    for rule in (
        Disclosure(minimum_units=3),
        Disclosure(dominance=(1, 85.0)),
        Disclosure(p_percent=20.0),
    ):
        options = Options(tables=(("a",),), unit="firm", disclosure=rule)
        made = published(tmp_path, rows, options=options)
        assert figure(made, "cases", a="x")["status"] == "Q", rule
        gone = [r["a"] for r in made.tables[0].rows if r["status"] == "Q"]
        assert len(set(gone)) >= 2, "one suppressed cell alone is total minus the others"
    with pytest.raises(InputError, match="--unit"):
        published(tmp_path, rows, options=Options(disclosure=Disclosure(p_percent=10)))


def test_nothing_is_suppressed_without_need(tmp_path: Path) -> None:
    rows = [{"a": a} for a in "xxxxxyyyyyyzzzzzzz"]
    made = published(
        tmp_path, rows, options=Options(tables=(("a",),), disclosure=Disclosure(threshold=3))
    )
    assert not [row for row in made.tables[0].rows if row["status"] == "Q"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=4), min_size=3, max_size=4).filter(
        lambda rows: len({len(row) for row in rows}) == 1
    )
)
def test_every_primary_cell_keeps_its_width(table: list[list[int]]) -> None:
    inner = np.array(table, float)
    full = np.block(
        [[inner, inner.sum(1, keepdims=True)], [inner.sum(0, keepdims=True), inner.sum()]]
    )
    r, c = full.shape
    number = np.arange(r * c).reshape(r, c)
    lines = [*(number[i] for i in range(r)), *(number[:, j] for j in range(c))]
    matrix = np.zeros((len(lines), r * c))
    for i, line in enumerate(lines):
        matrix[i, line[:-1]], matrix[i, line[-1]] = 1.0, -1.0
    value = full.ravel()
    system = System(value, csr_matrix(matrix), np.zeros(r * c, bool))
    primary = [int(i) for i in np.flatnonzero((value > 0) & (value < 3))]
    width = np.full(r * c, 3.0)
    gone = protect(system, primary, width, np.zeros(r * c, bool))
    assert gone[primary].all()
    for cell in primary:
        low, high = feasible(system, gone, cell)
        assert low <= value[cell] <= high
        assert high - low >= 3 - 1e-6
    if not primary:
        assert not gone.any()
