"""The pages without a browser: strings, forms, roles, what is shown to whom."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from coder.review import ledger, queue, users
from coder.review.api.app import create_app
from coder.review.api.context import Context
from coder.review.importing import import_folder
from coder.review.page import render
from coder.review.page.strings import catalogue
from coder.review.store import SETTINGS, Store
from tests.review.conftest import PASSWORD, configure, person
from tests.review.folders import HAND, auto, plain_rows, write_folder

PAGES = Path(render.__file__).parent


@pytest.fixture
def desk(lite: Store, tmp_path: Path) -> Iterator[tuple[Store, TestClient]]:
    import_folder(lite, write_folder(tmp_path / "out", plain_rows()))
    for name, role in (("ann", "clerk"), ("boss", "supervisor"), ("rita", "reader")):
        person(lite, name, role)
    with TestClient(create_app(Context(store=lite)), base_url="http://desk") as client:
        yield lite, client


def sign_in(client: TestClient, name: str, password: str = PASSWORD) -> str:
    answer = client.post("/login", data={"name": name, "password": password})
    return answer.text


def field(html: str, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]*)"', html)
    assert found is not None
    return found[1]


def test_every_string_in_every_language() -> None:
    strings = catalogue()
    for language, texts in strings.items():
        assert set(texts) == set(strings["en"])
        for key, text in texts.items():
            assert text.strip(), (language, key)
            places = [
                {p[1] for p in string.Formatter().parse(t) if p[1]}
                for t in (text, strings["en"][key])
            ]
            assert places[0] == places[1], (language, key)


def test_strings_and_templates_agree() -> None:
    texts = "".join(p.read_text(encoding="utf-8") for p in (PAGES / "templates").glob("*.html"))
    code = "".join(p.read_text(encoding="utf-8") for p in PAGES.glob("*.py"))
    used = set(re.findall(r"""\bt\(["']([a-z_]+)["'][,)]""", texts + code))
    for prefix, ends in (
        ("cannot_", queue.CANNOT),
        ("skip_", queue.SKIP),
        ("role_", users.ROLES),
        ("set_", SETTINGS),
    ):
        used |= {prefix + end for end in ends}
    problems = {key for key in catalogue()["en"] if key.startswith("problem_")}
    assert used | problems | {"language_name"} == set(catalogue()["en"])


def test_nothing_is_asked_from_outside_and_nothing_is_inline() -> None:
    for path in [*(PAGES / "templates").glob("*"), *(PAGES / "static").glob("*.[cj]s*")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"""(src|href|action|url\()=?["'(]?\s*(https?:)?//""", text), path
        assert not re.search(r"\son[a-z]+=|\sstyle=|<style|<script>|javascript:", text), path


def test_sign_in_work_decide_undo(desk: tuple[Store, TestClient]) -> None:
    _, client = desk
    html = sign_in(client, "ann")
    assert "caught <mark>hand</mark> in the press" in html
    form = {"csrf": field(html, "csrf"), "turn": field(html, "turn"), "code": HAND}
    html = client.post("/work/decide", data=form).text
    assert "caught" not in html
    html = client.post("/work/undo", data={"csrf": form["csrf"]}).text
    assert "caught <mark>hand</mark> in the press" in html


def test_without_a_session_there_is_only_the_sign_in_page(desk: tuple[Store, TestClient]) -> None:
    _, client = desk
    for path in ("/", "/work", "/office"):
        answer = client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_a_wrong_password_says_so_and_locks_after_five(desk: tuple[Store, TestClient]) -> None:
    _, client = desk
    for _ in range(5):
        assert "name or the password" in sign_in(client, "ann", "wrong wrong wrong")
    assert "Too many attempts" in sign_in(client, "ann")


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [("ann", "/office", 403), ("rita", "/work", 403), ("rita", "/office", 200)],
)
def test_roles_see_their_pages(
    desk: tuple[Store, TestClient], name: str, path: str, status: int
) -> None:
    _, client = desk
    sign_in(client, name)
    assert client.get(path).status_code == status


def test_forms_need_the_token_and_our_own_origin(desk: tuple[Store, TestClient]) -> None:
    store, client = desk
    html = sign_in(client, "ann")
    form = {"csrf": field(html, "csrf"), "turn": field(html, "turn"), "code": HAND}
    assert client.post("/work/decide", data=form | {"csrf": "x"}).status_code == 403
    for headers in (
        {"origin": "http://evil"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    ):
        assert client.post("/work/decide", data=form, headers=headers).status_code == 403
    assert client.post("/login", data={}, headers={"origin": "http://evil"}).status_code == 403
    with store.read() as session:
        assert queue.live_decisions(session, 1) == []
    assert client.post("/work/decide", data=form).status_code == 200


def test_only_supervisors_change_settings(desk: tuple[Store, TestClient]) -> None:
    _, client = desk
    csrf = field(sign_in(client, "rita"), "csrf")
    assert client.post("/office/settings", data={"csrf": csrf}).status_code == 403
    client.cookies.clear()
    csrf = field(sign_in(client, "boss"), "csrf")
    html = client.post("/office/settings", data={"csrf": csrf, "double_share": "0.25"}).text
    html = client.get("/office").text
    assert 'name="double_share" inputmode="decimal" value="0.25"' in html
    html = client.post("/office/settings", data={"csrf": csrf, "double_share": "7"}).text
    assert 'role="alert"' in html


def test_a_lost_lease_is_told(desk: tuple[Store, TestClient], clock: object) -> None:
    store, client = desk
    html = sign_in(client, "ann")
    form = {"csrf": field(html, "csrf"), "turn": field(html, "turn"), "code": HAND}
    clock.pass_(20)  # type: ignore[attr-defined]
    boss = person(store, "second", "clerk")
    with store.write() as session:
        queue.take(store, session, boss)
    assert "not yours any more" in client.post("/work/decide", data=form).text


def test_hostile_text_stays_text(lite: Store, tmp_path: Path) -> None:
    rows = plain_rows(1)
    rows[0][0]["narrative"] = "<script>alert(1)</script> \"><img src=x> hand {{ 7*7 }} '; --"
    import_folder(lite, write_folder(tmp_path / "<b>out", rows))
    person(lite, "ann")
    with TestClient(create_app(Context(store=lite))) as client:
        html = sign_in(client, "ann")
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "<b>out" not in html
    assert "{{ 7*7 }}" in html


def test_a_sampled_automatic_code_looks_like_any_other(lite: Store, tmp_path: Path) -> None:
    configure(lite, sample_share=1.0)
    rows = [({"id": "a", "narrative": "hand hurt"}, auto(HAND, 0.6)), plain_rows(1)[0]]
    import_folder(lite, write_folder(tmp_path / "out", rows))
    person(lite, "ann")
    with TestClient(create_app(Context(store=lite))) as client:
        html = sign_in(client, "ann")
        pages = []
        for _ in range(2):
            pages.append(html)
            form = {"csrf": field(html, "csrf"), "turn": field(html, "turn"), "code": HAND}
            html = client.post("/work/decide", data=form).text
    shapes = [re.sub(r"[\d.]+|hand hurt|caught|in the press", "", p) for p in pages]
    for word in ("two codes close", "sample", "auto"):
        assert all(
            word not in p.replace("autocomplete", "").replace('dir="auto"', "") for p in shapes
        )


def test_arabic_runs_from_right_to_left_and_is_kept(desk: tuple[Store, TestClient]) -> None:
    _, client = desk
    sign_in(client, "ann")
    html = client.post("/language", data={"language": "ar"}).text
    assert '<html lang="ar" dir="rtl">' in html
    client.cookies.clear()
    assert '<html lang="ar" dir="rtl">' in sign_in(client, "ann")


def test_the_browser_language_is_the_first_choice(desk: tuple[Store, TestClient]) -> None:
    _, client = desk
    headers = {"accept-language": "de, pt-BR;q=0.8"}
    assert '<html lang="pt"' in client.get("/login", headers=headers).text


def test_static_files_do_not_lead_out(desk: tuple[Store, TestClient]) -> None:
    _, client = desk
    assert client.get("/static/page.css").status_code == 200
    for path in ("/static/../strings.csv", "/static/%2e%2e/strings.csv", "/static//etc/passwd"):
        assert client.get(path).status_code == 404


HOSTILE = (
    "'; DROP TABLE items; --",
    "\x00",
    "{{7*7}}",
    "<script>",
    "../../etc/passwd",
    "\u202e",
    "%00",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_fields_break_nothing(store: Store, tmp_path: Path, text: str) -> None:
    rows = plain_rows(3)
    rows[0][0]["id"] = rows[0][0]["narrative"] = f"hand {text}"
    import_folder(store, write_folder(tmp_path / "out", rows))
    person(store, "ann")
    with TestClient(create_app(Context(store=store))) as client:
        assert client.post("/login", data={"name": text, "password": text}).status_code == 200
        html = sign_in(client, "ann")
        form = {"csrf": field(html, "csrf"), "turn": field(html, "turn")}
        for what in ("search", "tree", "similar", "keep"):
            data = form | {"scheme": "body-part", "query": text, "at": text}
            assert client.post(f"/ask/{what}", data=data).status_code in {200, 204, 404}
        for verb in ("decide", "skip", "return", quote(text, safe="")):
            data = form | {"code": text, "reason": text, "cannot": text, "note": text, "turn": text}
            assert client.post(f"/work/{verb}", data=data).status_code in {200, 404, 405}
        params = {"source": text, "major": text, "problem": text}
        answer = client.get("/work", params=params)
        assert answer.status_code in {200, 422}
        assert "<script>" not in answer.text.replace(
            '<script src="/static/page.js" defer></script>', ""
        )
        data = form | {"code": HAND, "note": text}
        assert client.post("/work/decide", data=data).status_code == 200
    with store.read() as session:
        ledger.verify(session)
