"""The pages that clerks work in: sign in, decide, search, undo."""

from __future__ import annotations

import time
from typing import Annotated, Any
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from coder.errors import CoderError
from coder.review import figures, highlight, queue, shown, users
from coder.review.api.context import Context, Shared
from coder.review.errors import ForbiddenError, NotFoundError
from coder.review.models import Decision, Definition, Item, Turn, User
from coder.review.page.render import fragment, page
from coder.review.page.session import (
    COOKIE,
    LANGUAGE,
    Form,
    Poster,
    Signed,
    set_cookie,
    value,
    words,
)
from coder.review.queue import Filters, Held
from coder.review.search import code_search
from coder.review.similar import joined, similar
from coder.review.store import Store, setting

router = APIRouter(include_in_schema=False)
_YEAR = 365 * 86_400
Choice = Annotated[str, Query(max_length=128, pattern=r"^[^\x00]*$")]


def see_other(path: str, **query: str) -> RedirectResponse:
    """Answer a form: look at `path` now."""
    given = {k: v for k, v in query.items() if v}
    return RedirectResponse(path + ("?" + urlencode(given) if given else ""), status_code=303)


@router.get("/")
def home(who: Signed) -> Response:
    """To where the person works."""
    return see_other("/work" if who.user.role != "reader" else "/office")


@router.get("/login")
def login_page(request: Request, problem: Choice = "") -> Response:
    """The sign-in page."""
    return page(request, "login.html", words(request), problem=problem)


@router.post("/login")
def login(request: Request, shared: Shared, fields: Form) -> Response:
    """Check name and password, open a session."""
    try:
        shared.sign_ins.spend(request.client.host if request.client else "?")
        name, password = value(fields, "name", 64), value(fields, "password", 1000)
        opened = users.sign_in(shared.store, name, password)
    except CoderError as error:
        return see_other("/login", problem=error.code)
    answer = see_other("/")
    set_cookie(shared, answer, COOKIE, opened.cookie, users.SESSION_HOURS * 3600)
    return answer


@router.post("/logout")
def logout(request: Request, shared: Shared, who: Poster) -> Response:
    """End the session and give back what the person holds."""
    with shared.store.write() as session:
        queue.release(session, who.user)
        users.sign_out(session, request.cookies.get(COOKIE, ""))
    answer = see_other("/login")
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.post("/language")
def language(request: Request, shared: Shared, fields: Form) -> Response:
    """Change the language, for this browser and, when signed in, for the person."""
    chosen = value(fields, "language", 8)
    if chosen not in users.LANGUAGES:
        chosen = "en"
    with shared.store.write() as session:
        cookie = request.cookies.get(COOKIE, "")
        found = users.session_user(shared.store, session, cookie) if cookie else None
        if found is not None:
            session.get_one(User, found[0].id).language = chosen
    answer = see_other("/" if found else "/login")
    set_cookie(shared, answer, LANGUAGE, chosen, _YEAR)
    return answer


@router.get("/work")
def work(
    request: Request,
    shared: Shared,
    who: Signed,
    scheme: Choice = "",
    major: Choice = "",
    source: Choice = "",
    problem: Choice = "",
) -> Response:
    """The next item, or the one in hand."""
    queue.require(who.user, "clerk", "adjudicator", "supervisor")
    wanted = Filters(scheme or None, major or None, source or None)
    store = shared.store
    with store.write() as session:
        user = session.get_one(User, who.user.id)
        held = queue.take(store, session, user, wanted)
    with store.read() as session:
        values: dict[str, Any] = {
            "wanted": wanted,
            "choices": _choices(shared, session),
            "done": figures.decided_today(store, session, who.user),
            "left": figures.turns_left(session, who.user),
            "last": _last(store, session, who.user),
            "cannot": queue.CANNOT,
            "skips": queue.SKIP,
        }
        if held is None:
            return page(request, "empty.html", who.words, who, problem=problem, values=values)
        values.update(_item(store, session, held))
        return page(request, "work.html", who.words, who, problem=problem, values=values)


def _item(store: Store, session: Session, held: Held) -> dict[str, object]:
    scheme = store.scheme(held.item.scheme)
    shown_codes = shown.candidates(held.item, scheme, [d.code for d in held.others if d.code])
    spoken = highlight.spoken(held.item, shown_codes)
    wanted = highlight.stems(w for found in spoken.values() for w in found)
    return {
        "held": held,
        "scheme": scheme,
        "candidates": shown_codes,
        "spoken": spoken,
        "definitions": _definitions(session, scheme.name, [c.code for c in shown_codes]),
        "fields": {k: highlight.mark(v, wanted) for k, v in (held.item.text or {}).items()},
        "others": [
            (d, shown.candidate(scheme, d.code) if d.code else None, queue.note_of(session, d))
            for d in held.others
        ],
    }


