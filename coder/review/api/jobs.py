"""Background jobs, kept in the store so that a restart loses none."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from coder.errors import CoderError
from coder.review.api import schemas
from coder.review.api.answers import code_record
from coder.review.api.engine import Engine
from coder.review.api.loop import LOG, Loop
from coder.review.errors import ConflictError, NotFoundError
from coder.review.models import Job, User
from coder.review.store import Store

_MOST_WAITING = 20
_PART = 100


def add(
    store: Store, user: User, records: Sequence[Mapping[str, str]], schemes: Sequence[str]
) -> schemas.JobOut:
    """Store a job. Raises ConflictError when the user has too many unfinished ones."""
    with store.write() as session:
        unfinished = session.scalar(
            sa.select(sa.func.count())
            .select_from(Job)
            .where(Job.user_id == user.id, Job.state.in_(("waiting", "running")))
        )
        if (unfinished or 0) >= _MOST_WAITING:
            raise ConflictError(f"you have {_MOST_WAITING} unfinished jobs already")
        job = Job(
            id=secrets.token_urlsafe(16),
            user_id=user.id,
            state="waiting",
            schemes=list(schemes),
            records=[dict(r) for r in records],
            total=len(records),
            done=0,
            created_at=store.clock(),
        )
        session.add(job)
        session.flush()
        return _out(job)


def state(store: Store, user: User, job_id: str) -> schemas.JobOut:
    """A user's own job. Raises NotFoundError."""
    with store.read() as session:
        job = session.get(Job, job_id)
        if job is None or job.user_id != user.id:
            raise NotFoundError("you have no such job")
        return _out(job)


def delete(store: Store, user: User, job_id: str) -> None:
    """Delete a user's own job. Raises NotFoundError."""
    with store.write() as session:
        job = session.get(Job, job_id)
        if job is None or job.user_id != user.id:
            raise NotFoundError("you have no such job")
        session.delete(job)


def _out(job: Job) -> schemas.JobOut:
    return schemas.JobOut.model_validate(
        {
            "id": job.id,
            "state": job.state,
            "total": job.total,
            "done": job.done,
            "error": job.error,
            "result": job.result,
        }
    )


class Worker(Loop):
    """Codes waiting jobs, one after the other."""

    def __init__(self, store: Store, engine: Engine, pause: float = 0.5) -> None:
        super().__init__("jobs", pause)
        self.store, self.engine = store, engine

    def run(self) -> None:
        """Work until stopped. What was running when the server died starts again."""
        with self.store.write() as session:
            session.execute(sa.update(Job).where(Job.state == "running").values(state="waiting"))
        super().run()

    def step(self) -> bool:
        """Code one waiting job; False when there is none."""
        with self.store.write() as session:
            job = session.scalar(
                sa.select(Job)
                .where(Job.state == "waiting")
                .order_by(Job.created_at)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if job is None:
                return False
            job.state = "running"
        # a fault in the engine ends the job, not this thread
        with ThreadPoolExecutor(1) as pool:
            coding = pool.submit(self._code, job)
            error = coding.exception()
        if error is not None:
            name = error.code if isinstance(error, CoderError) else "internal"
            LOG.warning("a batch job failed (%s)", type(error).__name__)
            self._end(job.id, state="failed", error=name)
        elif (result := coding.result()) is None:
            self._end(job.id, state="waiting")
        else:
            self._end(job.id, state="done", result=result, done=job.total)
        return True

    def _code(self, job: Job) -> list[dict[str, object]] | None:
        """One {scheme: decision} per record; None when the server is stopping."""
        result: list[dict[str, object]] = []
        for number, record in enumerate(job.records or (), start=1):
            if self.stopping.is_set():
                return None
            coded = code_record(self.engine, record, job.schemes)
            result.append({k: v.model_dump(mode="json") for k, v in coded.items()})
            if number % _PART == 0:
                with self.store.write() as session:
                    session.execute(sa.update(Job).where(Job.id == job.id).values(done=number))
        return result

    def _end(self, job_id: str, **values: object) -> None:
        if values["state"] != "waiting":
            values.update(records=None, ended_at=self.store.clock())
        with self.store.write() as session:
            session.execute(sa.update(Job).where(Job.id == job_id).values(**values))
