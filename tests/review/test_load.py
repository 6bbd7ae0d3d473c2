"""Many clerks at once, and a server killed while it writes. Slow: CI runs them."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
import sqlalchemy as sa

from coder.review import ledger, users
from coder.review.importing import import_folder
from coder.review.models import Decision, Entry, Item, Turn
from coder.review.store import Store
from tests.review.conftest import configure, person
from tests.review.folders import FINGERS, HAND, review, write_folder

pytestmark = pytest.mark.slow
_RECORDS = 10_000
_SECONDS = 30.0


class Server:
    """`coder review serve` in a process of its own."""

    def __init__(self, location: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = "from coder.cli.review import review; review()"
        arguments = ["serve", "--no-engine", "--port", str(self.port), "--store", location]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", command, *arguments], env=environment, stderr=subprocess.PIPE
        )
        ends = time.monotonic() + 120
        while time.monotonic() < ends:
            try:
                self.ask("GET", "/v1/health", None, "")
                return
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        raise AssertionError("the server did not start")

    def ask(self, method: str, path: str, body: object, token: str) -> tuple[int, bytes]:
        """One request on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            connection.request(method, path, json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait(timeout=30)
        assert self.process.stderr is not None
        self.process.stderr.close()


def prepared(location: str, folder: Path, clerks: int, records: int) -> list[str]:
    """A store with one item per record, a tenth of them double-coded; a token per clerk."""
    store = Store.create(location)
    configure(store, double_share=0.1, sample_share=0.0, check_share=0.0)
    rows = [
        ({"id": str(n), "narrative": f"case {n}: hurt hand"}, review((HAND, 0.5), (FINGERS, 0.3)))
        for n in range(records)
    ]
    import_folder(store, write_folder(folder, rows))
    tokens = []
    for number in range(clerks):
        user = person(store, f"clerk{number}")
        with store.write() as session:
            tokens.append(users.new_token(store, session, user, "load", ["queue"], 1))
    store.close()
    return tokens


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


@pytest.mark.parametrize(("kind", "clerks"), [("postgresql", 50), ("sqlite", 10)])
def test_clerks_at_once(
    kind: str, clerks: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    location = str(tmp_path / "review.sqlite")
    if kind == "postgresql":
        location = request.getfixturevalue("new_postgres")()
    tokens = prepared(location, tmp_path / "out", clerks, _RECORDS)
    server = Server(location)
    ends = time.monotonic() + _SECONDS
    waits: list[float] = []
    saved: list[int] = []
    faults: list[bytes] = []

    def clerk(token: str) -> None:
        chance = random.Random(token)
        time.sleep(chance.random() * 4)
        while time.monotonic() < ends:
            started = time.perf_counter()
            status, answer = server.ask("POST", "/v1/queue/next", {}, token)
            waits.append(time.perf_counter() - started)
            if status != 200:
                faults.append(answer)
                return
            turn = json.loads(answer)["turn"]
            time.sleep(2 + chance.random() * 4)  # quicker than a person can read and think
            path = f"/v1/queue/{turn}/decide"
            status, answer = server.ask(
                "POST", path, {"code": chance.choice([HAND, FINGERS])}, token
            )
            if status == 200:
                saved.append(turn)
            else:
                faults.append(answer)

    try:
        with ThreadPoolExecutor(clerks) as pool:
            list(pool.map(clerk, tokens))
    finally:
        server.end()
    p95 = percentile(waits, 0.95) * 1000
    print(f"\n{kind}: {clerks} clerks, {len(saved)} decisions, next p95 {p95:.0f} ms")  # noqa: T201
    assert faults == []
    check(location, saved)
    assert p95 < 150


def check(location: str, saved: list[int]) -> None:
    """Every acknowledged decision is there once, nothing is lost, the ledger verifies."""
    store = Store.open(location)
    with store.read() as session:
        turns = list(session.scalars(sa.select(Decision.turn_id)))
        assert Counter(turns).most_common(1)[0][1] == 1
        assert set(saved) <= set(turns)
        twice = sa.select(Decision.item_id, Decision.user_id).group_by(
            Decision.item_id, Decision.user_id
        )
        assert session.execute(twice.having(sa.func.count() > 1)).all() == []
        count = sa.select(sa.func.count())
        done = session.scalar(count.select_from(Turn).where(Turn.state == "done"))
        entries = session.scalar(count.select_from(Entry).where(Entry.action == "decide"))
        assert len(turns) == done == entries
        items = session.scalar(count.select_from(Item))
        with_turn = session.scalar(sa.select(sa.func.count(sa.distinct(Turn.item_id))))
        assert items == with_turn
        ledger.verify(session)
    store.close()


@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_killed_twenty_times_while_writing(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    location = str(tmp_path / "review.sqlite")
    if kind == "postgresql":
        location = request.getfixturevalue("new_postgres")()
    tokens = prepared(location, tmp_path / "out", 4, 3000)
    saved: list[int] = []
    for round_ in range(20):
        server = Server(location)
        stop = threading.Event()

        def clerk(token: str, server: Server = server, stop: threading.Event = stop) -> None:
            try:
                while not stop.is_set():
                    _, answer = server.ask("POST", "/v1/queue/next", {}, token)
                    turn = json.loads(answer)["turn"]
                    path = f"/v1/queue/{turn}/decide"
                    status, _ = server.ask("POST", path, {"code": HAND}, token)
                    if status == 200:
                        saved.append(turn)
            except (OSError, HTTPException):
                return  # the server died in between: what was not acknowledged may be lost

        threads = [threading.Thread(target=clerk, args=(t,)) for t in tokens]
        for thread in threads:
            thread.start()
        before = len(saved)
        deadline = time.monotonic() + 10
        while len(saved) < before + 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(random.Random(round_).random() * 0.05)
        server.end(signal.SIGKILL)
        stop.set()
        for thread in threads:
            thread.join(timeout=30)
    assert len(saved) >= 100
    check(location, saved)
