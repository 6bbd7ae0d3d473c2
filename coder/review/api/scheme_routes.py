"""/v1/schemes, /v1/health, /v1/metrics."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from coder.review.api import schemas
from coder.review.api.context import Context, Shared, caller
from coder.review.errors import NotFoundError
from coder.review.models import Definition
from coder.review.search import code_search
from coder.schemes import list_schemes

router = APIRouter(prefix="/v1", tags=["schemes"])
Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Code = Annotated[str, Path(pattern=r"^[A-Za-z0-9.]{1,16}$")]
_READER = [Depends(caller("read"))]


@router.get("/schemes", dependencies=_READER)
def schemes(shared: Shared) -> list[schemas.SchemeOut]:
    """The schemes that this installation has."""
    found = [shared.scheme(name) for name in list_schemes()]
    return [
        schemas.SchemeOut(
            name=s.name,
            title=s.title,
            version=s.version_hash,
            codes=len(s.codes),
            levels=list(s.levels),
        )
        for s in found
    ]


@router.get("/schemes/{name}/codes/{code}", dependencies=_READER)
def code(name: Name, code: Code, shared: Shared) -> schemas.CodeOut:
    """One code: title, parents, children, and its definition where a national file gave one."""
    return entry(shared, name, code)


def entry(shared: Context, name: str, code: str) -> schemas.CodeOut:
    """The entry of a code. Raises NotFoundError."""
    scheme = shared.scheme(name)
    if code not in scheme:
        raise NotFoundError("the scheme has no such code", scheme=name)
    found = scheme[code]
    with shared.store.read() as session:
        definition = session.get(Definition, (name, code))
    return schemas.CodeOut(
        code=found.code,
        title=found.title,
        level=found.level,
        parent=found.parent,
        path=list(scheme.path(code)),
        children=list(scheme.children(code)),
        definition=definition.text if definition else None,
    )


@router.post("/schemes/{name}/search", dependencies=_READER)
def search(name: Name, body: schemas.SearchIn, shared: Shared) -> list[schemas.CodeOut]:
    """Codes by title, index term or code; misspelling is tolerated."""
    scheme = shared.scheme(name)
    return [entry(shared, name, c.code) for c in code_search(scheme).find(body.query, body.limit)]


@router.get("/health")
def health(shared: Shared) -> schemas.HealthOut:
    """Whether the server and its database work; needs no token and tells no counts."""
    shared.store.check()
    return schemas.HealthOut(
        status="ok",
        version=version("narracoder"),
        database="sqlite" if shared.store.is_sqlite else "postgresql",
        engine=shared.engine is not None,
        schemes=list(shared.engine.schemes) if shared.engine else [],
    )


@router.get("/metrics", response_class=Response, dependencies=[Depends(caller("metrics"))])
def metrics(shared: Shared) -> Response:
    """Counts for Prometheus, in its text format."""
    with shared.store.read() as session:
        text = shared.metrics.text(session)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")
