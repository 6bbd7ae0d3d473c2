"""Schemathesis reads the OpenAPI document and tries to make the server fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

from coder.review.api.app import create_app
from coder.review.api.context import Context
from coder.review.api.limits import Limiter
from coder.review.importing import import_folder
from coder.review.store import Store
from tests.review.conftest import configure, person
from tests.review.engine import Engine
from tests.review.folders import plain_rows, write_folder
from tests.review.test_api import token

_CALM = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


@pytest.fixture
def api(location: str, tmp_path: Path) -> Iterator[Any]:
    home = tmp_path
    store = Store.create(location)
    configure(store, double_share=0.0, sample_share=0.0)
    import_folder(store, write_folder(home / "out", plain_rows(200)))
    person(store, "boss", "supervisor")
    endless = Limiter(1e9, 1e9)
    app = create_app(Context(store=store, engine=Engine(), by_address=endless, by_user=endless))
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", app)
    schema.config.headers = token(store, "boss")
    yield schema
    store.close()


@pytest.mark.slow
def test_no_server_error(api: Any) -> None:
    tried = 0
    for result in api.get_all_operations():
        operation = result.ok()

        @settings(max_examples=30, deadline=None, suppress_health_check=_CALM, database=None)
        @given(case=operation.as_strategy())
        def check(case: Any) -> None:
            response = case.call()
            case.validate_response(response, checks=[not_a_server_error])
            if response.status_code >= 400:
                assert set(response.json()) == {"error", "message", "context"}

        check()
        tried += 1
    assert tried == 16
