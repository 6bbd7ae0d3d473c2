"""Background jobs, kept in the store so that a restart loses none."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from coder.errors import CoderError
from coder.review.api import schemas
from coder.review.api.answers import code_record
from coder.review.api.engine import Engine
from coder.review.api.loop import LOG, Loop
from coder.review.coded import Coded, CodedRow, MachineResult
from coder.review.errors import ConflictError, NotFoundError
from coder.review.importing import Options, import_coded
from coder.review.models import Job, User
from coder.review.store import Store

Result = list[dict[str, dict[str, Any]]]  # per record: scheme -> decision, as JSON
_MOST_WAITING = 20
_PART = 100


def add(
    store: Store,
    session: Session,
    user: User,
    records: Sequence[Mapping[str, str]],
    schemes: Sequence[str],
    source: str | None = None,
) -> schemas.JobOut:
    """Store a job; with a `source` its records go into the review store under that name.

    Raises ConflictError when the user has too many unfinished ones.
    """
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
        source=source,
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
            "queued": job.queued,
            "result": job.result,
        }
    )


def as_coded(job: Job, result: Result, manifest: Mapping[str, Any]) -> Coded:
    """A job's records with their results, as if read from an output folder."""
    records = job.records or []
    columns = tuple(dict.fromkeys(column for record in records for column in record))
    rows = [
        CodedRow(
            row=number,
            fields={column: record.get(column, "") for column in columns},
            results={scheme: _machine(found) for scheme, found in decisions.items()},
        )
        for number, (record, decisions) in enumerate(zip(records, result, strict=True), start=1)
    ]
    fingerprint = hashlib.sha256(f"job {job.id}".encode()).hexdigest()
    return Coded(columns, tuple(job.schemes), {"engine": dict(manifest)}, fingerprint, rows)


def _machine(found: Mapping[str, Any]) -> MachineResult:
    suggestions = found["suggestions"]
    spoken = [f"{s['code']}: {', '.join(s['evidence'])}" for s in suggestions if s["evidence"]]
    return MachineResult(
        status=found["status"],
        code=found["code"],
        confidence=found["confidence"],
        suggestions=tuple((s["code"], s["probability"]) for s in suggestions),
        reason=found["reason"],
        candidates=tuple(found["candidates"]),
        evidence=tuple(spoken[:3]) if found["status"] == "review" else (),
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
            error = pool.submit(self._work, job).exception()
        if error is not None:
            name = error.code if isinstance(error, CoderError) else "internal"
            LOG.warning("a batch job failed (%s)", type(error).__name__)
            with self.store.write() as session:
                self._end(session, job.id, state="failed", error=name)
        return True

    def _work(self, job: Job) -> None:
        """Code the job; keep the result and, in the same transaction, queue what people decide."""
        result = self._code(job)
        with self.store.write() as session:
            if result is None:
                self._end(session, job.id, state="waiting")
                return
            queued = None
            if job.source is not None:
                coded = as_coded(job, result, self.engine.manifest())
                options = Options(source=job.source)
                queued = import_coded(self.store, session, coded, options, job.user_id).review
            self._end(session, job.id, state="done", result=result, done=job.total, queued=queued)

    def _code(self, job: Job) -> Result | None:
        """One {scheme: decision} per record; None when the server is stopping."""
        result: Result = []
        for number, record in enumerate(job.records or (), start=1):
            if self.stopping.is_set():
                return None
            coded = code_record(self.engine, record, job.schemes)
            result.append({k: v.model_dump(mode="json") for k, v in coded.items()})
            if number % _PART == 0:
                with self.store.write() as session:
                    session.execute(sa.update(Job).where(Job.id == job.id).values(done=number))
        return result

    def _end(self, session: Session, job_id: str, **values: object) -> None:
        if values["state"] != "waiting":
            values.update(records=None, ended_at=self.store.clock())
        session.execute(sa.update(Job).where(Job.id == job_id).values(**values))
