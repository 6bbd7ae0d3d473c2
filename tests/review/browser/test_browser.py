"""Clerks at work in a real browser, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # no types
from playwright.sync_api import Page, expect

from coder.review import ledger, queue
from coder.review.importing import import_folder
from coder.review.models import Decision, Item, User
from coder.review.queue import Filters
from coder.review.store import Store
from tests.review.conftest import Clock, configure, person
from tests.review.folders import FINGERS, HAND, plain_rows, write_folder

Desk = Callable[..., Page]
pytestmark = pytest.mark.slow


def shown_text(page: Page) -> str:
    return page.locator(".case dd").inner_text()


def press(page: Page, key: str) -> None:
    """Press a key that leads to another page, and wait for that page."""
    with page.expect_navigation():
        page.keyboard.press(key)


@pytest.fixture
def filled(lite: Store, tmp_path: Path) -> Store:
    return fill(lite, tmp_path)


def fill(lite: Store, tmp_path: Path) -> Store:
    """Thirty records in the queue, and a person of every role."""
    import_folder(lite, write_folder(tmp_path / "out", plain_rows(30)))
    for name, role in (("ann", "clerk"), ("bob", "clerk"), ("judge", "adjudicator")):
        person(lite, name, role)
    person(lite, "boss", "supervisor")
    return lite


def test_a_morning_by_keyboard_alone(filled: Store, desk: Desk, clock: Clock) -> None:
    page = desk("ann")
    expect(page.locator("mark").first).to_have_text("hand")
    for number in range(20):
        press(page, "1" if number % 2 else "2")
    with filled.read() as session:
        codes = session.scalars(sa.select(Decision.code).order_by(Decision.id)).all()
    assert list(codes) == [FINGERS, HAND] * 10

    text = shown_text(page)
    press(page, "u")  # the last decision comes back, and is decided otherwise
    assert shown_text(page) != text
    page.keyboard.press("c")
    expect(page.locator("#cannot-box")).to_be_visible()
    press(page, "2")
    assert shown_text(page) == text
    with filled.read() as session:
        last = session.scalars(sa.select(Decision).order_by(Decision.id.desc()).limit(1)).one()
        assert (last.verdict, last.reason) == ("cannot", "unreadable")

    page.keyboard.press("f")  # find a code by a misspelt word
    page.keyboard.type("sholder")
    expect(page.locator("#found button").first).to_contain_text("Shoulder")
    page.keyboard.press("Enter")
    press(page, "Enter")
    page.keyboard.press("t")  # down the tree: head, then its first part
    expect(page.locator("#tree .codes button").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#tree .main")).to_be_visible()
    expect(page.locator("#tree .codes button").first).to_be_focused()
    press(page, "Enter")
    page.keyboard.press("n")  # a note travels with the decision; digits in it decide nothing
    page.keyboard.type("page 12 of the file")
    page.keyboard.press("Escape")
    press(page, "1")
    page.keyboard.press("s")
    press(page, "1")
    press(page, "r")
    with filled.read() as session:
        codes = session.scalars(
            sa.select(Decision.code).order_by(Decision.id.desc()).limit(3)
        ).all()
        assert list(codes) == [HAND, "1.1", "5.1"]
        ledger.verify(session)
        assert ledger.verify(session).notes == 1


def test_a_record_taken_by_another_is_told_and_not_overwritten(
    filled: Store, desk: Desk, clock: Clock
) -> None:
    page = desk("ann")
    text = shown_text(page)
    clock.pass_(16)
    other = desk("bob")
    assert shown_text(other) == text
    press(page, "1")
    expect(page.get_by_role("alert")).to_contain_text("not yours any more")
    press(other, "2")
    with filled.read() as session:
        item = session.scalars(sa.select(Item).where(Item.state == "decided")).one()
    assert (item.final_code, item.text) == (FINGERS, {"narrative": text})


def test_a_dispute_is_settled_and_the_supervisor_sees_the_agreement(
    lite: Store, desk: Desk, tmp_path: Path
) -> None:
    configure(lite, double_share=1.0)
    fill(lite, tmp_path)
    ann, bob = desk("ann"), desk("bob")
    text = shown_text(ann)
    assert shown_text(bob) == text
    assert bob.locator(".others").count() == 0
    press(ann, "1")
    press(bob, "2")
    for _ in range(3):
        press(ann, "1")
        press(bob, "1")
    judge = desk("judge")
    assert shown_text(judge) == text
    others = judge.locator(".others")
    expect(others).to_contain_text(f"{HAND} Hand")
    expect(others).to_contain_text(FINGERS)
    keys = judge.locator(".candidates .number").all_inner_texts()
    assert keys[:2] == [HAND, FINGERS]  # what the two chose comes first
    press(judge, "1")
    boss = desk("boss")
    boss.goto(boss.url.replace("/work", "/office"))
    row = boss.locator("section", has_text="Krippendorff").locator("tr", has_text="All").last
    expect(row).to_contain_text("0.75 [0.30, 0.95]")


def test_by_touch_and_with_a_filter(filled: Store, desk: Desk) -> None:
    page = desk("ann", width=390)
    page.locator("#filter-major").select_option("5")
    with page.expect_navigation():
        page.get_by_role("button", name="Apply").click()
    assert "major=5" in page.url
    with page.expect_navigation():
        page.locator(".candidates button").first.click()
    assert "major=5" in page.url


def test_the_keys_work_on_an_arabic_keyboard(filled: Store, desk: Desk) -> None:
    page = desk("ann")
    page.locator("#language").select_option("ar")
    with page.expect_navigation():
        page.locator(".language button").click()
    assert page.evaluate("document.documentElement.dir") == "rtl"
    with page.expect_navigation():
        page.evaluate(
            "document.body.dispatchEvent(new KeyboardEvent("
            "'keydown', {key: '١', code: 'Digit1', bubbles: true}))"
        )
    with filled.read() as session:
        assert session.scalars(sa.select(Decision.code)).one() == HAND


def test_single_keys_can_be_switched_off(filled: Store, desk: Desk) -> None:
    page = desk("ann")
    page.keyboard.press("?")
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.wait_for_timeout(300)
    with filled.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Decision)) == 0


def test_enter_in_a_field_decides_nothing(filled: Store, desk: Desk) -> None:
    page = desk("ann")
    page.locator("#find").focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    with filled.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Decision)) == 0


def test_everything_can_be_reached_by_tab(filled: Store, desk: Desk) -> None:
    page = desk("ann")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
    wanted = page.evaluate(
        "[...document.querySelectorAll('button:not([disabled]), select, textarea, a, input')]"
        ".filter(e => e.checkVisibility() && e.type !== 'hidden')"
        ".map(e => e.outerHTML.slice(0, 200))"
    )
    assert set(wanted) <= reached


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_no_serious_fault_and_nothing_sticks_out(
    filled: Store, desk: Desk, width: int
) -> None:
    configure(filled, double_share=0.0)
    ann = session_user(filled, "ann")
    for _ in range(3):
        with filled.write() as session:
            held = queue.take(filled, session, ann, Filters())
            assert held is not None
            queue.decide(filled, session, ann, held.turn.id, code=HAND)
    page = desk("boss", width=width)
    page.wait_for_selector("#similar li")
    page.keyboard.press("t")
    page.wait_for_selector("#tree .codes")
    check(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    check(page)
    page.goto(page.url.replace("/work", "/office"))
    check(page)
    page.locator("#language").select_option("ar")
    with page.expect_navigation():
        page.locator(".language button").click()
    check(page)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    page.context.clear_cookies()
    page.goto(page.url.replace("/work", "/login"))
    check(page)


def session_user(store: Store, name: str) -> User:
    with store.read() as session:
        return session.scalars(sa.select(User).where(User.name == name)).one()


def check(page: Page) -> None:
    faults = [
        (v["id"], [n["target"] for n in v["nodes"]])
        for v in Axe().run(page).response["violations"]
        if v["impact"] in {"serious", "critical"}
    ]
    assert faults == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
