"""`coder suggest`: what it asks of the engine and how it shows the answer."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from coder.cli import loading, main
from coder.errors import InputError

ROOT = Path(__file__).parents[2]


@dataclass
class Asked:
    """An engine that remembers what it was asked."""

    calls: list[tuple[Any, str, int]]
    schemes: tuple[str, ...] = ("isco-08", "isic-4")

    def suggest(self, record: Any, scheme: str, limit: int) -> list[SimpleNamespace]:
        self.calls.append((record, scheme, limit))
        if scheme == "isic-4":
            return []
        first = SimpleNamespace(
            code="7212", title="Welders and flame cutters", level=4, probability=0.93456,
            evidence=("welder", "index: Welder, gas"),
        )  # fmt: skip
        return [
            first,
            SimpleNamespace(code="72", title="Metal", level=2, probability=0.0, evidence=()),
        ]

    def code(self, record: Any, schemes: list[str]) -> dict[str, SimpleNamespace]:
        if schemes == ["isic-4"]:
            raise InputError("no text for isic-4")
        return {s: SimpleNamespace(suggestions=self.suggest(record, s, 5)) for s in schemes}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, str, int]]:
    found: list[tuple[Any, str, int]] = []
    monkeypatch.setattr(loading.EngineSpec, "__call__", lambda _self: Asked(found))
    return found


def run(*arguments: str, given: str = "") -> tuple[int, str, str]:
    with CliRunner().isolation(input=given) as (out, err, _):
        return main.run(arguments), out.getvalue().decode(), err.getvalue().decode()


def test_a_table_with_codes_probabilities_titles_and_evidence(calls: list[Any]) -> None:
    status, out, _ = run("suggest", "welder", "--scheme", "isco-08", "--limit", "2")
    assert status == 0
    assert calls == [("welder", "isco-08", 2)]
    assert out.splitlines() == [
        "isco-08",
        "  7212   93.5%  Welders and flame cutters  welder, index: Welder, gas",
        "  72      0.0%  Metal",
    ]


def test_all_schemes_by_default_and_nothing_to_say(calls: list[Any]) -> None:
    _, out, _ = run("suggest", "welder")
    assert [call[1] for call in calls] == ["isco-08", "isic-4"]
    assert "isic-4\n  nothing to say about this text\n" in out


def test_json(calls: list[Any]) -> None:
    _, out, _ = run("suggest", "welder", "--format", "json")
    found = json.loads(out)
    assert list(found) == ["isco-08", "isic-4"]
    assert found["isco-08"][0] == {
        "code": "7212",
        "title": "Welders and flame cutters",
        "level": 4,
        "probability": 0.9346,
        "evidence": ["welder", "index: Welder, gas"],
    }


def test_schemes_that_find_no_text_in_the_context_are_left_out(calls: list[Any]) -> None:
    status, out, _ = run("suggest", "fitter", "--tasks", "turns metal")
    assert status == 0
    assert "isic-4" not in out
    status, _, err = run("suggest", "fitter", "--tasks", "turns metal", "--scheme", "isic-4")
    assert (status, err) == (1, "error: no text for isic-4\n")


def test_context_makes_the_text_a_job_title(calls: list[Any]) -> None:
    run("suggest", "fitter", "--industry", "shipyard", "--scheme", "isco-08")
    assert calls[0][0] == {"job_title": "fitter", "industry": "shipyard"}


def test_standard_input(calls: list[Any]) -> None:
    assert run("suggest", "-", given="a welder\n")[0] == 0
    assert calls[0][0] == "a welder\n"
    status, _, err = run("suggest", "-", given=" \n")
    assert (status, err) == (1, "error: there is no text to code\n")


def test_the_shipped_engine_answers_in_a_process_of_its_own() -> None:
    code = "from coder.cli.main import main; main()"
    text = "welder burnt his left hand at the shipyard"
    command = [sys.executable, "-c", code, "suggest", text, "--scheme", "body-part"]
    shown = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert shown.stdout.split()[:2] == ["body-part", "5.4"]
