"""Intervals against closed forms, totals under Hypothesis, and recovery of known truths."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.statistics.measures import (
    count_interval,
    days_interval,
    frequency_rate,
    median_error,
    normal_interval,
)
from coder.statistics.options import SPREAD, Options
from tests.statistics.made import figure, published, value


def test_count_interval_of_a_poisson_count_is_garwoods() -> None:
    # Garwood's table: 10 events, 4.795 to 18.391; none, 0 to 3.689
    low, high = count_interval([10.0, 0.0], [10.0, 0.0])
    assert low == pytest.approx([4.795, 0.0], abs=1e-3)
    assert high == pytest.approx([18.391, 3.689], abs=1e-3)


def test_more_variance_is_a_wider_interval() -> None:
    narrow, wide = count_interval(40.0, 40.0), count_interval(40.0, 90.0)
    assert wide[0] < narrow[0] < 40 < narrow[1] < wide[1]
    assert np.isnan(days_interval(0.0, 0.0)[1])


def test_normal_interval_does_not_go_below_nothing() -> None:
    assert [float(v) for v in normal_interval(1.0, 1.0)] == pytest.approx([0.0, 2.96], abs=1e-2)


def test_a_rate_without_a_denominator_is_undefined() -> None:
    assert np.isnan(frequency_rate(3.0, 0.0))
    assert np.isnan(frequency_rate(3.0, np.nan))


def test_median_error_is_right_for_a_known_distribution() -> None:
    """Uniform on 0 to 1, n = 400: the median's standard error is 1 / (2 sqrt(n)) = 0.025."""
    rng = np.random.default_rng(5)
    found = np.mean([median_error(rng.random(400)) for _ in range(300)])
    assert found == pytest.approx(0.025, rel=0.05)
    assert np.isnan(median_error(rng.random(5)))


ROW = st.fixed_dictionaries(
    {
        "sex": st.sampled_from(["f", "m", ""]),
        "injury-type_code": st.sampled_from(["1.1", "1", "2.3", "10", ""]),
        "injury-type_status": st.sampled_from(["auto", "review", "decided", "uncodable"]),
        "injury-type_suggestions": st.sampled_from(["1.1:0.6|2.3:0.3", "10:0.8|8.01:0.1", ""]),
        "fatal": st.sampled_from(["0", "1", ""]),
        "commuting": st.sampled_from(["0", "1"]),
        "days_lost": st.sampled_from(["", "0", "3", "12", "400"]),
        "persons_injured": st.sampled_from(["1", "2", ""]),
    }
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROW, min_size=1, max_size=25), st.sampled_from(["own-row", SPREAD]))
def test_every_total_is_the_files(rows: list[dict[str, str]], undecided: str) -> None:
    options = Options(
        tables=(("sex", "injury-type"), ("injury-type:2",)), undecided=undecided, draws=20
    )
    with tempfile.TemporaryDirectory() as folder:
        made = published(Path(folder), rows, options=options)
    cases = sum(int(row["persons_injured"] or 1) for row in rows)
    for table in made.tables:
        own = [row for row in table.rows if (row["outcome"], row["measure"]) == ("all", "cases")]
        totals = [row for row in own if all(row[d] == "total" for d in table.dimensions)]
        assert sum(row["value"] for row in totals) == pytest.approx(cases)
        for accident in ("work", "commuting"):
            inside = [
                row["value"]
                for row in own
                if row["accident"] == accident and "total" not in {row[d] for d in table.dimensions}
            ]
            total = [row["value"] for row in totals if row["accident"] == accident]
            assert sum(inside) == pytest.approx(sum(total))
        for row in table.rows:
            if row["measure"] == "cases" and row["outcome"] == "all":
                where = [r for r in table.rows if r["measure"] == "cases"]
                parts = [
                    r["value"]
                    for r in where
                    if r["outcome"] in ("fatal", "non-fatal")
                    and all(r[d] == row[d] for d in (*table.dimensions, "accident"))
                ]
                assert sum(parts) == pytest.approx(row["value"])
    inside = sum(
        row["value"]
        for row in made.tables[1].rows
        if row["measure"] == "cases" and row["outcome"] == "all" and row["injury-type:2"] != "total"
    )
    assert inside == pytest.approx(cases)


def simulated(rng: np.random.Generator, n: int) -> tuple[list[dict[str, object]], np.ndarray]:
    """Cases of four codes whose stated probabilities are the true ones; and the true codes."""
    codes = ["1.1", "2.1", "3.2", "6.1"]
    rows: list[dict[str, object]] = []
    truth = []
    for _ in range(n):
        p = rng.dirichlet([0.6, 0.3, 0.5, 0.2])
        truth.append(int(rng.choice(4, p=p)))
        order = np.argsort(-p)
        listed = "|".join(f"{codes[k]}:{p[k]:.6f}" for k in order)
        sure = p.max() > 0.9
        rows.append(
            {
                "injury-type_code": codes[order[0]] if sure else "",
                "injury-type_status": "auto" if sure else "review",
                "injury-type_suggestions": listed,
            }
        )
    return rows, np.array(truth)


