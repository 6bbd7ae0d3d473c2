"""The pages of `coder stats` in a real browser, wide and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coder.figures.report import render
from coder.schemes import load_scheme
from coder.statistics.coverage import compare_sources
from coder.statistics.options import Columns, Disclosure, Options
from coder.statistics.page import build_page
from coder.statistics.page_coverage import coverage_page
from tests.pages import check_page
from tests.statistics.made import published, write_csv

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow  # a minute in all
YEARS = ("2022", "2023", "2024")


def made_cases(n: int = 400) -> list[dict[str, object]]:
    """Cases of three years with everything that a page can show."""
    rng = np.random.default_rng(4)
    activities = [c for c in load_scheme("isic-4").leaves if c[0] in "01234"]
    codes = ("1.1", "2.1", "3.2", "5", "8.05")
    return [
        {
            "period": YEARS[i * 3 // n],
            "sex": "fm"[int(rng.random() < 0.7)],
            "fatal": int(rng.random() < 0.05),
            "occupational": ("occupational", "commuting", "neither")[int(rng.random() * 1.2)],
            "country": "" if i % 50 else "SE",
            "days_lost": int(rng.gamma(1, 20)),
            "isic-4_code": str(rng.choice(activities)),
            "injury-type_code": codes[i % 5] if i % 6 else "",
            "injury-type_status": "auto" if i % 6 else "review",
            "injury-type_suggestions": f"{codes[i % 5]}:0.9|2.1:0.1"
            if i % 6
            else "1.1:0.6|3.2:0.4",
            "icse-93_code": "1",
        }
        for i in range(n)
    ]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("statistics")
    rows = made_cases()
    workers = [{"period": y, "sex": s, "hours": 2e6, "fte": 1200} for y in YEARS for s in "fm"]
    rates = published(
        folder,
        rows,
        workers,
        Options(
            tables=(("sex", "injury-type"), ("injury-type:2",), ("isic-4:2",), ()),
            columns=Columns(country="country"),
            characteristics=("isic-4:2",),
            area="NO",
            not_covered=("homeworkers",),
            draws=20,
        ),
    )
    hidden = published(
        folder,
        rows,
        options=Options(
            tables=(("injury-type", "sex"),),
            disclosure=Disclosure(threshold=3),
            undecided="spread",
            draws=20,
        ),
    )
    first = write_csv(folder / "insurance.csv", [{**r, "id": i} for i, r in enumerate(rows)])
    second = write_csv(
        folder / "survey.csv",
        [
            {**r, "id": i, "injury-type_code": "2.1" if i % 4 else "1.2"}
            for i, r in enumerate(rows)
            if i % 4
        ]
        + [{**rows[i], "id": 1000 + i} for i in range(60)],
    )
    both = compare_sources(first, second, ("id",), ("sex", "period"), ())
    reports = {
        "rates": build_page(rates, "Occupational injuries"),
        "hidden": build_page(hidden, "Occupational injuries, protected"),
        "coverage": coverage_page(both),
    }
    for name, report in reports.items():
        (folder / f"{name}.html").write_text(render(report), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in reports}


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["rates", "hidden", "coverage"])
def test_page_in_chromium(browser: Browser, pages: dict[str, Path], name: str, width: int) -> None:
    check_page(browser, pages[name], width)


@pytest.mark.parametrize("name", ["rates", "coverage"])
def test_a_printed_page_fits_the_paper(browser: Browser, pages: dict[str, Path], name: str) -> None:
    page = browser.new_page(viewport={"width": 680, "height": 960})  # 180 mm between the margins
    page.emulate_media(media="print")
    page.goto(pages[name].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    page.close()
