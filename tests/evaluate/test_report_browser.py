"""The report in a real browser: no console errors, no network, no overflow, axe finds nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coder.evaluate.case import Options
from coder.evaluate.change import compare_runs
from coder.evaluate.evaluate import evaluate
from coder.evaluate.page import build_report
from coder.evaluate.page_change import change_page, verified_page
from coder.evaluate.verify import Estimate
from coder.figures.report import Report, render
from coder.schemes import load_scheme
from tests.evaluate.fake import make_files
from tests.pages import check_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow  # half a minute in all


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    coded, gold = make_files(folder, load_scheme("body-part"), 400)
    options = Options(replicates=60, by=("region",), human=None)
    found = Estimate(0.1, 0.05, 0.2, 30, 1, 2, 300, [
        {"stratum": 1, "records": 300, "verified": 30, "wrong": 3, "error": 0.1,
         "low": 0.04, "high": 0.2}])  # fmt: skip
    reports: dict[str, Report] = {
        "report": build_report(*evaluate([coded, coded], gold, options)),
        "change": change_page(*compare_runs(coded, coded, options)),
        "verified": verified_page(
            found, "body-part", {"role": "verified", "file": "sheet.csv", "sha256": "0" * 64}
        ),
    }
    for name, report in reports.items():
        (folder / f"{name}.html").write_text(render(report), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in reports}


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["report", "change", "verified"])
def test_page_in_chromium(browser: Browser, pages: dict[str, Path], name: str, width: int) -> None:
    check_page(browser, pages[name], width)


def test_a_printed_page_fits_the_paper(browser: Browser, pages: dict[str, Path]) -> None:
    a4 = {"width": 680, "height": 960}  # 180 mm between the margins
    page = browser.new_page(viewport=a4)
    page.emulate_media(media="print")
    page.goto(pages["report"].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    page.close()


def test_wide_tables_can_be_scrolled_with_the_keyboard(
    browser: Browser, pages: dict[str, Path]
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto(pages["report"].as_uri())
    place = page.evaluate(
        "[...document.querySelectorAll('.scroll')]"
        ".findIndex(e => e.scrollWidth > e.clientWidth + 40)"
    )
    assert place >= 0
    wide = page.locator(".scroll").nth(place)
    wide.focus()
    before = wide.evaluate("e => e.scrollLeft")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "([e, old]) => e.scrollLeft > old", arg=[wide.element_handle(), before], timeout=5000
    )
    page.close()