def test_coding_error_covers_a_known_truth(tmp_path: Path) -> None:
    """With honest probabilities 95 % of true counts lie within ± 1.96 coding errors."""
    rng = np.random.default_rng(11)
    options = Options(tables=(("injury-type",),), undecided=SPREAD, draws=60, systematic=0.0)
    held = []
    for _ in range(30):
        rows, truth = simulated(rng, 120)
        made = published(tmp_path, rows, options=options)
        for k, code in enumerate(("1", "2", "3", "6")):
            row = figure(made, "cases", injury_of_type=code)
            gap = abs(float(str(row["value"])) - (truth == k).sum())
            held.append(gap <= 1.96 * float(str(row["se_coding"])))
    # 120 intervals, not quite independent: 0.95 - 3 × sqrt(0.95 × 0.05 / 120) = 0.89
    assert 0.89 <= np.mean(held) <= 1.0


def test_coding_error_is_the_closed_form(tmp_path: Path) -> None:
    """50 undecided records at 0.7: the count's coding error is sqrt(50 × 0.7 × 0.3) = 3.24."""
    row = {"injury-type_code": "", "injury-type_status": "review"}
    rows = [{**row, "injury-type_suggestions": "1.1:0.7|2.1:0.3"}] * 50
    options = Options(tables=(("injury-type",),), undecided=SPREAD, draws=800, systematic=0.0)
    found = figure(published(tmp_path, rows, options=options), "cases", injury_of_type="1")
    assert found["value"] == pytest.approx(35, abs=0.4)
    assert found["se_coding"] == pytest.approx(3.24, rel=0.1)
    assert found["se_sampling"] == pytest.approx(np.sqrt(35), rel=0.01)
    both = np.hypot(float(str(found["se_sampling"])), float(str(found["se_coding"])))
    assert found["se"] == pytest.approx(both)


def test_a_common_error_of_the_model_does_not_average_out(tmp_path: Path) -> None:
    row = {"injury-type_code": "", "injury-type_status": "review"}
    rows = [{**row, "injury-type_suggestions": "1.1:0.5|2.1:0.5"}] * 400
    error = {}
    for systematic in (0.0, 0.5):
        options = Options(
            tables=(("injury-type",),), undecided=SPREAD, draws=400, systematic=systematic
        )
        made = published(tmp_path, rows, options=options)
        error[systematic] = float(str(figure(made, "cases", injury_of_type="1")["se_coding"]))
    # independent: sqrt(400 × 0.25) = 10; common: about 400 × 0.25 × 0.5 × sqrt(2) = 71
    assert error[0.0] == pytest.approx(10, rel=0.15)
    assert 50 < error[0.5] < 90


def test_codes_that_people_gave_have_no_coding_error(tmp_path: Path) -> None:
    row = {"injury-type_code": "1.1", "injury-type_suggestions": "1.1:0.5|2.1:0.5"}
    options = Options(tables=(("injury-type",),))
    people = published(tmp_path, [{**row, "injury-type_status": "decided"}] * 9, options=options)
    assert figure(people, "cases", injury_of_type="1")["se_coding"] == 0.0
    machine = published(tmp_path, [{**row, "injury-type_status": "auto"}] * 9, options=options)
    assert float(str(figure(machine, "cases", injury_of_type="1")["se_coding"])) > 1.0


def test_without_suggestions_the_confidence_speaks(tmp_path: Path) -> None:
    row = {"injury-type_status": "auto", "injury-type_confidence": "0.8"}
    rows = [{**row, "injury-type_code": code} for code in ["1.1"] * 30 + ["2.1"] * 30]
    options = Options(tables=(("injury-type",),), draws=2000, systematic=0.0)
    made = published(tmp_path, rows, options=options)
    # each moves to the other code with 0.2: sd sqrt(60 × 0.2 × 0.8) = 3.10, mean shift 0
    found = figure(made, "cases", injury_of_type="1")
    assert found["value"] == 30
    assert found["se_coding"] == pytest.approx(3.10, rel=0.06)


def test_machine_codes_without_any_probability_have_no_stated_coding_error(tmp_path: Path) -> None:
    rows = [{"injury-type_status": "auto", "injury-type_code": "1.1"}] * 3
    made = published(tmp_path, rows, options=Options(tables=(("injury-type",),)))
    assert np.isnan(float(str(figure(made, "cases", injury_of_type="1")["se_coding"])))


def test_the_seed_decides(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    rows, _ = simulated(rng, 60)
    tables = (("injury-type",), ("injury-type", "injury-type:2"))

    def made(seed: int) -> list[float]:
        options = Options(tables=tables, undecided=SPREAD, draws=30, seed=seed)
        found = published(tmp_path, rows, options=options)
        return [value(found, "cases", injury_of_type=c) for c in ("1", "2", "3")]

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_the_same_figure_in_two_tables_is_the_same(tmp_path: Path) -> None:
    rows, _ = simulated(np.random.default_rng(3), 80)
    for i, row in enumerate(rows):
        row["sex"] = "fm"[i % 2]
    tables = (("injury-type",), ("injury-type", "sex"), ("injury-type:2",))
    made = published(tmp_path, rows, options=Options(tables=tables, undecided=SPREAD, draws=40))
    one, two, fine = (
        {
            tuple(row[d] for d in table.dimensions): row["value"]
            for row in table.rows
            if row["measure"] == "cases" and row["outcome"] == "all"
        }
        for table in made.tables
    )
    for (code,), count in one.items():
        assert two[code, "total"] == pytest.approx(count)
    assert fine["1.1",] == pytest.approx(one["1",])
