"""From an output folder to an export, through the CLI and over HTTP."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from coder.cli.review import review
from coder.review.api.app import create_app
from coder.review.api.context import Context
from coder.review.store import Store
from tests.review.folders import HAND, plain_rows, write_folder


def run(*args: str, text: str | None = None) -> str:
    result = CliRunner().invoke(review, list(args), input=text, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_file_to_queue_to_decisions_to_export(
    location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NARRACODER_REVIEW", location)
    run("init", "--set", "double_share=0", "--set", "sample_share=0")
    folder = write_folder(tmp_path / "out", plain_rows())
    report = json.loads(run("import", str(folder)))
    assert (report["records"], report["items"]["body-part"]) == (16, 10)
    run("users", "add", "ann", "--password-stdin", text="correct horse battery\n")
    token = run("users", "token", "ann", "--scope", "queue").strip()

    store = Store.open(location)
    app = create_app(Context(store=store))
    with TestClient(app, headers={"Authorization": f"Bearer {token}"}) as client:
        seen = 0
        while (answer := client.post("/v1/queue/next", json={})).status_code == 200:
            turn = answer.json()["turn"]
            done = client.post(f"/v1/queue/{turn}/decide", json={"code": HAND})
            assert done.json()["state"] == "decided"
            seen += done.json()["records"]
        assert (answer.status_code, seen) == (204, 12)

    store.close()

    assert json.loads(run("verify"))["texts"] == 10
    assert json.loads(run("stats"))["items"]["body-part"] == {"decided": 10}
    run("export", str(tmp_path / "final.csv"))
    with (tmp_path / "final.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["id"] for r in rows] == [f["id"] for f, _ in plain_rows()]
    sources = [r["body-part_source"] for r in rows]
    assert sources == ["one clerk"] * 12 + ["automatic"] * 4
    assert [r["body-part_status"] for r in rows] == ["decided"] * 12 + ["auto"] * 3 + ["uncodable"]
    assert {r["body-part_code"] for r in rows[:12]} == {HAND}
    assert rows[0]["body-part_title"]
    assert rows[0]["body-part_level"] == "2"
