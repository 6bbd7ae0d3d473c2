"""Redacting or deleting a person's record on request, while the ledger still verifies.

The ledger holds salted digests only, so text and salt can go; what was decided stays.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from coder.review import ledger
from coder.review.errors import NotFoundError
from coder.review.models import Batch, Entry, Item, Job, Note, Record, Result, Turn
from coder.review.store import Store


@dataclass(frozen=True, slots=True)
class Redacted:
    """What was emptied: records, item texts that nobody else shares, notes on those items."""

    records: int
    texts: int
    notes: int


def redact(store: Store, key: str, *, source: str | None = None, delete: bool = False) -> Redacted:
    """Empty every record called `key` (in one source, or in all): its fields and its name.

    The texts of its items go as well when no other record shares them, with the clerks' notes on
    them, and finished batch jobs of the API are deleted whole. Codes stay, for the counts; with
    `delete` the record's rows and results go, too. Raises NotFoundError when there is none.
    """
    with store.write() as session:
        query = sa.select(Record).where(Record.key == key)
        if source is not None:
            query = query.join(Batch).where(Batch.source == source)
        records = session.scalars(query.order_by(Record.id).with_for_update(of=Record)).all()
        if not records:
            raise NotFoundError("there is no such record")
        now = store.clock()
        ids = [r.id for r in records]
        for record in records:
            record.fields, record.key, record.redacted_at = None, None, now
        session.flush()
        texts, notes = _empty_items(session, ids)
        if delete:
            session.execute(sa.delete(Result).where(Result.record_id.in_(ids)))
            session.execute(sa.delete(Record).where(Record.id.in_(ids)))
        session.execute(sa.delete(Job).where(Job.ended_at.is_not(None)))
        body = {"records": ids, "deleted": delete, "texts": texts, "notes": notes}
        ledger.append(session, at=now, user_id=None, action="redact", body=body)
    _forget_pages(store)
    return Redacted(records=len(ids), texts=len(texts), notes=len(notes))


def _empty_items(session: Session, records: list[int]) -> tuple[list[int], list[int]]:
    """Empty the items of these records that no readable record shares; item and note numbers."""
    mine = sa.select(Result.item_id).where(Result.record_id.in_(records))
    query = sa.select(Item).where(Item.id.in_(mine)).order_by(Item.id).with_for_update()
    texts: list[int] = []
    notes: list[int] = []
    for item in session.scalars(query).all():
        shared = session.scalar(
            sa.select(Record.id)
            .join(Result, Result.record_id == Record.id)
            .where(Result.item_id == item.id, Record.redacted_at.is_(None))
            .limit(1)
        )
        if shared is not None:
            continue
        texts.append(item.id)
        item.text = item.salt = item.evidence = None
        item.text_key = secrets.token_hex(32)  # an equal text must not find this item again
        if item.state != "decided":
            item.state = "redacted"
        session.execute(
            sa.update(Turn)
            .where(Turn.item_id == item.id, Turn.state == "open")
            .values(state="closed", until=0)
        )
        entries = sa.select(Entry.seq).where(Entry.item_id == item.id)
        found = session.scalars(sa.select(Note.seq).where(Note.seq.in_(entries))).all()
        session.execute(sa.delete(Note).where(Note.seq.in_(found)))
        notes.extend(found)
    session.flush()
    return texts, notes


def _forget_pages(store: Store) -> None:
    """SQLite: take the old text out of the write-ahead log as well (secure_delete wiped the
    pages of the database itself)."""
    if store.is_sqlite:
        with store.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
