"""The server with the real engine: what it answers, and how soon."""

from __future__ import annotations

import time

import pytest
from fastapi.testclient import TestClient

from coder.resources import shipped
from coder.review.api.app import create_app
from coder.review.api.context import Context
from coder.review.api.jobs import Worker, add, state
from coder.review.api.server import load_engine
from coder.review.store import Store
from tests.review.conftest import person
from tests.review.test_api import token

SCHEME = "injury-type"


@pytest.mark.slow
def test_suggestions_while_typing_code_and_batch(lite: Store) -> None:
    if not shipped("models", SCHEME).is_dir():
        pytest.skip(f"no model for {SCHEME} is shipped yet")
    engine = load_engine(schemes=[SCHEME])
    ann = person(lite, "ann")
    waits = []
    client = TestClient(create_app(Context(store=lite, engine=engine)), headers=token(lite, "ann"))
    typed = "burnt his left hand on a hot oven door in the bakery"
    for number in range(120):
        body = {"text": typed[: 8 + number % 40], "scheme": SCHEME}
        started = time.perf_counter()
        answer = client.post("/v1/suggest", json=body)
        waits.append(time.perf_counter() - started)
        assert answer.status_code == 200
    p95 = sorted(waits[20:])[95] * 1000
    print(f"\nsuggest p95 {p95:.0f} ms")  # noqa: T201
    assert p95 < 100
    coded = client.post("/v1/code", json={"record": {"narrative": typed}}).json()
    assert coded[SCHEME]["suggestions"][0]["code"].startswith("6")  # burns, corrosions, scalds
    with lite.write() as session:
        job = add(lite, session, ann, [{"narrative": typed}], [SCHEME])
    assert Worker(lite, engine).step()
    result = state(lite, ann, job.id).result
    assert result is not None
    assert result[0][SCHEME].model_dump(mode="json") == coded[SCHEME]
