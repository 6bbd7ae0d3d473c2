"""The REST API: scopes, shapes, limits, idempotency, jobs, webhook, and what it never says."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from coder.review import ledger, queue, users
from coder.review.api import jobs
from coder.review.api.app import create_app
from coder.review.api.context import Context
from coder.review.api.guard import BATCH_LIMIT, BODY_LIMIT, CSP
from coder.review.api.jobs import Worker
from coder.review.api.limits import Limiter
from coder.review.api.problems import QuietFormatter
from coder.review.api.webhook import Deliverer, Target
from coder.review.errors import ConflictError, RateError
from coder.review.importing import import_folder
from coder.review.models import Decision, Entry, Event, Job, Receipt, Record
from coder.review.store import Store
from tests.review.conftest import Clock, person
from tests.review.engine import Engine
from tests.review.folders import HAND, plain_rows, write_folder

PLANTED = "zanzibarquokka"


def token(store: Store, name: str, *scopes: str) -> dict[str, str]:
    with store.write() as session:
        user = users.named(session, name)
        made = users.new_token(store, session, user, "test", scopes or users.SCOPES, 1)
    return {"Authorization": f"Bearer {made}"}


@pytest.fixture
def filled(lite: Store, tmp_path: Path) -> Store:
    import_folder(lite, write_folder(tmp_path / "out", plain_rows()))
    person(lite, "ann")
    return lite


@pytest.fixture
def client(filled: Store) -> Iterator[TestClient]:
    app = create_app(Context(store=filled, engine=Engine()))
    with TestClient(app, raise_server_exceptions=False) as opened:
        opened.headers.update(token(filled, "ann"))
        yield opened


def test_suggest_and_code(client: TestClient) -> None:
    answer = client.post("/v1/suggest", json={"text": "cut hand", "scheme": "body-part"})
    assert answer.json()[0] == {
        "code": "5.4",
        "title": "Hand",
        "level": 2,
        "probability": 0.8,
        "evidence": ["model:hand"],
    }
    answer = client.post("/v1/code", json={"record": {"narrative": "cut hand"}})
    assert answer.json()["body-part"]["status"] == "auto"


def test_schemes_search_and_health(client: TestClient) -> None:
    assert "body-part" in {s["name"] for s in client.get("/v1/schemes").json()}
    entry = client.get("/v1/schemes/body-part/codes/5").json()
    assert (entry["level"], entry["parent"]) == (1, None)
    assert HAND in entry["children"]
    found = client.post("/v1/schemes/body-part/search", json={"query": "sholder"}).json()
    assert found[0]["code"] == "5.1"
    assert client.get("/v1/health", headers={"Authorization": ""}).json()["database"] == "sqlite"
    assert client.get("/v1/openapi.json").json()["openapi"].startswith("3.1")


def test_a_clerk_is_told_nothing_that_marks_a_sample(client: TestClient) -> None:
    turn = client.post("/v1/queue/next", json={}).json()
    assert set(turn) == {
        "turn", "item", "scheme", "until", "records", "text", "candidates", "role", "others",
    }  # fmt: skip
    assert turn["candidates"][0]["words"] == ["hand"]


def test_queue_verbs(client: TestClient, filled: Store) -> None:
    turn = client.post("/v1/queue/next", json={"scheme": "body-part"}).json()["turn"]
    assert client.post(f"/v1/queue/{turn}/keep").json()["until"]
    assert client.post(f"/v1/queue/{turn}/decide", json={"code": HAND}).json()["records"] == 3
    back = client.post("/v1/queue/undo").json()
    assert back["turn"] == turn
    assert client.post(f"/v1/queue/{turn}/skip", json={"reason": "unsure"}).json() == {"ok": True}
    turn = client.post("/v1/queue/next", json={}).json()["turn"]
    assert client.post(f"/v1/queue/{turn}/return", json={"note": "?"}).json() == {"ok": True}
    answer = client.post("/v1/queue/next", json={"source": "elsewhere"})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "name"),
    [
        ("POST", "/v1/queue/999/decide", {"code": HAND}, 404, "not_found"),
        ("POST", "/v1/queue/1/decide", {"code": HAND}, 409, "lease"),
        ("POST", "/v1/queue/1/decide", {"code": "not a code"}, 422, "input"),
        ("POST", "/v1/queue/1/decide", {"surprise": 1}, 422, "input"),
        ("POST", "/v1/queue/x/decide", {}, 422, "input"),
        ("POST", "/v1/queue/undo", None, 404, "not_found"),
        ("POST", "/v1/suggest", {"text": "x", "scheme": "isco-08"}, 404, "not_found"),
        ("POST", "/v1/code", {"record": {}}, 422, "input"),
        ("GET", "/v1/batch/none", None, 404, "not_found"),
        ("GET", "/v1/schemes/none/codes/1", None, 404, "not_found"),
        ("GET", "/v1/schemes/body-part/codes/77", None, 404, "not_found"),
        ("GET", "/v1/nothing", None, 404, "not_found"),
        ("PUT", "/v1/health", None, 405, "method"),
    ],
)
def test_errors_have_one_shape(
    client: TestClient, method: str, path: str, body: Any, status: int, name: str
) -> None:
    answer = client.request(method, path, json=body)
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "message", "context"}
    assert answer.json()["error"] == name


def test_a_token_opens_only_its_scopes(client: TestClient, filled: Store) -> None:
    client.headers.pop("Authorization")
    calls: dict[str, Callable[[], Any]] = {
        "suggest": lambda: client.post("/v1/suggest", json={"text": "x", "scheme": "body-part"}),
        "code": lambda: client.post("/v1/code", json={"record": {"narrative": "x"}}),
        "queue": lambda: client.post("/v1/queue/next", json={}),
        "read": lambda: client.get("/v1/schemes"),
        "metrics": lambda: client.get("/v1/metrics"),
    }
    for call in calls.values():
        assert call().status_code == 401
    client.headers.update({"Authorization": "Bearer nc_wrong"})
    assert calls["read"]().status_code == 401
    for scope in users.SCOPES:
        client.headers.update(token(filled, "ann", scope))
        for name, call in calls.items():
            assert call().status_code == (200 if name == scope else 403), (scope, name)
    with filled.write() as session:
        users.revoke_tokens(filled, session, "ann")
    assert calls["metrics"]().status_code == 401


def test_tokens_and_passwords_are_stored_as_hashes(filled: Store) -> None:
    made = token(filled, "ann", "read")["Authorization"].removeprefix("Bearer ")
    with filled.engine.connect() as connection:
        stored = str(connection.execute(sa.text("SELECT * FROM tokens")).all())
        passwords = str(connection.execute(sa.text("SELECT password FROM users")).all())
    assert made not in stored
    assert passwords.count("$argon2id$") == 1


def test_an_idempotency_key_decides_once(client: TestClient, filled: Store) -> None:
    turn = client.post("/v1/queue/next", json={}).json()["turn"]
    headers = {"Idempotency-Key": "case-1"}
    first = client.post(f"/v1/queue/{turn}/decide", json={"code": HAND}, headers=headers)
    again = client.post(f"/v1/queue/{turn}/decide", json={"code": HAND}, headers=headers)
    assert first.json() == again.json()
    assert again.status_code == 200
    other = client.post(f"/v1/queue/{turn}/decide", json={"code": "5.5"}, headers=headers)
    assert other.status_code == 409
    with filled.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Decision)) == 1
        assert "caught" not in str(session.scalars(sa.select(Receipt)).one().answer)


def test_a_batch_job_runs_and_drops_its_input(client: TestClient, filled: Store) -> None:
    records = [{"narrative": f"hand {n}"} for n in range(3)]
    job = client.post("/v1/batch", json={"records": records}).json()
    state = finished(client, job["id"])
    assert [r["body-part"]["code"] for r in state["result"]] == ["5.4"] * 3
    with filled.read() as session:
        assert session.scalars(sa.select(Job.records)).one() is None
    person(filled, "bob")
    mine = dict(client.headers)
    client.headers.update(token(filled, "bob"))
    assert client.get(f"/v1/batch/{job['id']}").status_code == 404
    client.headers.update(mine)
    assert client.delete(f"/v1/batch/{job['id']}").json() == {"ok": True}


def test_a_fault_of_the_engine_fails_the_job_not_the_worker(
    filled: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with filled.read() as session:
        ann = users.named(session, "ann")
    worker = Worker(filled, Engine())
    texts = f"explode {PLANTED}", "hand"
    with filled.write() as session:
        bad, good = (
            jobs.add(filled, session, ann, [{"narrative": text}], ["body-part"]) for text in texts
        )
    assert [worker.step(), worker.step(), worker.step()] == [True, True, False]
    assert jobs.state(filled, ann, bad.id).error == "internal"
    assert jobs.state(filled, ann, good.id).state == "done"
    assert PLANTED not in caplog.text


def finished(client: TestClient, job: str) -> dict[str, Any]:
    for _ in range(200):
        state: dict[str, Any] = client.get(f"/v1/batch/{job}").json()
        if state["state"] not in ("waiting", "running"):
            return state
        threading.Event().wait(0.05)
    raise AssertionError("the job did not end")


def test_a_batch_can_leave_its_review_cases_in_the_queue(client: TestClient, filled: Store) -> None:
    records = [{"id": f"n{n}", "narrative": f"unsure about case {n % 2}"} for n in range(3)]
    records += [{"id": "n3", "narrative": "hand caught", "shift": "night"}]
    body = {"records": records, "queue": True, "source": "claims"}
    header = {"Idempotency-Key": "one"}
    job = client.post("/v1/batch", json=body, headers=header).json()
    assert client.post("/v1/batch", json=body, headers=header).json()["id"] == job["id"]
    state = finished(client, job["id"])
    assert state["queued"] == {"body-part": 3}
    assert [r["body-part"]["status"] for r in state["result"]] == ["review"] * 3 + ["auto"]
    turn = client.post("/v1/queue/next", json={"source": "claims"}).json()
    assert (turn["text"], turn["records"]) == ({"narrative": "unsure about case 0"}, 2)
    assert [c["code"] for c in turn["candidates"]] == ["5.4", "5.5"]
    plain = client.post("/v1/batch", json={"records": records}).json()
    assert finished(client, plain["id"])["queued"] is None
    with filled.read() as session:
        ledger.verify(session)
        imports = sa.select(Entry.user_id).where(Entry.action == "import").order_by(Entry.seq)
        assert session.scalars(imports).all() == [None, users.named(session, "ann").id]
        assert session.scalar(sa.select(sa.func.count()).select_from(Record)) == 16 + 4


def test_queueing_needs_its_own_scope_a_role_and_a_text(client: TestClient, filled: Store) -> None:
    body = {"records": [{"narrative": "unsure"}], "queue": True}
    wrong = {"records": [{"a": "1", "b": "2"}], "queue": True}
    assert client.post("/v1/batch", json=wrong).status_code == 422
    client.headers.update(token(filled, "ann", "code"))
    assert client.post("/v1/batch", json=body).status_code == 403
    assert client.post("/v1/batch", json={**body, "queue": False}).status_code == 202
    person(filled, "rita", "reader")
    client.headers.update(token(filled, "rita", "code", "queue"))
    assert client.post("/v1/batch", json=body).status_code == 403
    for path in ("next", "undo", "1/keep"):
        assert client.post(f"/v1/queue/{path}", json={}).status_code == 403


def test_hostile_requests_end_in_a_plain_refusal(client: TestClient) -> None:
    sent = {"content-type": "application/json"}
    for body in ("[" * 100_000, '{"text":' * 20_000, '{"limit": %s}' % ("9" * 5000), b"\xff\xfe",
                 '{"text": "\\ud800", "scheme": "body-part"}', '{"limit": 1e999}'):  # fmt: skip
        answer = client.post("/v1/suggest", content=body, headers=sent)
        assert answer.status_code in (400, 422)
        assert set(answer.json()) == {"error", "message", "context"}
    for origin in ("http://[", "http://]", "null", "\\\\evil", "http://evil.example"):
        answer = client.post("/login", data={"name": "a"}, headers={"origin": origin})
        assert answer.status_code == 403
    for path in ("/static/..%2f..%2fstore.py", "/static/%2e%2e/%2e%2e/store.py", "/static/a%00b"):
        assert client.get(path).status_code == 404


def test_a_job_that_cannot_be_queued_fails_whole(filled: Store) -> None:
    with filled.write() as session:
        ann = users.named(session, "ann")
        records = [{"narrative": "unsure"}]
        job = jobs.add(filled, session, ann, records, ["body-part"], "claims")
        session.execute(sa.update(Job).values(schemes=["no-such-scheme"]))
    assert Worker(filled, Engine()).step()
    state = jobs.state(filled, ann, job.id)
    assert (state.state, state.queued) == ("failed", None)
    with filled.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Record)) == 16


def test_narratives_reach_no_error_log_or_metric(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asked: list[tuple[str, Any]] = [
        ("/v1/suggest", {"text": PLANTED, "scheme": PLANTED}),
        ("/v1/suggest", {"text": f"explode {PLANTED}", "scheme": "body-part"}),
        ("/v1/suggest", {"text": [PLANTED], "scheme": "body-part"}),
        ("/v1/suggest", {"text": PLANTED * 5000, "scheme": "body-part"}),
        ("/v1/code", {"record": {PLANTED: 3}}),
        ("/v1/code", {"record": {"narrative": PLANTED}, PLANTED: 1}),
        ("/v1/batch", {"records": [{PLANTED: [PLANTED]}]}),
        ("/v1/queue/1/decide", {"code": PLANTED, "note": PLANTED}),
        ("/v1/queue/1/return", {"note": PLANTED * 1000}),
        ("/v1/schemes/body-part/search", {"query": PLANTED}),
    ]
    for path, body in asked:
        answer = client.post(path, json=body)
        assert PLANTED not in answer.text, path
    answer = client.post("/v1/code", content=f'{{"record": "{PLANTED}'.encode())
    assert (answer.status_code, PLANTED in answer.text) == (422, False)
    assert PLANTED not in client.get("/v1/metrics").text
    formatter = QuietFormatter("%(message)s")
    assert PLANTED not in "".join(formatter.format(record) for record in caplog.records)
    answer = client.post("/v1/suggest", json={"text": "explode", "scheme": "body-part"})
    assert "server failed (ValueError)" in answer.text


def test_the_log_shows_where_it_failed_not_on_what() -> None:
    try:
        Engine().suggest(f"explode {PLANTED}", "body-part")
    except ValueError:
        record = logging.LogRecord("x", 40, "", 0, "failed", None, sys.exc_info())
    text = QuietFormatter("%(message)s").format(record)
    assert "ValueError" in text
    assert "in suggest" in text
    assert PLANTED not in text


def test_metrics_name_routes_not_paths(client: TestClient) -> None:
    client.post("/v1/queue/123456/keep")
    text = client.get("/v1/metrics").text
    assert 'route="/v1/queue/{turn}/keep"' in text
    assert "123456" not in text
    assert 'narracoder_queue_turns{role="clerk",scheme="body-part"} 10.0' in text


def test_security_headers_on_every_answer(client: TestClient) -> None:
    for path in ("/login", "/v1/health", "/v1/nothing", "/static/page.js", "/static/none"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == CSP
        assert "unsafe" not in CSP
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
    assert client.get("/login").headers["cache-control"] == "no-store"


def test_cookies_are_closed_to_scripts_and_other_sites(filled: Store) -> None:
    app = create_app(Context(store=filled, https=True))
    with TestClient(app, base_url="https://desk") as client:
        data = {"name": "ann", "password": "correct horse battery"}
        answer = client.post("/login", data=data, follow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=lax", "secure"))
    assert "strict-transport-security" in answer.headers


@pytest.mark.parametrize(("path", "limit"), [("/v1/code", BODY_LIMIT), ("/v1/batch", BATCH_LIMIT)])
def test_bodies_have_a_limit(client: TestClient, path: str, limit: int) -> None:
    answer = client.post(path, content=b" " * (limit + 1))
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")

    def parts() -> Iterator[bytes]:
        for _ in range(limit // 65536 + 2):
            yield b" " * 65536

    assert client.post(path, content=parts()).status_code == 413


def test_too_many_requests_wait(filled: Store) -> None:
    context = Context(store=filled, by_user=Limiter(60, 3))
    with TestClient(create_app(context), headers=token(filled, "ann")) as client:
        states = [client.get("/v1/schemes").status_code for _ in range(5)]
        assert states == [200, 200, 200, 429, 429]
        assert int(client.get("/v1/schemes").headers["retry-after"]) >= 1
    context = Context(store=filled, by_address=Limiter(0.01, 2))
    with TestClient(create_app(context)) as client:
        states = [client.get("/v1/health").status_code for _ in range(3)]
    assert states == [200, 200, 429]


def test_a_bucket_refills() -> None:
    now = [0.0]
    limiter = Limiter(60, 2, clock=lambda: now[0])
    limiter.spend("a")
    limiter.spend("a")
    with pytest.raises(RateError):
        limiter.spend("a")
    limiter.spend("b")
    now[0] += 1.0
    limiter.spend("a")


class _Receiver(HTTPServer):
    """Keeps what it gets; answers with the statuses of `answers`, then 204."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.send_header("Location", "http://127.0.0.1:9/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_the_webhook_tells_signed_at_least_once_and_without_text(
    filled: Store, clock: Clock
) -> None:
    receiver = _Receiver()
    thread = threading.Thread(target=receiver.serve_forever)
    thread.start()
    try:
        ann = person(filled, "cleo")
        with filled.write() as session:
            held = queue.take(filled, session, ann)
            assert held is not None
            queue.decide(filled, session, ann, held.turn.id, code=HAND, note=PLANTED)
        target = Target(f"http://127.0.0.1:{receiver.server_port}/hook", "0123456789abcdef")
        assert "0123456789abcdef" not in repr(target)
        deliverer = Deliverer(filled, target)
        receiver.answers = [500, 302]
        assert deliverer.step()
        assert not deliverer.step()  # not due yet
        clock.pass_(1)
        assert deliverer.step()
        clock.pass_(1)
        assert deliverer.step()
        assert not deliverer.step()
    finally:
        receiver.shutdown()
        thread.join()
        receiver.server_close()
    assert len(receiver.got) == 3
    headers, body = receiver.got[2]
    signature = hmac.new(b"0123456789abcdef", body, hashlib.sha256).hexdigest()
    assert headers["X-Narracoder-Signature"] == f"sha256={signature}"
    message = json.loads(body)
    assert (message["event"], message["code"], message["records"]) == (
        "decided",
        HAND,
        ["c0", "c1", "c2"],
    )
    assert b"caught" not in body
    assert PLANTED.encode() not in body
    with filled.read() as session:
        event = session.scalars(sa.select(Event)).one()
        assert (event.attempts, event.sent_at) == (3, clock())


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x", "http://", "x"])
def test_a_webhook_goes_to_http_only(url: str) -> None:
    with pytest.raises(ConflictError):
        Target(url, "0123456789abcdef")
