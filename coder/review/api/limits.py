"""Rate limits in memory: a bucket of requests per key that refills steadily."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from coder.review.errors import RateError

_MOST_KEYS = 20_000


class Limiter:
    """At most `per_minute` requests a minute per key, in bursts of up to `burst`.

    Each server process counts for itself.
    """

    def __init__(
        self, per_minute: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rate, self.burst, self.clock = per_minute / 60.0, burst, clock
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def spend(self, key: str) -> None:
        """Take one request from the key's bucket. Raises RateError when it is empty."""
        now = self.clock()
        with self._lock:
            if len(self._buckets) > _MOST_KEYS:
                self._buckets.clear()
            left, at = self._buckets.get(key, (self.burst, now))
            left = min(self.burst, left + (now - at) * self.rate)
            if left < 1.0:
                wait = max(1, round((1.0 - left) / self.rate))
                raise RateError(f"too many requests: wait {wait} s", seconds=wait)
            self._buckets[key] = (left - 1.0, now)
