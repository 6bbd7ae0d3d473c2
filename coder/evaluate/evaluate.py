"""The whole evaluation of predictions against gold: all tables, and the report drawn from them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from coder.errors import InputError
from coder.evaluate.case import Case, Options, load_case, schemes_of
from coder.evaluate.code_rows import code_rows, confusion_rows, missing_rows, set_rows
from coder.evaluate.compare import comparison_rows
from coder.evaluate.distribution import distribution_rows
from coder.evaluate.groups import groupings
from coder.evaluate.measure import View, level_rows, own_level_rows
from coder.evaluate.trust_rows import automation_rows, calibration_rows, group_rows
from coder.evaluate.write import Tables
from coder.figures.tables import Row, read_table

FORMAT = 1
TABLES = (
    "levels",
    "codes",
    "missing",
    "confusions",
    "matrix",
    "sets",
    "reliability",
    "automation",
    "groups",
    "distribution",
    "dissimilarity",
    "comparison",
)


def describe_file(path: Path, role: str) -> Row:
    """What a result rests on: role, file name, bytes and SHA-256 of a file."""
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    return {"role": role, "file": path.name, "bytes": path.stat().st_size, "sha256": digest}


def own_version() -> str:
    """Version of the installed package, "unknown" in a bare checkout."""
    try:
        return version("narracoder")
    except PackageNotFoundError:
        return "unknown"


def evaluate(
    predictions: Sequence[Path], gold: Path, options: Options
) -> tuple[Row, Tables, list[Case]]:
    """Evaluate prediction files against gold.

    Returns the meta data of metrics.json, the tables (rows carry their scheme), and the cases.
    Raises InputError for files that cannot be used and SchemeError for unknown schemes. The
    result depends on the content of the files and on `options` only, not on the order of rows.
    """
    schemes = _schemes_with_gold(schemes_of(read_table(predictions[0]), options), gold, options)
    tables: Tables = {name: [] for name in TABLES}
    cases = [load_case(predictions, gold, scheme, options) for scheme in schemes]
    records: Row = {}
    for case in cases:
        records[case.tree.name] = case.counts
        for name, rows in case_tables(case, options).items():
            tables[name].extend({"scheme": case.tree.name, **row} for row in rows)
    inputs = [describe_file(path, "predictions") for path in predictions]
    inputs.append(describe_file(gold, "gold"))
    inputs += [
        describe_file(path, role)
        for path, role in ((options.human, "second coder"), (options.training, "training"))
        if path is not None
    ]
    meta: Row = {
        "format": FORMAT,
        "narracoder": own_version(),
        "inputs": inputs,
        "seed": options.seed,
        "bootstrap_replicates": options.replicates,
        "weight": options.weight or "",
        "records": records,
    }
    return meta, tables, cases


def _schemes_with_gold(found: list[str], gold: Path, options: Options) -> list[str]:
    """Of the schemes that a file codes, those that the gold file has a column for.

    Schemes that were asked for, and a lone one, stay: their column may have any name.
    """
    if options.schemes or len(found) == 1:
        return found
    names = set(read_table(gold).column_names)
    kept = [s for s in found if names & {f"{s}_gold", f"{s}_code", s}]
    if not kept:
        raise InputError(
            f"{gold.name} has no column named after a scheme of the predictions "
            f"({', '.join(found)}): name the scheme with --scheme",
            file=gold.name,
        )
    return kept


def case_tables(case: Case, options: Options) -> Tables:
    """All tables of one scheme."""
    views = [View(case, system) for system in case.systems]
    tables: Tables = {name: [] for name in TABLES}
    for view in views:
        scores, bins = calibration_rows(view, options)
        tables["levels"] += [*own_level_rows(view), *level_rows(view, options), *scores]
        tables["reliability"] += bins
        matrix, confusions = confusion_rows(view)
        tables["matrix"] += matrix
        tables["confusions"] += confusions
        per_code, index = distribution_rows(view, options)
        tables["distribution"] += per_code
        tables["dissimilarity"] += index
        for name, make in SIMPLE.items():
            tables[name] += list(make(view))
        tables["groups"] += list(group_rows(view, groupings(view, options)))
    if len(views) > 1:
        tables["comparison"] += list(comparison_rows(views, options))
    return tables


SIMPLE: dict[str, Callable[[View], Iterable[Row]]] = {
    "codes": code_rows,
    "missing": missing_rows,
    "sets": set_rows,
    "automation": automation_rows,
}
