"""`coder evaluate`: figures that can be published, and quality control of the automatic part."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.csv as pacsv

from coder.errors import InputError, OutputError
from coder.evaluate.case import Options
from coder.evaluate.change import compare_runs
from coder.evaluate.evaluate import FORMAT, describe_file, own_version
from coder.evaluate.evaluate import evaluate as run_evaluation
from coder.evaluate.page import build_report
from coder.evaluate.page_change import change_page, verified_page
from coder.evaluate.read import match_rows
from coder.evaluate.system import schemes_in
from coder.evaluate.tree import NONE, Tree
from coder.evaluate.verify import SHEET_COLUMNS, draw_sample, estimate
from coder.evaluate.write import Tables, write_results
from coder.figures.report import Report, render
from coder.figures.tables import Row, need, read_table
from coder.schemes import load_scheme

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


class _ReportByDefault(click.Group):
    """A group whose arguments mean `report` unless they start with another command's name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["report", *args]
        return super().parse_args(ctx, args)


def _listed(_ctx: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...]:
    """A comma-separated option as a tuple."""
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())


@click.group(cls=_ReportByDefault)
def evaluate() -> None:
    """Measure predictions against gold codes, compare systems, check the automatic part.

    \b
    coder evaluate CODED.csv --gold GOLD.csv --out DIR     figures and a report
    coder evaluate A.csv B.csv --gold GOLD.csv --out DIR   systems side by side
    coder evaluate --old A.csv --new B.csv --out DIR       what a new model changes
    coder evaluate sample CODED.csv --out SHEET.csv        records to verify by hand
    coder evaluate verified SHEET.csv                      what the check says

    The first three are short for `coder evaluate report …`, which lists their options.
    """


@evaluate.command()
@click.argument("predictions", nargs=-1, type=FILE)
@click.option("--gold", type=FILE, help="CSV or Parquet with an id and the codes people gave.")
@click.option("--old", type=FILE, help="With --new: predictions before the change.")
@click.option("--new", type=FILE, help="With --old: predictions after the change.")
@click.option("--out", type=FOLDER, required=True, help="Folder for the results.")
@click.option(
    "--scheme",
    "schemes",
    callback=_listed,
    help="Scheme name or CSV, or several separated by commas; by default those in the file.",
)
@click.option("--id", "id_column", help="Column that identifies records in all files.")
@click.option(
    "--gold-code",
    "gold_columns",
    callback=_listed,
    help="Gold column, or several acceptable ones separated by commas.",
)
@click.option("--code", "code_column", help="Column of the predictions that holds the code.")
@click.option("--by", callback=_listed, help="Columns to break the accuracy down by.")
@click.option("--weight", help="Column with survey weights, in the gold or prediction file.")
@click.option("--text", callback=_listed, help="Text columns, for accuracy by length.")
@click.option("--training", type=FILE, help="Training codes, to name codes never trained on.")
@click.option("--human", type=FILE, help="A second coder's codes, as the ceiling.")
@click.option("--drop-unknown", is_flag=True, help="Leave out gold codes not in the scheme.")
@click.option(
    "--bins", default=15, show_default=True, type=click.IntRange(2, 100), help="Reliability bins."
)
@click.option(
    "--replicates",
    default=500,
    show_default=True,
    type=click.IntRange(50, 10000),
    help="Bootstrap samples behind the intervals.",
)
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed of the bootstrap."
)
@click.option("--no-report", is_flag=True, help="Write the figures only, no report.html.")
def report(predictions: tuple[Path, ...], gold: Path | None, **_: object) -> None:
    """Evaluate PREDICTIONS (this engine's output, another system's, a clerk's) against gold.

    Writes metrics.json, tidy CSV tables and report.html into the folder of --out.
    """
    chosen = dict(click.get_current_context().params)
    old, new = chosen.pop("old"), chosen.pop("new")
    out, no_report = chosen.pop("out"), chosen.pop("no_report")
    for name in ("predictions", "gold"):
        chosen.pop(name)
    options = Options(**chosen)
    if old is not None or new is not None:
        if old is None or new is None or predictions or gold is not None:
            raise click.UsageError("--old and --new go together, without PREDICTIONS and --gold")
        meta, tables, trees = compare_runs(old, new, options)
        _write(out, meta, tables, None if no_report else change_page(meta, tables, trees))
        return
    if not predictions or gold is None:
        raise click.UsageError("name at least one prediction file and --gold FILE")
    meta, tables, cases = run_evaluation(predictions, gold, options)
    _write(out, meta, tables, None if no_report else build_report(meta, tables, cases))


