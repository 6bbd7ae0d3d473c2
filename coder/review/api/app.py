"""The application: routes, limits, headers, background work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from coder.review.api import code_routes, problems, queue_routes, scheme_routes
from coder.review.api.context import Context
from coder.review.api.guard import Guard
from coder.review.api.housekeeping import Housekeeper
from coder.review.api.jobs import Worker
from coder.review.api.loop import Loop
from coder.review.api.schemas import Problem
from coder.review.api.webhook import Deliverer
from coder.review.page import office_routes, work_routes
from coder.review.page.render import mount_static

_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (400, 401, 403, 404, 409, 413, 422, 429, 503)
}


def create_app(context: Context) -> FastAPI:
    """The ASGI application for one store and, maybe, one engine."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        workers: list[Loop] = [Housekeeper(context.store)]
        if context.engine is not None:
            workers.append(Worker(context.store, context.engine))
        if context.webhook is not None:
            workers.append(Deliverer(context.store, context.webhook))
        for worker in workers:
            worker.start()
        yield
        for worker in workers:
            worker.stop()
        for worker in workers:
            worker.join(timeout=10)

    app = FastAPI(
        title="narracoder",
        version="1",
        description="Codes for texts, and the queue of what people decide.",
        openapi_url="/v1/openapi.json",
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        responses=_ERRORS,
    )
    app.state.context = context
    problems.install(app)
    for module in (code_routes, queue_routes, scheme_routes):
        app.include_router(module.router)
    app.include_router(work_routes.router)
    app.include_router(office_routes.router)
    mount_static(app)
    app.add_middleware(
        Guard, limiter=context.by_address, metrics=context.metrics, https=context.https
    )
    return app
