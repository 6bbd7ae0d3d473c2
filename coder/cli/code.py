"""`coder code`: the main job, files in and files out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coder.cli.console import comma_separated, input_files, named_value, notice, progress_bar
from coder.cli.loading import TIER, EngineSpec

if TYPE_CHECKING:
    from coder.evidence.time_lost import Order
    from coder.model.model import Tier

_FILE = click.Path(path_type=Path)
FORMAT = click.option(
    "--format",
    "file_format",
    type=click.Choice(["csv", "parquet", "xlsx"]),
    default="csv",
    show_default=True,
    help="Format of the coded file. review and rejected files are CSV.",
)


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "--out", required=True, type=_FILE, metavar="DIR", help="Folder for the result; made if absent."
)
@click.option("--schemes", metavar="A,B", help="Schemes to code. Default: all that have a column.")
@click.option(
    "--text",
    multiple=True,
    metavar="SCHEME=COL,COL",
    help="Columns that hold a scheme's text, the main one first. Default: by name.",
)
@click.option(
    "--model",
    multiple=True,
    metavar="NAME=PATH",
    help="Use the model, or the revision (CSV files), in folder PATH for a scheme.",
)
@click.option("--policy", multiple=True, type=_FILE, metavar="FILE", help="Use this policy.")
@click.option(
    "--target-accuracy",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="SHARE",
    help="Use the models' policies for this accuracy of automatic codes. Default: 0.95.",
)
@FORMAT
@TIER
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Code on the workers of the Dask scheduler at ADDRESS, as in tcp://host:8786.",
)
@click.option(
    "--memory",
    type=_FILE,
    metavar="FILE",
    help="Take decisions on texts that earlier runs with this FILE decided, and add the new ones.",
)
@click.option("--resume", is_flag=True, help="Continue a run that was interrupted.")
@click.option("--force", is_flag=True, help="Replace the run that DIR holds.")
@click.option(
    "--redact", is_flag=True, help="Mask names, phones, e-mail and identity numbers first."
)
@click.option(
    "--batch-size",
    type=click.IntRange(1, 100_000),
    default=2000,
    show_default=True,
    help="Distinct texts coded together, and lost when a run is killed.",
)
@click.option(
    "--facts",
    is_flag=True,
    help="Add the facts of each case: commuting, fatal, persons injured, days lost, violence.",
)
@click.option(
    "--dates",
    type=click.Choice(["iso", "dmy", "mdy"]),
    default="iso",
    show_default=True,
    help="What comes first in dates as 03/04/2024; iso leaves them to a person. For --facts.",
)
@click.option("--id-column", metavar="COL", help="Record id. Default: id, record_id or case_id.")
@click.option("--encoding", help="Text encoding of CSV input. Default: found from the file.")
@click.option("--delimiter", help="Delimiter of CSV input. Default: found from the file.")
@click.option("--sheet", help="Sheet of Excel input, by name or number. Default: the first.")
@click.option("--progress", is_flag=True, help="Show progress even when stderr is not a terminal.")
@click.option("--quiet", is_flag=True, help="Print no summary.")
def code(
    inputs: tuple[str, ...],
    out: Path,
    schemes: str | None,
    text: tuple[str, ...],
    model: tuple[str, ...],
    policy: tuple[Path, ...],
    target_accuracy: float | None,
    file_format: str,
    tier: Tier,
    jobs: int,
    cluster: str | None,
    memory: Path | None,
    resume: bool,
    force: bool,
    redact: bool,
    batch_size: int,
    facts: bool,
    dates: Order,
    id_column: str | None,
    encoding: str | None,
    delimiter: str | None,
    sheet: str | None,
    progress: bool,
    quiet: bool,
) -> None:
    """Code the records in INPUT files (CSV, Parquet, Excel; .gz; patterns).

    Writes into DIR: coded.csv (every input column and the codes), review.csv (what needs a
    person, most informative first), rejected.csv (rows that could not be read) and run.json
    (counts, models, settings).
    """
    if resume and force:
        raise click.UsageError("--resume continues a run, --force replaces it: give one of them")
    if cluster and jobs > 1:
        raise click.UsageError("--jobs is for this machine, --cluster for others: give one of them")
    from coder.batch import Job, ReadOptions, code_files

    chosen = comma_separated(schemes)
    models = tuple(
        (name, Path(path)) for name, path in (named_value(item, "--model") for item in model)
    )
    job = Job(
        inputs=input_files(inputs),
        out=out,
        loader=EngineSpec(models, policy, chosen, target_accuracy, tier),
        schemes=chosen,
        text=_text_columns(text),
        file_format=file_format,
        jobs=jobs,
        cluster=cluster,
        memory=memory,
        batch_size=batch_size,
        id_column=id_column,
        reading=ReadOptions(encoding, delimiter, sheet),
        redact=redact,
        facts=facts,
        dates=dates,
        resume=resume,
        force=force,
    )
    try:
        with progress_bar("records", always=progress) as show:
            summary = code_files(job, show)
    except KeyboardInterrupt:
        notice(f"what is coded so far is kept: continue with the same command and --resume ({out})")
        raise
    if not quiet:
        summarise(summary.content, out, was_complete=summary.was_complete)


def _text_columns(options: Sequence[str]) -> dict[str, tuple[str, ...]]:
    columns: dict[str, tuple[str, ...]] = {}
    for option in options:
        scheme, names = named_value(option, "--text")
        columns[scheme] = comma_separated(names) or ()
    return columns


def summarise(content: Mapping[str, object], out: Path, *, was_complete: bool) -> None:
    """Counts on stderr: stdout stays free for data."""
    counts = content["counts"]
    assert isinstance(counts, dict)
    if was_complete:
        notice("this run was complete; nothing was done")
    notice(
        f"{counts['read']:,} records read: {counts['coded']:,} coded, "
        f"{counts['rejected']:,} rejected; {counts['review']:,} need a person"
    )
    found = content["schemes"]
    assert isinstance(found, dict)
    width = max((len(name) for name in found), default=6)
    notice(f"{'scheme':<{width}}  {'auto':>11}  {'review':>11}  {'uncodable':>11}")
    for scheme, by_status in found.items():
        cells = "  ".join(f"{by_status[status]:>11,}" for status in ("auto", "review", "uncodable"))
        notice(f"{scheme:<{width}}  {cells}")
    without = content["schemes_without_text"]
    if isinstance(without, list) and without:
        notice(f"no text column, so not coded: {', '.join(without)}")
    if "texts_from_memory" in content:
        texts, known = counts["distinct_texts"], content["texts_from_memory"]
        notice(f"{known:,} of {texts:,} distinct texts were decided by an earlier run")
    outputs = content["outputs"]
    assert isinstance(outputs, dict)
    files = ", ".join([*outputs, "run.json"])
    rate = f"{content['seconds']:,} s, {content['records_per_second']:,} records/s"
    notice(f"{rate}; {out}: {files}")