def _definitions(session: Session, scheme: str, codes: list[str]) -> dict[str, str]:
    query = sa.select(Definition.code, Definition.text).where(
        Definition.scheme == scheme, Definition.code.in_(codes)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _last(store: Store, session: Session, user: User) -> tuple[Item, Decision] | None:
    since = store.clock() - int(setting(session, "undo_minutes") * 60_000)
    row = session.execute(
        sa.select(Item, Decision)
        .join(Decision, Decision.item_id == Item.id)
        .where(Decision.user_id == user.id, Decision.undone_at.is_(None), Decision.at >= since)
        .order_by(Decision.id.desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row is not None else None


_CHOICES_SECONDS = 30.0


def _choices(shared: Context, session: Session) -> list[tuple[str, str, str]]:
    """What can be filtered for: (scheme, major group, source) of the open turns; half a minute
    old at most."""
    kept = shared.choices
    if kept is None or time.monotonic() - kept[0] > _CHOICES_SECONDS:
        query = (
            sa.select(Turn.scheme, Turn.major, Turn.source)
            .where(Turn.state == "open", Turn.role != "check")
            .distinct()
            .order_by(Turn.scheme, Turn.major, Turn.source)
        )
        rows = [(a, b, c) for a, b, c in session.execute(query)]
        kept = shared.choices = (time.monotonic(), rows)
    return kept[1]


def _turn(fields: Form) -> int:
    number = value(fields, "turn", 18)
    if not number.isascii() or not number.isdigit():
        raise NotFoundError("there is no such turn")
    return int(number)


def _filters(fields: Form) -> dict[str, str]:
    return {k: value(fields, f"filter_{k}", 128) for k in ("scheme", "major", "source")}


@router.post("/work/{verb}")
def act(verb: str, shared: Shared, who: Poster, fields: Form) -> Response:
    """Decide, skip, return or undo; then the next item."""
    queue.require(who.user, "clerk", "adjudicator", "supervisor")
    store = shared.store
    problem = ""
    note = value(fields, "note", queue.NOTE_LIMIT).strip()
    try:
        with store.write() as session:
            user = session.get_one(User, who.user.id)
            match verb:
                case "decide":
                    code = value(fields, "code", 32) or None
                    cannot = value(fields, "cannot", 32) or None
                    turn = _turn(fields)
                    queue.decide(store, session, user, turn, code=code, cannot=cannot, note=note)
                case "skip":
                    queue.skip(store, session, user, _turn(fields), value(fields, "reason", 32))
                case "return":
                    queue.hand_up(store, session, user, _turn(fields), note)
                case "undo":
                    queue.undo(store, session, user)
                case _:
                    raise NotFoundError("there is no such page")
    except ForbiddenError:
        raise
    except CoderError as error:
        problem = error.code
    kept = {} if verb == "undo" else _filters(fields)  # what came back may lie outside the filter
    return see_other("/work", **kept, problem=problem)


@router.post("/ask/keep")
def keep(shared: Shared, who: Poster, fields: Form) -> Response:
    """The page is still open: extend the lease."""
    with shared.store.write() as session:
        queue.keep(shared.store, session, who.user, _turn(fields))
    return Response(status_code=204)


@router.post("/ask/search")
def search(request: Request, shared: Shared, who: Poster, fields: Form) -> HTMLResponse:
    """Codes for the words typed so far."""
    scheme = shared.scheme(value(fields, "scheme", 64))
    found = code_search(scheme).find(value(fields, "query"), 12)
    return fragment(request, "codes.html", who.words, codes=found, searched=True)


@router.post("/ask/tree")
def tree(request: Request, shared: Shared, who: Poster, fields: Form) -> HTMLResponse:
    """The children of a code, or the top of the tree."""
    scheme = shared.scheme(value(fields, "scheme", 64))
    code = value(fields, "at", 32)
    if code and code not in scheme:
        raise NotFoundError("the scheme has no such code", scheme=scheme.name)
    below = scheme.children(code) if code else [c for c in scheme.codes if scheme[c].level == 1]
    path = [shown.candidate(scheme, c) for c in (scheme.path(code) if code else ())]
    with shared.store.read() as session:
        definitions = _definitions(session, scheme.name, [code]) if code else {}
    rows = [(shown.candidate(scheme, c), bool(scheme.children(c))) for c in below]
    return fragment(
        request,
        "tree.html",
        who.words,
        rows=rows,
        path=path,
        definition=definitions.get(code, ""),
    )


@router.post("/ask/similar")
def like_this(request: Request, shared: Shared, who: Poster, fields: Form) -> HTMLResponse:
    """How texts like the one in hand were decided."""
    with shared.store.read() as session:
        held = queue.holding(session, who.user, _turn(fields))
        found = similar(session, held.item)
        scheme = shared.store.scheme(held.item.scheme)
        rows = [
            (p, shown.candidate(scheme, p.code) if p.code and p.code in scheme else None)
            for p in found
        ]
    return fragment(request, "similar.html", who.words, rows=rows, joined=joined)
