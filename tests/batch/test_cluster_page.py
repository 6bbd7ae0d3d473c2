"""The figures of docs/cluster.md are those of the committed results."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_census_plan_is_the_measured_one() -> None:
    page = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    result = json.loads((ROOT / "evaluation" / "results" / "census.json").read_text())
    assert f"{result['texts_per_second_and_worker']:.0f} distinct titles a second" in page
    for plan in result["plans"]:
        cells = (
            plan["repetition"],
            f"{plan['distinct_texts']:,}",
            str(plan["workers"]),
            f"{plan['hours']:.1f}",
            f"{plan['core_hours']:.0f}",
            f"{plan['usd']:.2f}",
        )
        assert f"| {' | '.join(cells)} |" in page
        assert abs(plan["hours"] - plan["hours_coding"] - plan["hours_files"]) < 0.011


def test_the_ratio_on_the_page_is_the_measured_one() -> None:
    page = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    result = json.loads((ROOT / "evaluation" / "results" / "cluster.json").read_text())
    ratio = result["job_title"]["ratio_two_to_one"]
    assert f"{ratio['median']} ({ratio['least']} to {ratio['most']})" in page
    assert result["job_title"]["same_bytes_as_without_cluster"]
