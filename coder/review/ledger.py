"""The append-only ledger: each entry carries the hash of the one before.

An entry holds no narrative and no note, only their salted digests, so a person's text can be
deleted (with its salt) and the chain still verifies. Hash of an entry: SHA-256 over the canonical
JSON of [seq, at, user, action, item, body, previous].
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from coder.review.errors import LedgerError
from coder.review.models import Decision, Entry, Head, Item, Note

START = "0" * 64
_CHUNK = 2000


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces: one spelling for one value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(salt: str, value: object) -> str:
    """Keyed digest (HMAC-SHA-256, hex) of `value`; without the salt it says nothing."""
    return hmac.new(bytes.fromhex(salt), canonical(value).encode(), hashlib.sha256).hexdigest()


def entry_hash(entry: Entry) -> str:
    """The hash that an entry must carry."""
    parts = [entry.seq, entry.at, entry.user_id, entry.action, entry.item_id, entry.body]
    return hashlib.sha256(canonical([*parts, entry.previous]).encode()).hexdigest()


def append(
    session: Session,
    *,
    at: int,
    user_id: int | None,
    action: str,
    item_id: int | None = None,
    body: Mapping[str, Any],
    note: str = "",
) -> int:
    """Add an entry inside the caller's transaction and return its number, counted from 1.

    Locks the head row until the transaction ends: call it last. `note` is stored apart; the body
    gets its salted digest under "note".
    """
    head = session.execute(sa.select(Head).with_for_update()).scalar_one()
    session.refresh(head)
    content = dict(body)
    if note:
        salt = secrets.token_hex(32)
        content["note"] = digest(salt, note)
        session.add(Note(seq=head.seq + 1, salt=salt, text=note))
    entry = Entry(
        seq=head.seq + 1,
        at=at,
        user_id=user_id,
        action=action,
        item_id=item_id,
        body=canonical(content),
        previous=head.hash,
    )
    entry.hash = entry_hash(entry)
    session.add(entry)
    head.seq, head.hash = entry.seq, entry.hash
    session.flush()
    return entry.seq


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` looked at: the number of entries, the newest hash, texts and notes compared."""

    entries: int
    head: str
    texts: int
    notes: int


def verify(session: Session, expected: str | None = None) -> Verified:
    """Walk the whole chain and compare it with decisions, texts and notes that still exist.

    `expected` is the hash of any entry that was written down earlier: it must still be on the
    chain, which is how a ledger rewritten from some point on is found.
    Raises LedgerError naming the first entry that does not fit.
    """
    count, previous, seen, texts, notes = 0, START, expected in (None, START), 0, 0
    stored = {
        seq: (salt, text)
        for seq, salt, text in session.execute(sa.select(Note.seq, Note.salt, Note.text))
    }
    for entry in _entries(session):
        count += 1
        if entry.seq != count:
            raise _broken(count, "is missing")
        if entry.previous != previous:
            raise _broken(count, "does not follow the one before it")
        if entry_hash(entry) != entry.hash:
            raise _broken(count, "was changed")
        body = json.loads(entry.body)
        note = stored.pop(entry.seq, None)
        if note is not None:
            notes += 1
            if body.get("note") != digest(*note):
                raise _broken(count, "carries a note that was changed")
        previous = entry.hash
        seen = seen or entry.hash == expected
    if stored:
        raise _broken(min(stored), "is missing, its note is there")
    head = session.execute(sa.select(Head)).scalar_one()
    if (head.seq, head.hash) != (count, previous):
        raise _broken(count + 1, "is missing: the ledger ends too early")
    if not seen:
        raise LedgerError("the hash you expected is not on the chain: the ledger was rewritten")
    texts = _verify_decisions(session)
    return Verified(entries=count, head=previous, texts=texts, notes=notes)


def _entries(session: Session) -> Iterator[Entry]:
    query = sa.select(Entry).order_by(Entry.seq).limit(_CHUNK)
    part = session.scalars(query).all()
    while part:
        yield from part
        last = part[-1].seq
        session.expunge_all()
        part = session.scalars(query.where(Entry.seq > last)).all()


def _verify_decisions(session: Session) -> int:
    """Compare every decision row, and every text that still exists, with its ledger entry."""
    columns = (Decision, Entry.user_id, Entry.item_id, Entry.body, Item.text, Item.salt)
    query = (
        sa.select(*columns)
        .outerjoin(Entry, Entry.seq == Decision.seq)
        .join(Item, Item.id == Decision.item_id)
        .order_by(Decision.id)
    )
    rows, texts = 0, 0
    for decision, user, item, raw, text, salt in session.execute(query):
        rows += 1
        body = json.loads(raw) if raw else {}
        said = (user, item, body.get("turn"), body.get("verdict"), body.get("code"))
        stored = (decision.user_id, decision.item_id, decision.turn_id)
        if said != (*stored, decision.verdict, decision.code):
            raise LedgerError(
                f"decision {decision.id} does not match entry {decision.seq} of the ledger",
                decision=decision.id,
                entry=decision.seq,
            )
        if text is not None and salt is not None:
            texts += 1
            if body.get("text") != digest(salt, text):
                raise LedgerError(
                    f"the text of item {decision.item_id} was changed after it was decided",
                    item=decision.item_id,
                )
    written = session.scalar(
        sa.select(sa.func.count()).select_from(Entry).where(Entry.action == "decide")
    )
    if written != rows:
        raise LedgerError(f"the ledger holds {written} decisions, the store {rows}")
    undone = session.scalar(
        sa.select(sa.func.count()).select_from(Entry).where(Entry.action == "undo")
    )
    taken_back = session.scalar(
        sa.select(sa.func.count()).select_from(Decision).where(Decision.undone_at.is_not(None))
    )
    if undone != taken_back:
        raise LedgerError(f"the ledger holds {undone} undone decisions, the store {taken_back}")
    return texts


def _broken(number: int, what: str) -> LedgerError:
    return LedgerError(f"entry {number} of the ledger {what}", entry=number)
