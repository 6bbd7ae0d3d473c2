"""What every request passes: body limit, address limit, security headers, metrics."""

from __future__ import annotations

import json
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coder.review.api.limits import Limiter
from coder.review.api.metrics import Metrics
from coder.review.errors import RateError, ReviewError, TooLargeError

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
BODY_LIMIT = 256 * 1024
BATCH_LIMIT = 20 * 1024 * 1024


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, limiter: Limiter, metrics: Metrics, https: bool) -> None:
        self.app, self.limiter, self.metrics, self.https = app, limiter, metrics, https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here when it is over a limit."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500
        path: str = scope["path"]

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), *self._headers(path)]
            await send(message)

        try:
            self.limiter.spend((scope.get("client") or ("?",))[0])
            body = await _body(scope, receive, BATCH_LIMIT if path == "/v1/batch" else BODY_LIMIT)
        except (RateError, TooLargeError) as error:
            await _answer(error, sending)
        else:
            await self.app(scope, _again(body, receive), sending)
        finally:
            route = scope.get("route")
            name = getattr(route, "path", "none")
            self.metrics.request(name, scope["method"], status, time.perf_counter() - started)

    def _headers(self, path: str) -> list[tuple[bytes, bytes]]:
        headers = dict(_HEADERS)
        if not path.startswith("/static/"):
            headers["cache-control"] = "no-store"
        if self.https:
            headers["strict-transport-security"] = "max-age=31536000"
        return [(k.encode(), v.encode()) for k, v in headers.items()]


async def _body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The whole body. Raises TooLargeError as soon as it is over the limit."""
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > limit:
        raise TooLargeError(f"the request body is over {limit} bytes", limit=limit)
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise TooLargeError(f"the request body is over {limit} bytes", limit=limit)
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that hands the body over once more."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _answer(error: ReviewError, send: Send) -> None:
    headers = [(b"content-type", b"application/json")]
    if "seconds" in error.context:
        headers.append((b"retry-after", str(error.context["seconds"]).encode()))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(error.as_dict()).encode()})
