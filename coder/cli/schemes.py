"""`coder schemes`: look at the classifications and convert codes between them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import click

from coder.cli.recode import recode
from coder.errors import InputError, OutputError, SchemeError
from coder.schemes import Crosswalk, Scheme, list_crosswalks, list_schemes, load_crosswalk
from coder.schemes import load_scheme as load
from coder.schemes.search import search as find_terms

_FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    show_default=True,
    help="How to print.",
)
# What a spreadsheet executes (the same rule as the batch output's, without its Arrow arrays).
_FORMULA = re.compile("[ \u00a0]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d+)*|[.,]\d+)(?:[eE][+-]?\d+)?%?")


@click.group()
def schemes() -> None:
    """List, show and search classifications; convert codes and recode files between them.

    \b
    coder schemes list
    coder schemes show isco-08 7212
    coder schemes search isco-08 "electrisian"
    coder schemes convert 7212 --from isco-08 --to isco-88
    coder schemes recode old.csv --from isco-88 --to isco-08 --out new
    """


schemes.add_command(recode)


@schemes.command("list")
@_FORMAT
def list_command(form: str) -> None:
    """List the shipped schemes with their number of codes at each level, and the crosswalks.

    \b
    coder schemes list
    coder schemes list --format json
    """
    rows = []
    for name in list_schemes():
        scheme = load(name)
        counts = "/".join(
            str(sum(entry.level == level for entry in scheme.codes.values()))
            for level in scheme.levels
        )
        rows.append((name, counts, scheme.title, scheme.version_hash[:12]))
    _print(form, ("scheme", "codes", "title", "version"), rows)
    if form == "text":
        pairs = ", ".join(f"{source} to {target}" for source, target in list_crosswalks())
        click.echo(f"\nCrosswalks, also backwards: {pairs}, isic-4 to isic-3")


@schemes.command()
@click.argument("scheme")
@click.argument("code", required=False)
@click.option("--level", type=click.IntRange(min=1), help="Down to this level only (1: coarsest).")
@_FORMAT
def show(scheme: str, code: str | None, level: int | None, form: str) -> None:
    """Show SCHEME as a tree, or CODE with the codes above and below it.

    SCHEME is a shipped name or a CSV file with the columns code, title, parent.

    \b
    coder schemes show injury-type
    coder schemes show isic-4 --level 2 --format csv
    coder schemes show isco-08 721
    """
    loaded = load(scheme)
    if code is None:
        wanted = list(loaded.codes)
    else:
        start = loaded.normalise(code)
        wanted = [*loaded.path(start), *_below(loaded, start)]
    entries = [loaded[c] for c in wanted if level is None or loaded[c].level <= level]
    if form == "text":
        for entry in entries:
            click.echo(f"{'  ' * (entry.level - 1)}{entry.code}  {entry.title}")
        return
    rows = [(e.code, e.title, e.level, e.parent or "") for e in entries]
    _print(form, ("code", "title", "level", "parent"), rows)


def _below(scheme: Scheme, code: str) -> Iterator[str]:
    for child in scheme.children(code):
        yield child
        yield from _below(scheme, child)


@schemes.command()
@click.argument("scheme")
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(min=1), default=10, show_default=True)
@_FORMAT
def search(scheme: str, words: Sequence[str], limit: int, form: str) -> None:
    """Find the codes of SCHEME whose title or index terms are nearest to WORDS.

    Misspellings and word order are forgiven. The score is 100 for the same words.

    \b
    coder schemes search isco-08 electrisian
    coder schemes search isic-4 "ready mixed concrete" --limit 3
    """
    loaded = load(scheme)
    rows = [
        (found.code, loaded[found.code].title, round(found.score, 1), found.term, found.source)
        for found in find_terms(loaded, " ".join(words), limit)
    ]
    if not rows and form == "text":
        click.echo(f"Nothing in {loaded.name} comes near; try fewer or other words.", err=True)
        return
    _print(form, ("code", "title", "score", "term", "source"), rows)


@schemes.command()
@click.argument("codes", nargs=-1, required=True)
@click.option("--from", "source", required=True, help="Scheme or coding system of the codes.")
@click.option("--to", "target", required=True, help="Scheme to convert to.")
@click.option("--column", help="Convert this column of a CSV file instead: CODES is the file.")
@click.option("--out", type=click.Path(path_type=Path), help="CSV file to write, with --column.")
@click.option("--force", is_flag=True, help="Write --out even if it exists.")
@_FORMAT
def convert(
    codes: Sequence[str],
    source: str,
    target: str,
    column: str | None,
    out: Path | None,
    force: bool,
    form: str,
) -> None:
    """Convert CODES, or a column of a CSV file, and give all targets.

    A code with several targets gives them all, marked partial: only one of them is right for a
    given case, and the code alone cannot tell which.

    \b
    coder schemes convert 1317 7212 --from isco-88 --to isco-08
    coder schemes convert S62.30xA --from icd-10 --to body-part
    coder schemes convert old.csv --column isco --from isco-88 --to isco-08 --out new.csv
    """
    crosswalk = load_crosswalk(source, target)
    if column is not None:
        if len(codes) != 1 or out is None:
            raise click.UsageError("--column needs exactly one CSV file and --out")
        _convert_file(crosswalk, Path(codes[0]), column, out, force)
        return
    rows: list[tuple[object, ...]] = []
    for code in codes:
        links = crosswalk.targets(code)
        for link in links:
            title = crosswalk.target_title(link.target)
            rows.append((code, link.target, title, "partial" if link.partial else "", link.note))
        if not links:
            rows.append((code, "", "", "", crosswalk.note(code) or "no counterpart"))
    _print(form, ("from", "to", "title", "partial", "note"), rows)


def _convert_file(crosswalk: Crosswalk, path: Path, column: str, out: Path, force: bool) -> None:
    """Stream a CSV and add <target>_code (targets joined by |), _partial and _note."""
    if out.exists() and path.exists() and out.samefile(path):
        raise OutputError(f"{out} is the input file; write to another one", file=str(out))
    if out.exists() and not force:
        raise OutputError(f"{out} exists already; use --force to replace it", file=str(out))
    counts = {"rows": 0, "several": 0, "none": 0, "unknown": 0}
    rows = _converted(crosswalk, path, column, counts)
    header = next(rows)
    unfinished = out.with_name(out.name + ".part")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(chain([header], rows))
        unfinished.replace(out)
    except OSError as error:
        reason = error.strerror or "cannot be written"
        raise OutputError(f"{out}: {reason}", file=str(out)) from error
    finally:
        unfinished.unlink(missing_ok=True)
    click.echo(
        f"{counts['rows']} rows: {counts['several']} with several targets, {counts['none']} "
        f"without a counterpart, {counts['unknown']} unknown or empty",
        err=True,
    )


def _converted(
    crosswalk: Crosswalk, path: Path, column: str, counts: dict[str, int]
) -> Iterator[list[str]]:
    """The header and the rows of the converted file."""
    name = crosswalk.target
    header, rows = _read(path)
    if column not in header:
        raise InputError(
            f"{path.name} has no column {column!r}; it has: {', '.join(header) or 'none'}",
            file=path.name,
            column=column,
        )
    place = header.index(column)
    yield [*map(_safe, header), f"{name}_code", f"{name}_partial", f"{name}_note"]
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise InputError(
                f"{path.name} row {number} has {len(row)} cells, not {len(header)}",
                file=path.name,
                row=number,
            )
        yield [*map(_safe, row), *_convert_cell(crosswalk, row[place], counts)]


def _read(path: Path) -> tuple[list[str], Iterator[list[str]]]:
    lines = _lines(path)
    first = next(lines, "")
    delimiter = max([",", ";", "\t"], key=first.count)
    header = next(csv.reader([first], delimiter=delimiter), [])
    return header, csv.reader(lines, delimiter=delimiter)


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from file
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise InputError(f"{path}: {reason}", file=str(path)) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is not UTF-8: save it as UTF-8 first") from error


def _convert_cell(crosswalk: Crosswalk, cell: str, counts: dict[str, int]) -> tuple[str, str, str]:
    counts["rows"] += 1
    try:
        links = crosswalk.targets(cell)
    except SchemeError:
        counts["unknown"] += 1
        return "", "", "unknown code" if cell.strip() else ""
    if not links:
        counts["none"] += 1
        return "", "", crosswalk.note(cell) or "no counterpart"
    counts["several"] += len(links) > 1
    return "|".join(link.target for link in links), str(int(links[0].partial)), ""


def _safe(cell: str) -> str:
    """A cell that no spreadsheet executes: an apostrophe before =, +, - or @, except numbers."""
    risky = _FORMULA.match(cell) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if risky else cell


def _print(form: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    if form == "json":
        records = [dict(zip(header, row, strict=True)) for row in rows]
        click.echo(json.dumps(records, ensure_ascii=False, indent=2))
    elif form == "csv":
        buffer = io.StringIO(newline="")
        csv.writer(buffer, lineterminator="\n").writerows([header, *rows])
        click.echo(buffer.getvalue(), nl=False)
    else:
        cells = [[str(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            click.echo(line.rstrip())
