"""A background thread that works in steps and survives a database that is away for a while."""

from __future__ import annotations

import logging
import threading
from abc import abstractmethod

from sqlalchemy.exc import SQLAlchemyError

from coder.errors import CoderError

LOG = logging.getLogger("narracoder")


class Loop(threading.Thread):
    """Calls `step` until stopped; waits `pause` seconds after a step that found nothing to do."""

    def __init__(self, name: str, pause: float) -> None:
        super().__init__(name=f"narracoder-{name}", daemon=True)
        self.pause = pause
        self.stopping = threading.Event()

    @abstractmethod
    def step(self) -> bool:
        """Do some work; True when there may be more at once."""

    def stop(self) -> None:
        """Ask the thread to end after the step in hand."""
        self.stopping.set()

    def run(self) -> None:
        """Step until stopped."""
        while not self.stopping.is_set():
            try:
                more = self.step()
            except (SQLAlchemyError, CoderError, OSError) as error:
                LOG.error("%s: %s", self.name, type(error).__name__)
                more = False
            if not more:
                self.stopping.wait(self.pause)
