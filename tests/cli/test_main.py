"""The front door: exit statuses, one line per error, quick help."""

import os
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from coder.cli import main
from coder.errors import InputError, OutputError

ROOT = Path(__file__).parents[2]


def coder(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from coder.cli.main import main; main()", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip


def test_help_and_version_say_what_there_is() -> None:
    shown = coder("--help")
    assert shown.returncode == 0
    for name in main.cli.list_commands(click.Context(main.cli)):
        assert name in shown.stdout
    assert coder("--version").stdout.startswith("coder, version 0.")


def test_help_is_quick_because_it_imports_no_command() -> None:
    code = (
        "import sys; from coder.cli import main; status = main.run(['--help']);"
        "heavy = {'numpy', 'pyarrow', 'sklearn', 'scipy', 'torch', 'onnxruntime'};"
        "heavy &= set(sys.modules);"
        "assert not heavy, heavy; sys.exit(status)"
    )
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_listed_command_loads_and_explains_itself(name: str) -> None:
    if name not in main.cli.list_commands(click.Context(main.cli)):
        pytest.skip(f"coder {name} is not built yet")
    command = main.cli.get_command(click.Context(main.cli), name)
    assert command is not None
    assert command.name == name
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"coder {name} {parameter.opts[0]} has no help"


@pytest.mark.parametrize("arguments", [["nothing"], ["code"], ["code", "x"], ["code", "--what"]])
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    with CliRunner().isolation() as (_out, err, _):
        assert main.run(arguments) == 2
        assert "Usage:" in err.getvalue().decode()


def raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    @click.command()
    def broken() -> None:
        raise error

    monkeypatch.setattr(main.LazyGroup, "get_command", lambda *_: broken)
    with CliRunner().isolation() as (_out, err, _):
        return main.run(["code"]), err.getvalue().decode()


@pytest.mark.parametrize("kind", [InputError, OutputError])
def test_an_error_is_one_line_and_status_1(
    kind: type[InputError], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert raising(kind("a\nb"), monkeypatch) == (1, "error: a b\n")


def test_the_unexpected_tells_the_room_and_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    status, said = raising(ValueError("PLANTED narrative"), monkeypatch)
    assert status == 70
    assert said == (
        "internal error in coder.cli (ValueError); rerun with CODER_DEBUG=1 for the trace\n"
    )


def test_the_trace_is_there_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODER_DEBUG", "1")
    status, said = raising(ValueError("x"), monkeypatch)
    assert status == 70
    assert "Traceback" in said


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_interrupted_is_status_130(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    status, said = raising(error, monkeypatch)
    # click puts a line end after the ^C that the terminal shows
    assert (status, said.lstrip("\n")) == (130, "interrupted\n")


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = "from coder.cli.main import main; main()"
    reader = subprocess.Popen(
        f"{sys.executable} -c '{code}' --help | true", shell=True, cwd=ROOT,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    _, said = reader.communicate(timeout=60)
    assert "Traceback" not in said
    assert "Exception ignored" not in said
