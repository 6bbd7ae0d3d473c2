"""`coder stats`: tables and rates from coded cases, and two sources side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from coder.cli.console import comma_separated, named_value
from coder.errors import InputError
from coder.figures.report import render
from coder.statistics.coverage import compare_sources
from coder.statistics.options import (
    CALENDAR,
    MONTH,
    NO_AREA,
    OWN_ROW,
    QUARTER,
    SPREAD,
    SYSTEMATIC,
    WORKDAYS,
    YEAR,
    Columns,
    Disclosure,
    Options,
)
from coder.statistics.page import build_page
from coder.statistics.page_coverage import coverage_page
from coder.statistics.run import make_statistics
from coder.statistics.write import write_comparison, write_publication

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
PATH = click.Path(path_type=Path)


class _TablesByDefault(click.Group):
    """A group whose arguments mean `tables` unless they start with another command's name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["tables", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_TablesByDefault)
def stats() -> None:
    """Make tables and rates of occupational injuries from coded cases (16th ICLS resolution).

    \b
    coder stats CODED --by injury-type --denominators WORKERS.csv --out DIR
    coder stats CODED --by isic-4,sex --by body-part:2 --disclosure 5 --out DIR
    coder stats CODED --by sex --revises LAST_YEAR --out DIR
    coder stats coverage INSURANCE.csv SURVEY.csv --key person_id,accident_date --out DIR

    The first three are short for `coder stats tables …`, which lists their options.
    """


def _pair(value: str, option: str, kind: type[int] | type[float]) -> tuple[int, float]:
    first, second = named_value(value.replace(",", "=", 1), option)
    try:
        return int(first), kind(second)
    except ValueError:
        raise click.UsageError(f"{option} wants two numbers, N,K") from None


def _bands(value: str) -> tuple[str, tuple[int, ...]]:
    """`age=15,25,35` as the column and where its bands start."""
    name, text = named_value(value, "--bands")
    parts = [part.strip() for part in text.split(",")]
    starts = tuple(int(part) for part in parts if part.isdecimal())
    if len(starts) < len(parts) or list(starts) != sorted(set(starts)):
        raise click.UsageError("--bands wants whole numbers that rise: COLUMN=15,25,35")
    return name, starts


@stats.command()
@click.argument("coded", type=PATH)
@click.option("--out", type=FOLDER, required=True, help="Folder for the tables.")
@click.option(
    "--by",
    multiple=True,
    metavar="A,B…",
    help="One table by these columns or codes (scheme or scheme:level); repeat for more tables.",
)
@click.option(
    "--denominators",
    type=FILE,
    help="CSV with workers, fte, hours or days_worked, per period and group.",
)
@click.option(
    "--codes",
    multiple=True,
    metavar="COLUMN=SCHEME",
    help="A column of codes that is not named <scheme>_code.",
)
@click.option(
    "--bands",
    multiple=True,
    metavar="COLUMN=A,B…",
    help="Bands of its numbers that start at A, B… (age=15,25,35), or of its times of day.",
)
@click.option("--period", default="period", show_default=True, help="Column of the period.")
@click.option(
    "--every",
    type=click.Choice([YEAR, QUARTER, MONTH]),
    help="Take the reference period from the date of the accident instead.",
)
@click.option("--accident-date", default="accident_date", show_default=True, help="Its column.")
@click.option("--death-date", default="death_date", show_default=True, help="Its column.")
@click.option("--return-date", default="return_date", show_default=True, help="Back at work.")
@click.option("--fatal", default="fatal", show_default=True, help="Column, yes or no.")
@click.option("--commuting", default="commuting", show_default=True, help="Column, yes or no.")
@click.option(
    "--occupational",
    default="occupational",
    show_default=True,
    help="Column: occupational, commuting or neither.",
)
@click.option(
    "--disease",
    default="occupational_disease",
    show_default=True,
    help="Column, yes or no: a disease from exposure is no injury.",
)
@click.option(
    "--country",
    metavar="COLUMN",
    help="Where the accident was: those outside --area are apart.",
)
@click.option(
    "--not-covered",
    multiple=True,
    metavar="TEXT",
    help="A group that the source leaves out, such as own-account workers; for the metadata.",
)
@click.option("--permanent", default="permanent", show_default=True, help="Column, yes or no.")
@click.option("--days-lost", default="days_lost", show_default=True, help="Column of days lost.")
@click.option(
    "--days",
    type=click.Choice([CALENDAR, WORKDAYS]),
    default=CALENDAR,
    show_default=True,
    help="What the days lost are; workdays are converted.",
)
@click.option(
    "--week",
    type=click.FloatRange(1, 7),
    default=5.0,
    show_default=True,
    help="Workdays in a week, for --days workdays.",
)
@click.option(
    "--persons",
    default="persons_injured",
    show_default=True,
    help="Column with the persons injured: a row is as many cases.",
)
@click.option("--one-per-row", is_flag=True, help="Every row is one case, whatever --persons says.")
@click.option("--case", help="Column that names the case: rows of one case are one, days added up.")
@click.option(
    "--per-all-workers",
    multiple=True,
    metavar="COLUMN",
    help="It describes the injury, not the worker: rates per all workers.",
)
@click.option(
    "--empty-groups", is_flag=True, help="Groups of the denominators without a case had none."
)
@click.option(
    "--undecided",
    type=click.Choice([OWN_ROW, SPREAD]),
    default=OWN_ROW,
    show_default=True,
    help="Records that wait for a person: a row of their own, or spread by their probabilities.",
)
@click.option(
    "--draws",
    type=click.IntRange(20, 10_000),
    default=200,
    show_default=True,
    help="Draws of the codes behind the coding error.",
)
@click.option(
    "--systematic",
    type=click.FloatRange(0, 3),
    default=SYSTEMATIC,
    show_default=True,
    help="How far the model's odds of a code may be off in this file, all records alike.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the draws.")
