"""Running the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import uvicorn

from coder.review.api import problems
from coder.review.api.app import create_app
from coder.review.api.context import Context
from coder.review.api.engine import Engine
from coder.review.api.webhook import Target
from coder.review.store import Store


def load_engine(
    models: Mapping[str, str | Path] | None = None, schemes: Sequence[str] | None = None
) -> Engine:
    """The engine with the shipped models, or those given; `schemes` limits what is loaded.

    Raises ModelError, PolicyError or SchemeError.
    """
    from coder.engine import Coder  # heavy, and not wanted with --no-engine

    return Coder.load(models=models, schemes=schemes)


def run(
    store: Store,
    engine: Engine | None,
    *,
    host: str,
    port: int,
    https: bool,
    webhook: Target | None = None,
) -> None:
    """Serve until interrupted."""
    app = create_app(Context(store=store, engine=engine, https=https, webhook=webhook))
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=problems.log_config(),
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
    )
