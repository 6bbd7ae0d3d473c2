"""The way back into training: what people decided, with the random sample kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.orm import Session

from coder.errors import OutputError, TrainingError
from coder.review.export import FORMATS, write_rows
from coder.review.models import Item, Record, Result
from coder.review.sampling import draw
from coder.review.store import Store

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Decided:
    """Decided texts of a scheme, as tables of strings: the text columns, then `code`, `source`,
    `records` (how many records share the text) and `part`.

    `part` is what `coder train --part part` reads: the sample is `test`, the others are dealt to
    `fit` (8 of 10), `calibrate` and `tune` by their text, so the same text is always in the same.

    `training` is what people decided because the engine asked. `sample` are the randomly drawn
    automatic codes: it stays out of training, so that figures measured on it are unbiased.
    """

    scheme: str
    training: pa.Table
    sample: pa.Table


def decided(store: Store, scheme: str) -> Decided:
    """What people decided for `scheme`, in the order of the decisions; "cannot be coded" and
    known texts are left out.

    A text that was drawn into the sample is in the sample only, even when a later import asked
    for it, too. Raises TrainingError when nothing is decided.
    """
    with store.read() as session:
        drawn = set(
            session.scalars(
                sa.select(Result.item_id).where(
                    Result.scheme == scheme, Result.sampled.is_(True), Result.item_id.is_not(None)
                )
            )
        )
        items = _items(session, scheme)
    if not items:
        raise TrainingError(f"the review store holds no decisions for {scheme}", scheme=scheme)
    training = [i for i in items if i.id not in drawn and i.kind == "review"]
    sample = [i for i in items if i.id in drawn or i.kind == "sample"]
    columns = list(dict.fromkeys(c for i in items for c in i.text or {}))
    parts = [_part(i) for i in training], ["test"] * len(sample)
    return Decided(scheme, _table(training, columns, parts[0]), _table(sample, columns, parts[1]))


def undecided(store: Store, scheme: str, most: int = 5000) -> pa.Table:
    """Texts that nobody has decided, as a table of strings; at most `most`, drawn at random.

    Those waiting in the queue and those coded automatically, but none of the random sample.
    """
    with store.read() as session:
        waiting = sa.select(Item.id, Item.text).where(
            Item.scheme == scheme,
            Item.kind == "review",
            Item.state == "open",
            Item.text.is_not(None),
            ~sa.exists().where(Result.item_id == Item.id, Result.sampled.is_(True)),
        )
        automatic = (
            sa.select(Record.id, Record.fields)
            .join(Result, Result.record_id == Record.id)
            .where(
                Result.scheme == scheme,
                Result.status == "auto",
                Result.item_id.is_(None),
                Record.fields.is_not(None),
            )
        )
        texts: list[dict[str, str]] = []
        for kind, query in (("item", waiting), ("record", automatic)):
            ids = session.execute(query.with_only_columns(query.selected_columns[0])).scalars()
            drawn = sorted(ids, key=lambda number: draw(b"", kind, number))[:most]
            column = query.selected_columns[0]
            for start in range(0, len(drawn), _CHUNK):
                found = query.where(column.in_(drawn[start : start + _CHUNK]))
                texts.extend(row[1] or {} for row in session.execute(found))
    columns = list(dict.fromkeys(name for text in texts for name in text))
    values = {name: [text.get(name, "") for text in texts] for name in columns}
    return pa.table({name: pa.array(column, pa.string()) for name, column in values.items()})


def write_training(store: Store, scheme: str, path: Path) -> tuple[int, int]:
    """Write both tables of `decided` into one .csv, .xlsx or .parquet file.

    Returns the rows for training and the rows of the sample.
    """
    found = decided(store, scheme)
    both = pa.concat_tables([found.training, found.sample])
    form = path.suffix.lstrip(".")
    if form not in FORMATS:
        raise OutputError(f"unknown format '{form}': use {', '.join(FORMATS)}")
    write_rows(path, form, both.column_names, iter(both.to_pylist()))
    return found.training.num_rows, found.sample.num_rows


def _part(item: Item) -> str:
    return ("calibrate", "tune", *["fit"] * 8)[int(item.text_key[:8], 16) % 10]


def _items(session: Session, scheme: str) -> Sequence[Item]:
    query = (
        sa.select(Item)
        .where(
            Item.scheme == scheme,
            Item.state == "decided",
            Item.final_verdict == "code",
            Item.kind != "check",
            Item.text.is_not(None),
        )
        .order_by(Item.decided_at, Item.id)
    )
    return session.scalars(query).all()


def _table(items: Sequence[Item], columns: Sequence[str], parts: Sequence[str]) -> pa.Table:
    values: dict[str, list[str]] = {c: [(i.text or {}).get(c, "") for i in items] for c in columns}
    values["code"] = [i.final_code or "" for i in items]
    values["source"] = [i.final_source or "" for i in items]
    values["part"] = list(parts)
    values["records"] = [str(i.n_records) for i in items]
    return pa.table({name: pa.array(column, pa.string()) for name, column in values.items()})
