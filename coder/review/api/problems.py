"""The one place where the HTTP door turns errors into answers, and keeps texts out of the log."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from coder.errors import CoderError
from coder.review.errors import ReviewError
from coder.review.page.render import problem_page

_NAMES = {404: "not_found", 405: "method", 401: "login", 403: "forbidden", 413: "too_large"}


def problem(error: CoderError) -> JSONResponse:
    """An error of ours as JSON: {"error", "message", "context"}."""
    status = error.status if isinstance(error, ReviewError) else 422
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    if "seconds" in error.context:
        headers["retry-after"] = str(error.context["seconds"])
    return JSONResponse(error.as_dict(), status_code=status, headers=headers)


def is_api(request: Request) -> bool:
    """Whether a program asks, not a page."""
    return request.url.path.startswith("/v1")


def install(app: FastAPI) -> None:
    """Answer every kind of error in the one shape."""

    @app.exception_handler(CoderError)
    async def _ours(request: Request, error: CoderError) -> Response:
        return problem(error) if is_api(request) else problem_page(request, error)

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> Response:
        name = _NAMES.get(error.status_code, "http")
        return _shape(error.status_code, name, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> Response:
        return _shape(422, "input", "; ".join(_faults(error)) or "the request is not valid")

    @app.exception_handler(Exception)
    async def _bug(_: Request, error: Exception) -> Response:
        return _shape(500, "internal", f"the server failed ({type(error).__name__})")


def _faults(error: RequestValidationError) -> list[str]:
    """Where and what, without the value: below the second step a place may be a user's own key."""
    faults = set()
    for found in error.errors():
        # an unknown field's name is the caller's own word; so is what lies below the second step
        steps = found["loc"][: 1 if found["type"] == "extra_forbidden" else 2]
        if found["type"] != "json_invalid":
            faults.add(f"{'.'.join(str(step) for step in steps)}: {found['msg']}")
    return sorted(faults)[:10] or ["the body is not JSON"]


def _shape(status: int, name: str, message: str, headers: dict[str, str] | None = None) -> Response:
    content = {"error": name, "message": message, "context": {}}
    return JSONResponse(content, status_code=status, headers=headers)


class QuietFormatter(logging.Formatter):
    """A log formatter that shows an exception's type and place, never its message.

    The message of a database or parser error can quote the text it failed on.
    """

    def formatException(  # noqa: N802 - logging's own name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """Type, and file and line of each frame."""
        kind, _, trace = ei
        frames = traceback.extract_tb(trace)
        places = [f"  {f.filename}:{f.lineno} in {f.name}" for f in frames]
        return "\n".join([kind.__name__ if kind else "", *places])


def log_config() -> dict[str, Any]:
    """uvicorn's logging: no access log (paths are enough in the metrics), quiet exceptions."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "quiet": {"()": QuietFormatter, "format": "%(asctime)s %(levelname)s %(message)s"}
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "quiet"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "uvicorn": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
            "narracoder": {"level": "INFO", "handlers": ["stderr"], "propagate": False},
        },
    }
