"""What every report page must pass in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install it")


def check_page(browser: Browser, path: Path, width: int) -> None:
    """No console errors, no network, no overflow, no tiny type, and axe finds nothing."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert said == []
    assert asked == [path.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    tiny = page.evaluate(
        "[...document.querySelectorAll('p,th,td,figcaption,li')]"
        ".filter(e => parseFloat(getComputedStyle(e).fontSize) < 12).length"
    )
    assert tiny == 0
    violations = axe.Axe().run(page).response["violations"]
    assert [(v["id"], len(v["nodes"])) for v in violations] == []
    page.close()
