"""`coder review`: what the command line says and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from coder.cli.main import run as run_cli
from coder.cli.review import review
from tests.review.folders import plain_rows, write_folder

PASSWORD = "correct horse battery\n"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "review.sqlite"
    monkeypatch.setenv("NARRACODER_REVIEW", str(path))
    return path


def call(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(review, list(arguments), input=text, catch_exceptions=False)


def test_help_names_every_command() -> None:
    text = call("--help").output
    for name in ("init", "import", "serve", "export", "stats", "verify", "users", "redact"):
        assert f"  {name}" in text
    assert "127.0.0.1" in call("serve", "--help").output


def test_without_a_store_the_remedy_is_told(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli(["review", "verify"]) == 1
    assert "run `coder review init` first" in capsys.readouterr().err
    assert not store.exists()


def test_people(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call("init")
    call("users", "add", "ann", "--password-stdin", text=PASSWORD)
    assert run_cli(["review", "users", "token", "ann", "--scope", "everything"]) == 1
    assert call("users", "token", "ann", "--scope", "read").output.startswith("nc_")
    assert call("users", "revoke", "ann").output == "1 tokens revoked\n"
    call("users", "role", "ann", "supervisor")
    call("users", "password", "ann", "--password-stdin", text="another good one\n")
    call("users", "close", "ann")
    assert call("users", "list").output == "ann\tsupervisor\tclosed\n"
    assert json.loads(call("verify").output)["entries"] == 4


def test_a_weak_or_missing_password_adds_nobody(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coder.review.errors import ConflictError

    call("init")
    for password in ("", "short", "aaaaaaaaaaaa", "annannannann1"):
        with pytest.raises(ConflictError):
            call("users", "add", "ann", "--password-stdin", text=password + "\n")
    assert call("users", "list").output == ""


def test_import_twice_is_refused_and_settings_are_checked(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(write_folder(tmp_path / "out", plain_rows()))
    call("init", "--set", "double_share=0")
    call("import", folder)
    assert run_cli(["review", "import", folder]) == 1
    assert "in the store already" in capsys.readouterr().err
    assert run_cli(["review", "init", "--set", "double_share=2"]) == 1
    assert "between 0 and 1" in capsys.readouterr().err
    assert run_cli(["review", "import", str(tmp_path)]) == 1
    assert "no coded file" in capsys.readouterr().err


def test_a_work_list_goes_out_and_back(store: Path, tmp_path: Path) -> None:
    call("init", "--set", "double_share=0", "--set", "sample_share=0")
    call("import", str(write_folder(tmp_path / "out", plain_rows())))
    call("users", "add", "ann", "--password-stdin", text=PASSWORD)
    path = tmp_path / "ann.csv"
    assert "10 rows for ann" in call("export", str(path), "--for-clerk", "ann").output
    assert json.loads(call("import", str(path), "--clerk", "ann").output)["empty"] == 10


def test_redact_asks_first(store: Path, tmp_path: Path) -> None:
    call("init")
    call("import", str(write_folder(tmp_path / "out", plain_rows())))
    assert call("redact", "c5", text="n\n").exit_code == 1
    assert json.loads(call("redact", "c5", "--yes").output)["records"] == 1


def test_definitions_are_shown_with_the_codes(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "definitions.csv"
    path.write_text("scheme,code,definition\nbody-part,5.4,Below the wrist.\n", encoding="utf-8")
    assert "1 definitions loaded" in call("init", "--definitions", str(path)).output
    path.write_text("scheme,code\nbody-part,5.4\n", encoding="utf-8")
    assert run_cli(["review", "init", "--definitions", str(path)]) == 1
    assert "lacks the column definition" in capsys.readouterr().err
