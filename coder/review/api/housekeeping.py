"""Deleting what has served its time: sessions, receipts, jobs, messages."""

from __future__ import annotations

import sqlalchemy as sa

from coder.review import models
from coder.review.api.loop import Loop
from coder.review.store import Store

_HOUR = 3_600_000
_DAY = 24 * _HOUR


class Housekeeper(Loop):
    """Tidies up every ten minutes."""

    def __init__(self, store: Store, pause: float = 600.0) -> None:
        super().__init__("housekeeping", pause)
        self.store = store

    def step(self) -> bool:
        """One round. Finished jobs stay a day, receipts two, sent messages seven, unsent thirty."""
        now = self.store.clock()
        old = (
            sa.delete(models.Session).where(models.Session.expires_at <= now),
            sa.delete(models.Job).where(models.Job.ended_at < now - _DAY),
            sa.delete(models.Receipt).where(models.Receipt.at < now - 2 * _DAY),
            sa.delete(models.Event).where(models.Event.sent_at < now - 7 * _DAY),
            sa.delete(models.Event).where(models.Event.at < now - 30 * _DAY),
        )
        with self.store.write() as session:
            for statement in old:
                session.execute(statement)
        return False
