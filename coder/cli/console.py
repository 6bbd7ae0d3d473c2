"""What the commands share: progress, notices, and reading option values."""

from __future__ import annotations

import glob
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from coder.errors import InputError


def notice(line: str) -> None:
    """A line about the run, on stderr, so that stdout stays data."""
    click.echo(line, err=True)


def comma_separated(value: str | None) -> tuple[str, ...] | None:
    """The parts of "a,b"; None for an option that was not given."""
    if value is None:
        return None
    parts = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    if not parts:
        raise click.UsageError("an empty list: name one or more, separated by commas")
    return parts


def named_value(value: str, option: str) -> tuple[str, str]:
    """The two sides of "name=value". Raises click.UsageError."""
    name, equals, rest = value.partition("=")
    if not (name.strip() and equals and rest.strip()):
        raise click.UsageError(f"{option} wants NAME=VALUE, not '{value}'")
    return name.strip(), rest.strip()


def input_files(patterns: Sequence[str]) -> tuple[Path, ...]:
    """Files named or matched by patterns, each once, matches in name order.

    Raises InputError for a file that is not there, a folder, or a pattern without a match.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(pattern)
        if path.is_dir():
            raise InputError(f"{pattern} is a folder: name its files, as in '{pattern}/*.csv'")
        # Path.glob takes no absolute pattern
        matches = [path] if path.exists() else list(map(Path, sorted(glob.glob(pattern))))  # noqa: PTH207
        if not matches:
            raise InputError(f"{pattern}: no such file", file=pattern)
        found.update(dict.fromkeys(match for match in matches if not match.is_dir()))
    if not found:
        raise InputError("the patterns match folders only")
    return tuple(found)


@contextmanager
def progress_bar(
    unit: str, *, always: bool = False, label: str = ""
) -> Iterator[Callable[[int, int], None]]:
    """A bar with rate and time left, on stderr and only where a person watches it.

    Yields a function of (done, all). `always` shows it even into a file.
    """
    if not (always or sys.stderr.isatty()):
        yield lambda _done, _all: None
        return
    from tqdm import tqdm

    with tqdm(desc=label or None, unit=f" {unit}", file=sys.stderr, dynamic_ncols=True) as bar:

        def show(done: int, everything: int) -> None:
            if bar.total is None:
                # what an earlier start has done says nothing about the rate of this one
                bar.reset(total=everything)
                bar.initial = bar.n = done
            bar.update(done - bar.n)
            bar.refresh()

        yield show


@contextmanager
def phase_bar(*, always: bool = False) -> Iterator[Callable[[str, float], None]]:
    """A bar for work in phases; yields a function of (what is being done, share done 0 to 1)."""
    if not (always or sys.stderr.isatty()):
        yield lambda _what, _share: None
        return
    from tqdm import tqdm

    form = "{desc:<24} {percentage:3.0f} %|{bar}| {elapsed}, {remaining} left"
    with tqdm(total=1000, file=sys.stderr, dynamic_ncols=True, bar_format=form) as bar:

        def show(what: str, share: float) -> None:
            bar.set_description_str(what, refresh=False)
            bar.update(round(share * 1000) - bar.n)
            bar.refresh()

        yield show
