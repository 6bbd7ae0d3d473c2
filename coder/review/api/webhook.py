"""Telling another system that a record is decided: at least once, signed, without any text."""

from __future__ import annotations

import hashlib
import hmac
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from coder.review.api.loop import LOG, Loop
from coder.review.errors import ConflictError
from coder.review.ledger import canonical
from coder.review.models import Event
from coder.review.store import Store

_SECONDS = 10
_SOONEST, _LATEST = 5_000, 3_600_000  # milliseconds between tries
_SHORTEST_SECRET = 16


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect could lead the message to a place that nobody configured."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where messages go, and the secret that signs them. Raises ConflictError when unusable."""

    url: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in {"http", "https"} or not urlsplit(self.url).netloc:
            raise ConflictError("the webhook must be an http:// or https:// address")
        if len(self.secret) < _SHORTEST_SECRET:
            raise ConflictError(f"the webhook's secret has at least {_SHORTEST_SECRET} characters")

    def post(self, event: Event) -> None:
        """Send one message. Raises OSError or HTTPException unless the answer is a success.

        Headers: `X-Narracoder-Event` (its number, to recognise a repetition) and
        `X-Narracoder-Signature` (`sha256=` and the HMAC of the body in hex).
        """
        body = canonical({"id": event.id, "at": event.at, **event.body}).encode()
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Narracoder-Event": str(event.id),
            "X-Narracoder-Signature": f"sha256={signature}",
        }
        request = urllib.request.Request(self.url, body, headers)  # noqa: S310 - checked above
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(request, timeout=_SECONDS):
            pass


class Deliverer(Loop):
    """Sends waiting messages in order; one that fails is tried again, later each time."""

    def __init__(self, store: Store, target: Target, pause: float = 1.0) -> None:
        super().__init__("webhook", pause)
        self.store, self.target = store, target

    def step(self) -> bool:
        """Send the oldest message that is due; False when there is none."""
        now = self.store.clock()
        with self.store.read() as session:
            event = session.scalar(
                sa.select(Event)
                .where(Event.sent_at.is_(None), Event.due_at <= now)
                .order_by(Event.id)
                .limit(1)
            )
        if event is None:
            return False
        values: dict[str, int] = {"attempts": event.attempts + 1}
        try:
            self.target.post(event)
            values["sent_at"] = now
        except (OSError, HTTPException) as error:
            LOG.warning("webhook message %d failed (%s)", event.id, type(error).__name__)
            values["due_at"] = now + min(_LATEST, _SOONEST * 2 ** min(event.attempts, 10))
        with self.store.write() as session:
            session.execute(sa.update(Event).where(Event.id == event.id).values(**values))
        return True
