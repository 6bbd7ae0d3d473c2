"""Who is looking at the page: session cookie, CSRF token, language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from coder.review import users
from coder.review.api.context import Context, Shared
from coder.review.errors import ForbiddenError, LoginError
from coder.review.models import User
from coder.review.page.strings import Words, preferred

COOKIE = "narracoder_session"
LANGUAGE = "narracoder_language"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person and their session's CSRF token."""

    user: User
    csrf: str
    words: Words


def words(request: Request, user: User | None = None) -> Words:
    """The language: the person's own, else the cookie's, else the browser's."""
    chosen = (user.language if user else "") or request.cookies.get(LANGUAGE, "")
    return Words(chosen or preferred(request.headers.get("accept-language", "")))


def visitor(request: Request, shared: Shared) -> Visitor:
    """A dependency: the signed-in person. Raises LoginError, which sends to the sign-in page."""
    cookie = request.cookies.get(COOKIE, "")
    with shared.store.read() as session:
        found = users.session_user(shared.store, session, cookie) if cookie else None
    if found is None:
        raise LoginError("sign in first")
    user, csrf = found
    shared.by_user.spend(f"session {user.id}")
    return Visitor(user, csrf, words(request, user))


Signed = Annotated[Visitor, Depends(visitor)]


async def form(request: Request) -> FormData:
    """A dependency: the posted form, from a page of ours."""
    same_origin(request)
    return await request.form(max_files=0, max_fields=50)


Form = Annotated[FormData, Depends(form)]


def posted(who: Signed, fields: Form) -> Visitor:
    """A dependency: the signed-in person whose form carries the CSRF token of their session."""
    token = fields.get("csrf")
    if not isinstance(token, str) or not users.same(token, who.csrf):
        raise ForbiddenError("the form's token is not this session's", page="csrf")
    return who


Poster = Annotated[Visitor, Depends(posted)]


def same_origin(request: Request) -> None:
    """Raise ForbiddenError for a request that another site's page sent."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    foreign = origin is not None and _host(origin) != request.headers.get("host")
    if site not in {"same-origin", "none"} or foreign:
        raise ForbiddenError("the request comes from another site", page="csrf")


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # such as "http://[": nobody's page
        return None


def value(fields: FormData, name: str, longest: int = 200) -> str:
    """A form field as text, cut to `longest`; empty when it is missing."""
    found = fields.get(name)
    return found.replace("\x00", "")[:longest] if isinstance(found, str) else ""


def set_cookie(shared: Context, response: Response, name: str, content: str, age: int) -> None:
    """Set one of our cookies: HttpOnly, SameSite, Secure behind TLS."""
    response.set_cookie(
        name, content, max_age=age, httponly=True, samesite="lax", secure=shared.https, path="/"
    )
