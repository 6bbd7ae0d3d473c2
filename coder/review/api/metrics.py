"""Counts for Prometheus. Labels are routes, methods and statuses: never a text or a key."""

from __future__ import annotations

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy.orm import Session

from coder.review.models import Event, Turn

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The counters of one server process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "narracoder_requests",
            "HTTP requests",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "narracoder_request_seconds",
            "Seconds to answer a request",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._queue = Gauge(
            "narracoder_queue_turns", "Open turns", ["scheme", "role"], registry=self.registry
        )
        self._events = Gauge(
            "narracoder_webhook_waiting", "Webhook messages not sent yet", registry=self.registry
        )

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request. `route` is the path's template, not the path."""
        known = method if method in {"GET", "POST", "DELETE", "HEAD", "OPTIONS"} else "other"
        self._requests.labels(route, known, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, session: Session) -> bytes:
        """All metrics in Prometheus's text format."""
        self._queue.clear()
        query = (
            sa.select(Turn.scheme, Turn.role, sa.func.count())
            .where(Turn.state == "open", Turn.role != "check")
            .group_by(Turn.scheme, Turn.role)
        )
        for scheme, role, count in session.execute(query):
            self._queue.labels(scheme, role).set(count)
        waiting = sa.select(sa.func.count()).select_from(Event).where(Event.sent_at.is_(None))
        self._events.set(session.scalar(waiting) or 0)
        return generate_latest(self.registry)
