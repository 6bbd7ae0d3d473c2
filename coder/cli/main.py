"""The front door: finds the command asked for, and turns every error into one line."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

import click

from coder.errors import CoderError

#: Commands in the order of `coder --help`, with the line that it prints. Each lives in the
#: module of `coder.cli` that has its name, and is imported only when it is asked for.
COMMANDS: Final[Mapping[str, str]] = {
    "code": "Code files of records; write coded, review and rejected files.",
    "suggest": "Suggest codes for one text.",
    "train": "Train a model from records that people coded.",
    "tune": "Derive a policy from a target accuracy.",
    "evaluate": "Measure predictions against codes that people assigned.",
    "review": "Serve the records that need a person, and keep their decisions.",
    "schemes": "List, show, search and convert classification codes.",
    "stats": "Make tables and rates from coded cases.",
    "models": "List, show and verify models.",
}
INTERRUPTED: Final = 130
INTERNAL: Final = 70
_DEBUG: Final = "CODER_DEBUG"


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is used, not to list it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [name for name in COMMANDS if importlib.util.find_spec(f"coder.cli.{name}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = getattr(importlib.import_module(f"coder.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="narracoder", prog_name="coder")
def cli() -> None:
    """Turn free-text case narratives into official statistical codes.

    What the engine is not sure of goes to a person. Exit status: 0 done, 1 an error that the
    message explains, 2 wrong usage, 70 an error in the program, 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with its exit status."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status. Errors are one line on stderr."""
    try:
        status = cli.main(args=arguments, prog_name="coder", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except CoderError as error:
        _say(f"error: {error.message}")
        return error.exit_status
    except BrokenPipeError:
        # the reader of our output has gone; keep the interpreter from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the one place where the unexpected is caught
        if os.environ.get(_DEBUG):
            traceback.print_exc()
        _say(
            f"internal error in {_room(error)} ({type(error).__name__}); "
            f"rerun with {_DEBUG}=1 for the trace"
        )
        return INTERNAL
    return status if isinstance(status, int) else 0


def _say(line: str) -> None:
    """One line on stderr, red where a person watches; line ends in names are flattened."""
    click.secho(" ".join(line.splitlines()), err=True, fg="red")


def _room(error: BaseException) -> str:
    """The part of the package in which the error arose: `coder.batch`, `coder.model`, …"""
    room = "coder"
    for frame, _ in traceback.walk_tb(error.__traceback__):
        name = str(frame.f_globals.get("__name__", ""))
        if name.startswith("coder."):
            room = ".".join(name.split(".")[:2])
    return room
