"""`coder schemes recode`: files coded in one scheme, recoded to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coder.cli.code import FORMAT, summarise
from coder.cli.console import comma_separated, input_files, progress_bar
from coder.errors import InputError

if TYPE_CHECKING:
    from coder.engine.recode import Recoder

_FILE = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class RecodeSpec:
    """A recoding by name; a call loads it, in any process."""

    source: str
    target: str
    column: str
    texts: tuple[str, ...]
    sure: float

    def __call__(self) -> Recoder:
        """Load it. Raises SchemeError."""
        from coder.engine.recode import Recoder

        return Recoder.load(self.source, self.target, self.column, self.texts, self.sure)


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="FILE...")
@click.option("--from", "source", required=True, help="Scheme of the old codes, or a folder.")
@click.option(
    "--to", "target", required=True, help="Scheme to recode to, or the folder of a revision."
)
@click.option("--column", metavar="COL", help="Column of the old codes. Default: by name.")
@click.option(
    "--text", metavar="COL,COL", help="Columns of text that settle splits. Default: by name."
)
@click.option("--out", required=True, type=_FILE, metavar="DIR", help="Folder for the result.")
@click.option(
    "--sure",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.95,
    show_default=True,
    help="The text decides a split from this share on.",
)
@FORMAT
@click.option("--encoding", help="Text encoding of CSV input. Default: found from the file.")
@click.option("--delimiter", help="Delimiter of CSV input. Default: found from the file.")
@click.option("--sheet", help="Sheet of Excel input, by name or number. Default: the first.")
@click.option("--resume", is_flag=True, help="Continue a run that was interrupted.")
@click.option("--force", is_flag=True, help="Replace the run that DIR holds.")
@click.option("--quiet", is_flag=True, help="Print no summary.")
def recode(
    inputs: tuple[str, ...],
    source: str,
    target: str,
    column: str | None,
    text: str | None,
    out: Path,
    sure: float,
    file_format: str,
    encoding: str | None,
    delimiter: str | None,
    sheet: str | None,
    resume: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Recode FILEs that were coded in an older (or newer) scheme.

    A code with one target is converted. A code that became several is settled by the text where
    the index of those codes makes it clear, and is listed for review with all its targets where
    not. Writes coded, review and rejected files and run.json as `coder code` does.

    \b
    coder schemes recode old.csv --from isco-88 --to isco-08 --out new
    coder schemes recode old.xlsx --from isic-3.1 --to isic-4 --column isic --text what --out new
    """
    if resume and force:
        raise click.UsageError("--resume continues a run, --force replaces it: give one of them")
    from coder.batch import Job, ReadOptions, code_files, open_source
    from coder.engine.recode import Recoder

    files, reading = input_files(inputs), ReadOptions(encoding, delimiter, sheet)
    names = open_source(files[0], reading).schema.names
    old = _code_column(names, column, source)
    scheme = Recoder.load(source, target, old).target.name
    texts = _text_columns(names, old, scheme, comma_separated(text))
    job = Job(
        inputs=files,
        out=out,
        loader=RecodeSpec(source, target, old, texts, sure),
        schemes=(scheme,),
        text={scheme: texts or (old,)},
        file_format=file_format,
        reading=reading,
        resume=resume,
        force=force,
    )
    with progress_bar("records") as show:
        summary = code_files(job, show)
    if not quiet:
        summarise(summary.content, out, was_complete=summary.was_complete)


def _code_column(names: Sequence[str], asked: str | None, source: str) -> str:
    """The column of old codes. Raises InputError, listing the columns, unless there is just one."""
    if asked is not None:
        if asked in names:
            return asked
        raise InputError(
            f"no column '{asked}' for the old codes; found: {', '.join(names)}", column=asked
        )
    family = source.partition("-")[0]
    for wanted in ({source, f"{source}_code"}, {family, f"{family}_code"}, {"code"}):
        found = [name for name in names if name.casefold().replace(" ", "_") in wanted]
        if len(found) == 1:
            return found[0]
    raise InputError(
        f"which column holds the codes of {source}? Name it with --column; "
        f"found: {', '.join(names)}"
    )


def _text_columns(
    names: Sequence[str], old: str, scheme: str, asked: Sequence[str] | None
) -> tuple[str, ...]:
    from coder.text import Role, resolve_fields

    others = [name for name in names if name != old]
    if asked is not None:
        return resolve_fields(names, scheme, asked).names
    try:
        found = resolve_fields(others, scheme).columns
    except InputError:
        return ()
    return next(
        (found[role] for role in (Role.TITLE, Role.INDUSTRY, Role.NARRATIVE) if role in found), ()
    )
