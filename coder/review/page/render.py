"""Templates to answers, and errors to pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.staticfiles import StaticFiles

from coder.errors import CoderError
from coder.review.errors import LoginError, ReviewError
from coder.review.page.session import COOKIE, Visitor, words
from coder.review.page.strings import Words, catalogue

_HERE = Path(__file__).parent
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    request: Request,
    template: str,
    language: Words,
    who: Visitor | None = None,
    status: int = 200,
    problem: str = "",
    values: Mapping[str, Any] | None = None,
) -> HTMLResponse:
    """A whole page. `problem` is the code of an error: its string is shown on top."""
    if problem:
        key = f"problem_{problem}"
        problem = language(key if key in language else "problem_other")
    html = _ENVIRONMENT.get_template(template).render(
        t=language,
        who=who,
        problem=problem,
        here=request.url.path,
        languages={code: strings["language_name"] for code, strings in catalogue().items()},
        **(values or {}),
    )
    return HTMLResponse(html, status_code=status)


def fragment(request: Request, template: str, language: Words, **values: Any) -> HTMLResponse:
    """A part of a page, put into it by the script."""
    del request
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(t=language, **values))


def problem_page(request: Request, error: CoderError) -> Response:
    """An error of ours as a page; without a session, the sign-in page."""
    if isinstance(error, LoginError):
        answer = RedirectResponse("/login", status_code=303)
        if COOKIE in request.cookies:
            answer.delete_cookie(COOKIE, path="/")
        return answer
    status = error.status if isinstance(error, ReviewError) else 422
    problem = str(error.context.get("page", error.code))
    return page(request, "problem.html", words(request), problem=problem, status=status)


def mount_static(app: FastAPI) -> None:
    """Serve the style sheet and the script."""
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