def _write(out: Path, meta: Row, tables: Tables, page: Report | None) -> None:
    for path in write_results(out, meta, tables, None if page is None else render(page)):
        click.echo(path)


@evaluate.command()
@click.argument("coded", type=FILE)
@click.option("--scheme", help="Scheme to check; needed where the file codes several.")
@click.option("--n", default=300, show_default=True, type=click.IntRange(1), help="Records.")
@click.option(
    "--design",
    default="stratified",
    show_default=True,
    type=click.Choice(["stratified", "simple"]),
    help="Draw more where the engine is less sure, or all alike.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed.")
@click.option("--blind", is_flag=True, help="Hide the engine's codes; they go to SHEET.key.csv.")
@click.option("--out", type=FILE, required=True, help="Sheet to write (CSV).")
def sample(
    coded: Path, scheme: str | None, n: int, design: str, seed: int, blind: bool, out: Path
) -> None:
    """Draw automatic records of CODED to verify by hand, with their inclusion probabilities.

    Fill the sheet's verified_code column, then run `coder evaluate verified SHEET`.
    """
    table = read_table(coded)
    tree = _one_tree(scheme, schemes_in(table), coded.name)
    table, rows, sheet = draw_sample(table, tree, coded.name, n, design, seed)
    names = [c for c in table.column_names if c not in SHEET_COLUMNS]
    if blind:
        names = [c for c in names if not c.startswith(f"{tree.name}_")]
        hidden = pa.table({name: sheet[name] for name in ("sample_row", "sample_code")})
        _csv(hidden, out.with_suffix(".key.csv"))
        sheet["sample_code"] = [""] * len(rows)
    drawn = table.select(names).take(rows)
    for name, values in sheet.items():
        drawn = drawn.append_column(name, pa.array(values))
    _csv(drawn, out)
    click.echo(f"{len(rows)} records to verify in {out}")


@evaluate.command()
@click.argument("sheet", type=FILE)
@click.option("--key", type=FILE, help="The .key.csv of a blind sample.")
@click.option("--out", type=FOLDER, help="Folder for metrics.json, strata.csv and report.html.")
@click.option("--no-report", is_flag=True, help="Write the figures only, no report.html.")
def verified(sheet: Path, key: Path | None, out: Path | None, no_report: bool) -> None:
    """Estimate the error of the automatic part from a verified SHEET."""
    table = read_table(sheet)
    if key is not None:
        table = _uncover(table, read_table(key), sheet.name, key.name)
    schemes = need(table, "sample_scheme", sheet.name).unique().to_pylist()
    tree = _one_tree(None, [str(name) for name in schemes], sheet.name)
    found = estimate(table, tree, sheet.name)
    click.echo(
        f"{tree.name}: error of the automatic part {found.error:.2%} "
        f"(95 % interval {found.low:.2%} to {found.high:.2%}), {found.verified} verified of "
        f"{found.population} automatic records"
    )
    if found.not_verified or found.not_judged:
        click.echo(f"not verified {found.not_verified}, too coarse to judge {found.not_judged}")
    if out is not None:
        numbers = {k: v for k, v in asdict(found).items() if k != "strata"}
        file = describe_file(sheet, "verified")
        meta: Row = {"format": FORMAT, "narracoder": own_version(), "inputs": [file]}
        meta |= {"scheme": tree.name, **numbers}
        page = None if no_report else verified_page(found, tree.name, file)
        _write(out, meta, {"strata": found.strata}, page)


def _uncover(table: pa.Table, key: pa.Table, sheet: str, file: str) -> pa.Table:
    """The sheet of a blind sample with the engine's codes put back by row number."""
    rows = match_rows(need(table, "sample_row", sheet), need(key, "sample_row", file), file)
    if (rows == NONE).any():
        raise InputError(f"{file} lacks rows of {sheet}: it is the key of another sample")
    codes = need(key, "sample_code", file).take(pa.array(rows))
    return table.set_column(table.column_names.index("sample_code"), "sample_code", codes)


def _one_tree(wanted: str | None, found: list[str], file: str) -> Tree:
    if wanted is None and len(found) != 1:
        raise InputError(
            f"{file}: name one scheme with --scheme (found: {', '.join(found) or 'none'})"
        )
    return Tree.from_scheme(load_scheme(wanted or found[0]))


def _csv(table: pa.Table, path: Path) -> None:
    try:
        pacsv.write_csv(table, path)
    except OSError as error:
        raise OutputError(f"cannot write {path.name}: {error.strerror}") from error