@click.option(
    "--disclosure",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Suppress cells of fewer than N cases, and others so that totals do not give them back.",
)
@click.option("--unit", help="Column of the statistical unit, such as the establishment.")
@click.option(
    "--minimum-units", type=click.IntRange(0), default=0, help="Suppress cells of fewer units."
)
@click.option("--dominance", metavar="N,K", help="Suppress where the N largest hold over K %.")
@click.option(
    "--p-percent",
    type=click.FloatRange(0, 100),
    default=0.0,
    help="Suppress where the second could estimate the largest within this.",
)
@click.option("--revises", type=FOLDER, help="Folder of an earlier release; changes are marked.")
@click.option("--describe", type=FILE, help="JSON on sources and concepts, for the metadata.")
@click.option("--title", default="Occupational injuries", show_default=True, help="Of the page.")
@click.option(
    "--area",
    default=NO_AREA,
    show_default=True,
    help="Code of your country or area: REF_AREA of the SDMX files.",
)
@click.option("--no-report", is_flag=True, help="Write no statistics.html.")
def tables(coded: Path, out: Path, **chosen: Any) -> None:
    """Tables of CODED: a folder that `coder code` wrote, or a CSV, Parquet or Excel file.

    Writes per table a tidy CSV and an SDMX-CSV with its structure, then figures.xlsx,
    metadata.json and statistics.html into --out. What counts, and what is refused:
    docs/statistics.md.

    \b
    coder stats out --by injury-type,sex --denominators workers.csv --out figures
    coder stats out --by body-part:2 --undecided spread --disclosure 5 --out figures
    """
    options = _options(chosen)
    described = _described(chosen["describe"])
    made = make_statistics(coded, chosen["denominators"], options, chosen["revises"], described)
    page = None if chosen["no_report"] else render(build_page(made, chosen["title"]))
    for path in write_publication(out, made, page, chosen["area"]):
        click.echo(path)


@stats.command()
@click.argument("first", type=FILE)
@click.argument("second", type=FILE)
@click.option("--key", "keys", required=True, help="Columns that name a case in both, as a,b.")
@click.option("--by", "strata", help="Columns within which coverage is estimated, as a,b.")
@click.option(
    "--codes",
    multiple=True,
    metavar="SCHEME",
    help="Compare these codes (scheme, or COLUMN=SCHEME); by default all that both files have.",
)
@click.option("--out", type=FOLDER, required=True, help="Folder for the tables and the page.")
@click.option("--no-report", is_flag=True, help="Write no coverage.html.")
def coverage(
    first: Path,
    second: Path,
    keys: str,
    strata: str | None,
    codes: tuple[str, ...],
    out: Path,
    no_report: bool,
) -> None:
    """Link two sources of the same period: coverage, under-reporting, differing codes.

    How many cases both miss is estimated from their overlap (capture-recapture, paragraph 25).

    \b
    coder stats coverage insurance.csv survey.csv --key person,date --by sex --out both
    """
    made = compare_sources(
        first, second, comma_separated(keys) or (), comma_separated(strata) or (), codes
    )
    page = None if no_report else render(coverage_page(made))
    for path in write_comparison(out, made, page):
        click.echo(path)


def _described(path: Path | None) -> dict[str, object]:
    """What the user says of the sources: a JSON object. Raises InputError for anything else."""
    if path is None:
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path.name} cannot be read as JSON", file=path.name) from error
    if not isinstance(found, dict):
        raise InputError(f"{path.name} is not a JSON object", file=path.name)
    return found


def _options(chosen: dict[str, Any]) -> Options:
    """The options of the library from those of the command line."""
    dominance = chosen["dominance"]
    named = {
        "fatal", "commuting", "occupational", "disease", "days_lost", "persons", "permanent",
        "accident_date", "death_date", "return_date", "period", "country",
    }  # fmt: skip
    by = [tuple(part.strip() for part in one.split(",") if part.strip()) for one in chosen["by"]]
    return Options(
        tables=tuple(dict.fromkeys(by)) or ((),),
        columns=Columns(**{name: chosen[name] for name in named}),
        codes=tuple(named_value(value, "--codes") for value in chosen["codes"]),
        bands=tuple(map(_bands, chosen["bands"])),
        area=chosen["area"],
        not_covered=chosen["not_covered"],
        characteristics=chosen["per_all_workers"],
        case=chosen["case"],
        unit=chosen["unit"],
        every=chosen["every"],
        days=chosen["days"],
        week=chosen["week"],
        one_per_row=chosen["one_per_row"],
        empty_groups=chosen["empty_groups"],
        undecided=chosen["undecided"],
        draws=chosen["draws"],
        seed=chosen["seed"],
        systematic=chosen["systematic"],
        disclosure=Disclosure(
            threshold=chosen["disclosure"],
            minimum_units=chosen["minimum_units"],
            dominance=_pair(dominance, "--dominance", float) if dominance else (0, 0.0),
            p_percent=chosen["p_percent"],
        ),
    )
