"""Two sources side by side (paragraphs 25 and 26)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coder.errors import InputError
from coder.statistics.coverage import chapman, compare_sources, together
from coder.statistics.page_coverage import coverage_page
from tests.statistics.made import write_csv


def test_paragraph_25_chapman_by_hand() -> None:
    """200 and 150 cases, 50 on both: 201 × 151 / 51 - 1 = 594.12.

    Variance 201 × 151 × 150 × 100 / (51² × 52) = 3366.1; standard error 58.02.
    """
    found = chapman(200, 150, 50)
    assert found.total == pytest.approx(201 * 151 / 51 - 1)
    assert found.variance == pytest.approx(3366.1, abs=0.1)
    assert found.seen == 300
    # unseen 294.12, log-normal: exp(1.96 × sqrt(ln(1 + 3366.1 / 294.12²))) = 1.4668…
    factor = np.exp(1.959964 * np.sqrt(np.log(1 + 3366.1 / 294.1176**2)))
    assert found.low == pytest.approx(300 + 294.1176 / factor, abs=0.05)
    assert found.high == pytest.approx(300 + 294.1176 * factor, abs=0.05)


def test_lists_that_agree_leave_nothing_unseen() -> None:
    found = chapman(20, 20, 20)
    assert (found.total, found.low, found.high) == (20, 20, 20)
    with pytest.raises(ValueError, match="both lists"):
        chapman(3, 3, 4)


def test_the_interval_covers_a_known_number_of_cases() -> None:
    """400 cases, listed with 0.6 and 0.4 independently: 95 % of intervals hold 400."""
    rng = np.random.default_rng(8)
    held, totals = 0, []
    for _ in range(600):
        one, two = rng.random(400) < 0.6, rng.random(400) < 0.4
        found = chapman(int(one.sum()), int(two.sum()), int((one & two).sum()))
        held += found.low <= 400 <= found.high
        totals.append(found.total)
    assert np.mean(totals) == pytest.approx(400, rel=0.01)
    # 0.95 ± 3 × sqrt(0.95 × 0.05 / 600) = 0.923 to 0.977
    assert 0.92 <= held / 600 <= 0.98


def test_strata_take_out_what_differs_between_them() -> None:
    """Two groups, one listed with 0.9 by both, one with 0.2: together they look complete."""
    parts = [chapman(900, 900, 810), chapman(200, 200, 40)]
    pooled = chapman(1100, 1100, 850)
    assert together(parts).total == pytest.approx(2000, rel=0.02)
    assert pooled.total < 1450


def files(folder: Path) -> tuple[Path, Path]:
    a = [{"person": f"P{i}", "date": "2024-01-01", "sex": "fm"[i % 2]} for i in range(30)]
    b = [{"person": f"p{i} ", "date": "2024-01-01", "sex": "fm"[i % 2]} for i in range(10, 40)]
    for i, row in enumerate(a):
        row["injury-type_code"] = "1.1" if i % 3 else "2.1"
    for row in b:
        row["injury-type_code"] = "1.2"
    b.append({"person": "", "date": "2024-01-01", "sex": "f", "injury-type_code": "1.1"})
    return write_csv(folder / "a.csv", a), write_csv(folder / "b.csv", b)


def test_paragraph_26_sources_are_linked_and_their_codes_compared(tmp_path: Path) -> None:
    made = compare_sources(*files(tmp_path), ("person", "date"), ("sex",), ())
    total = made.coverage[-1]
    assert (total["first"], total["second"], total["both"]) == (30, 31, 20)
    assert [row["sex"] for row in made.coverage] == ["f", "m", "total"]
    assert sum(row["both"] for row in made.coverage[:2]) == 20  # type: ignore[misc]  # numbers
    assert made.metadata["without_key"] == {"a.csv": 0, "b.csv": 1}
    coverage = float(str(total["coverage_first"]))
    assert coverage == pytest.approx(30 / float(str(total["estimated_total"])))
    assert float(str(total["under_reporting_first"])) == pytest.approx(1 - coverage)
    first, second = made.agreement
    # linked 10…29: 12, 15, …, 27 are 2.1 in the first source, six of twenty
    assert (first["same"], first["compared"]) == (14, 20)
    assert second["same"] == 0
    assert made.differences[0] | {"n": 6, "first": "2", "second": "1"} == made.differences[0]
    assert "differ" in coverage_page(made).sections[1].title


def test_a_stratum_without_links_gives_a_lower_bound(tmp_path: Path) -> None:
    a = write_csv(tmp_path / "a.csv", [{"id": i, "sex": "f"} for i in range(9)])
    b = write_csv(tmp_path / "b.csv", [{"id": i, "sex": "fm"[i > 8]} for i in range(5, 20)])
    made = compare_sources(a, b, ("id",), ("sex",), ())
    notes = {str(row["sex"]): str(row["note"]) for row in made.coverage}
    assert "lower bound" in notes["m"]
    assert "lower bound" in notes["total"]
    assert notes["f"] == ""
    women, men, total = made.coverage
    assert men["estimated_total"] == 11
    assert total["estimated_total"] == pytest.approx(float(str(women["estimated_total"])) + 11)
    # 11 men are the least: neither they nor the sum have an upper end
    assert np.isnan(float(str(men["high"])))
    assert np.isnan(float(str(total["high"])))
    assert coverage_page(made).tiles[1].note.endswith("or more")


def test_a_key_twice_names_its_rows(tmp_path: Path) -> None:
    a = write_csv(tmp_path / "a.csv", [{"id": "1"}, {"id": "2"}, {"id": "1"}])
    with pytest.raises(InputError, match=r"a.csv row 4: the same id as row 2"):
        compare_sources(a, a, ("id",), (), ())
    with pytest.raises(InputError, match="has no column 'no'"):
        compare_sources(a, a, ("no",), (), ())
