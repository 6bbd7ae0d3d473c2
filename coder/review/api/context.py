"""What the routes share: the store, the engine, the limits, and who is calling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from coder.errors import SchemeError
from coder.review import users
from coder.review.api.engine import Engine
from coder.review.api.limits import Limiter
from coder.review.api.metrics import Metrics
from coder.review.api.webhook import Target
from coder.review.errors import ForbiddenError, LoginError, NotFoundError, UnavailableError
from coder.review.models import User
from coder.review.store import Store
from coder.schemes import Scheme


@dataclass(slots=True)
class Context:
    """One server's parts. `https` marks cookies Secure and sends HSTS."""

    store: Store
    engine: Engine | None = None
    https: bool = False
    webhook: Target | None = None
    metrics: Metrics = field(default_factory=Metrics)
    by_address: Limiter = field(default_factory=lambda: Limiter(6000, 600))
    by_user: Limiter = field(default_factory=lambda: Limiter(1200, 200))
    choices: tuple[float, list[tuple[str, str, str]]] | None = None
    sign_ins: Limiter = field(default_factory=lambda: Limiter(30, 60))

    def need_engine(self) -> Engine:
        """The engine. Raises UnavailableError when this server runs without."""
        if self.engine is None:
            raise UnavailableError("this server runs without an engine: it cannot code texts")
        return self.engine

    def scheme(self, name: str) -> Scheme:
        """The scheme called `name`. Raises NotFoundError."""
        try:
            return self.store.scheme(name)
        except SchemeError:
            raise NotFoundError("there is no such scheme: see /v1/schemes") from None


def context(request: Request) -> Context:
    """The context of the application that serves this request."""
    return cast(Context, request.app.state.context)


Shared = Annotated[Context, Depends(context)]
_BEARER = HTTPBearer(auto_error=False, description="An API token made by `coder review users`")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls the API, and what their token allows."""

    user: User
    scopes: frozenset[str]


def caller(scope: str) -> Callable[..., Caller]:
    """A dependency: the caller, whose token must have `scope`."""

    def check(
        shared: Shared,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> Caller:
        found = None
        if bearer is not None:
            with shared.store.read() as session:
                found = users.token_user(shared.store, session, bearer.credentials)
        if found is None:
            raise LoginError("give a valid API token: Authorization: Bearer …")
        user, scopes = found
        shared.by_user.spend(f"token {user.id}")
        if scope not in scopes:
            raise ForbiddenError(f"this token lacks the scope '{scope}'", scope=scope)
        if scope == "queue" and user.role == "reader":
            raise ForbiddenError("a reader cannot work in the queue", role=user.role)
        return Caller(user, scopes)

    return check
