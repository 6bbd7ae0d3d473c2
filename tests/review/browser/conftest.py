"""A server in a thread and Debian's Chromium."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page

from coder.review.api.app import create_app
from coder.review.api.context import Context
from coder.review.store import Store
from tests.review.conftest import PASSWORD


@pytest.fixture
def served(lite: Store) -> Iterator[str]:
    """The address of a server on the empty SQLite store."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(Context(store=lite)), log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture
def desk(browser: Browser, served: str) -> Iterator[Callable[..., Page]]:
    """Open a page as a person, in a browser of their own: `desk("ann", width=390)`.

    A script error, a message in the console, or a request to elsewhere fails the test.
    """
    opened: list[BrowserContext] = []
    faults: list[str] = []

    def sign_in(name: str, width: int = 1280) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900})
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text))
        page.on("request", lambda r: faults.extend([] if r.url.startswith(served) else [r.url]))
        page.goto(f"{served}/login")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: not url.endswith("/login"))
        return page

    yield sign_in
    for context in opened:
        context.close()
    assert faults == []
