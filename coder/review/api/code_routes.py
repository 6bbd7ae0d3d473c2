"""/v1/suggest, /v1/code and /v1/batch: what the engine says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from coder.review.api import jobs, schemas
from coder.review.api.answers import code_record, suggestion
from coder.review.api.context import Caller, Shared, caller
from coder.review.api.engine import Engine
from coder.review.api.queue_routes import Key, once
from coder.review.errors import ForbiddenError, NotFoundError
from coder.review.store import Store
from coder.text import resolve_fields

router = APIRouter(prefix="/v1", tags=["coding"])
JobId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Coder = Annotated[Caller, Depends(caller("code"))]


def check_schemes(engine: Engine, names: Sequence[str] | None) -> list[str]:
    """The schemes asked for. Raises NotFoundError when the engine lacks one."""
    chosen = list(names or engine.schemes)
    if not set(chosen) <= set(engine.schemes):
        raise NotFoundError(
            "no model for that scheme is loaded; loaded: " + ", ".join(engine.schemes)
        )
    return chosen


@router.post("/suggest", dependencies=[Depends(caller("suggest"))])
def suggest(body: schemas.SuggestIn, shared: Shared) -> list[schemas.SuggestionOut]:
    """The likeliest codes for a text, quick enough to ask while it is typed."""
    engine = shared.need_engine()
    check_schemes(engine, [body.scheme])
    return [suggestion(s) for s in engine.suggest(body.text, body.scheme, body.limit)]


@router.post("/code", dependencies=[Depends(caller("code"))])
def code(body: schemas.CodeIn, shared: Shared) -> dict[str, schemas.DecisionOut]:
    """The engine's decisions for one record."""
    engine = shared.need_engine()
    return code_record(engine, body.record, check_schemes(engine, body.schemes))


@router.post("/batch", status_code=202)
def batch(body: schemas.BatchIn, shared: Shared, who: Coder, key: Key = None) -> schemas.JobOut:
    """Leave records for coding in the background; ask for the result with the job's id."""
    chosen, store = check_schemes(shared.need_engine(), body.schemes), shared.store
    source = body.source if body.queue else None
    if body.queue:
        allow_queueing(store, who, body.records, chosen)
    with store.write() as session:

        def work() -> schemas.JobOut:
            return jobs.add(store, session, who.user, body.records, chosen, source)

        request = ["batch", body.model_dump()]
        return once(session, store, who, key, request, schemas.JobOut, work)


def allow_queueing(
    store: Store, who: Caller, records: Sequence[Mapping[str, str]], chosen: Sequence[str]
) -> None:
    """Raise ForbiddenError or InputError before the work, not after it."""
    if "queue" not in who.scopes or who.user.role == "reader":
        raise ForbiddenError("queueing needs a token with the scope 'queue', and no reader's")
    columns = list(dict.fromkeys(column for record in records for column in record))
    for name in chosen:
        resolve_fields(columns, store.scheme(name).name)


@router.get("/batch/{job}")
def batch_state(job: JobId, shared: Shared, who: Coder) -> schemas.JobOut:
    """The state of your job, and its result when it is done."""
    return jobs.state(shared.store, who.user, job)


@router.delete("/batch/{job}")
def batch_delete(job: JobId, shared: Shared, who: Coder) -> schemas.OkOut:
    """Delete your job with its result."""
    jobs.delete(shared.store, who.user, job)
    return schemas.OkOut()
