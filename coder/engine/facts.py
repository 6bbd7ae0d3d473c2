"""The facts of cases as columns beside the codes: what `coder code --facts` adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import pyarrow as pa

from coder.engine.columns import cells, read_columns
from coder.evidence.cases import CaseFacts, case_facts, fact_columns
from coder.evidence.time_lost import Order
from coder.text import Role, resolve_fields

NARRATIVE_SCHEME = "injury-type"  # its text columns hold the narrative
REVIEW = "facts_review"
_YES_NO = {True: "yes", False: "no", None: None}
_TYPES = {"persons_injured": pa.int64(), "days_lost": pa.int64()}
FACTS = pa.schema(
    [
        pa.field(REVIEW if one.name == "review" else one.name, _TYPES.get(one.name, pa.string()))
        for one in fields(CaseFacts)
    ]
)


def columns_of_facts(names: Sequence[str], narrative: Sequence[str] | None = None) -> list[str]:
    """The input columns that the facts are read from, in the input's order.

    `narrative` names the text columns; without it they are found by name. Raises InputError
    when there is no narrative column.
    """
    texts = resolve_fields(names, NARRATIVE_SCHEME, narrative).columns[Role.NARRATIVE]
    used = {*texts, *fact_columns(names).values()}
    return [name for name in names if name in used]


def facts_table(
    table: pa.Table, narrative: Sequence[str] | None = None, order: Order = "iso"
) -> pa.Table:
    """The facts of every case, one row each, with the columns of FACTS. Pure.

    Flags are "yes" and "no", empty where nothing is known. `order` says whether days or months
    come first in dates as 03/04/2024. Raises InputError when there is no narrative column.
    """
    texts = read_columns(table, NARRATIVE_SCHEME, narrative)[Role.NARRATIVE]
    stated = {fact: cells(table, name) for fact, name in fact_columns(table.column_names).items()}
    known: dict[tuple[str, ...], CaseFacts] = {}
    found = []
    for row in zip(texts, *stated.values(), strict=True):
        if row not in known:
            known[row] = case_facts(row[0], dict(zip(stated, row[1:], strict=True)), order)
        found.append(known[row])
    columns = [[_cell(getattr(one, field.name)) for one in found] for field in fields(CaseFacts)]
    arrays = [pa.array(column, kind) for column, kind in zip(columns, FACTS.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=FACTS)


def _cell(value: object) -> object:
    if value is None or isinstance(value, bool):
        return _YES_NO[value]
    return value or None if isinstance(value, str) else value
