"""Write the parts of docs/ that the program knows best: `python docs/generate.py`.

cli.md comes from the help of every command, files.md from the table of output columns. The test
tests/test_docs.py fails when they differ from what this script makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from coder.batch.columns import FACT_COLUMNS, Column, added_columns
from coder.cli.main import cli

HERE = Path(__file__).parent
_WIDTH = 92


def command_help(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[str, str]]:
    """(path, help) of a command and of all below it, in the order of their lists."""
    context = click.Context(
        command,
        parent=parent,
        info_name=name,
        terminal_width=_WIDTH,
        max_content_width=_WIDTH,
        **command.context_settings,
    )
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None and not found.hidden:
                yield from command_help(found, below, context)


def cli_page() -> str:
    """docs/cli.md."""
    parts = ["# Command line\n\nMade by `docs/generate.py` from the help of the commands.\n"]
    for path, text in command_help(cli, "coder"):
        parts.append(f"{'#' * min(1 + len(path.split()), 4)} {path}\n\n```\n{text.rstrip()}\n```\n")
    return "\n".join(parts)


def files_page() -> str:
    """docs/files.md."""
    rows = [_row(column) for column in added_columns("body-part")]
    facts = [_row(column) for column in FACT_COLUMNS]
    return f"""# Files

Made by `docs/generate.py` from `coder/batch/columns.py`.

`coder code` writes four files into the folder that `--out` names.

| file | what |
|---|---|
| `coded.csv` (`.parquet`, `.xlsx`) | every input column, then the columns below for each scheme |
| `review.csv` | the records that need a person, most informative first, with all columns below |
| `rejected.csv` | rows that could not be read: `source`, `row`, `reason`, `raw` |
| `run.json` | counts, settings, models with hashes, policy, versions, times |

In `rejected.csv` the `source` is the file's name, `row` the line at which the row starts (in Excel
the row of the sheet, in Parquet the number of the record), `raw` the content as it stood.

The counts add up, and are checked before anything is published: read = coded + rejected, and for
each scheme auto + review + uncodable = coded.

CSV is UTF-8 without a byte-order mark, with commas and LF, quoted where a cell needs it. In CSV
and Excel files a cell that a spreadsheet would execute gets an apostrophe in front; plain numbers
do not. An input column that has the name of an added one is kept as `<name>_input`.

| column | type | meaning | example | in |
|---|---|---|---|---|
{chr(10).join(rows)}

`{{scheme}}` is the scheme's name, as in `isco-08_code`. `body-part_side` exists for `body-part`
only.

With `--facts` these columns follow, once. Rows with a `facts_review` are in `review.csv`. The
facts are read from the narrative and from columns such as `accident_date`, `death_date`,
`return_date`, `absences`, `days_lost`, `workdays_lost`, `persons_injured`, `fatal`; dates outweigh
flags and numbers, and these outweigh the text. Paragraphs are those of the 16th ICLS resolution,
C190 is the Violence and Harassment Convention.

| column | type | meaning | example | in |
|---|---|---|---|---|
{chr(10).join(facts)}
"""


def _row(column: Column) -> str:
    name = column.name.format(s="{scheme}" if "side" not in column.name else "body-part")
    where = "review" if column.only_in_review else "coded, review"
    example = column.example.replace("|", "\\|")
    return f"| `{name}` | {column.type} | {column.meaning} | `{example}` | {where} |"


PAGES = {"cli.md": cli_page, "files.md": files_page}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
