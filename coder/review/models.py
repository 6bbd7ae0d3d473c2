"""The tables of the store. Times are integer milliseconds since 1970 in UTC.

A record is one case. An item is one distinct text for one scheme: identical texts share it, so
that they are decided once. A turn is one person's chance to decide an item: one for most items,
two for double-coded ones, one more for an adjudicator when two people disagree.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Big = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Base of all tables."""


class Setting(Base):
    """One named setting, as JSON (lease minutes, shares, secret for text keys …)."""

    __tablename__ = "settings"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)


class Definition(Base):
    """A definition of a code, from a national file."""

    __tablename__ = "definitions"
    scheme: Mapped[str] = mapped_column(String(64), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class User(Base):
    """A person who may sign in."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    password: Mapped[str] = mapped_column(String(256))
    language: Mapped[str] = mapped_column(String(8), default="")
    active: Mapped[bool] = mapped_column(default=True)
    failed: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[int] = mapped_column(Big, default=0)
    created_at: Mapped[int] = mapped_column(Big)


class Session(Base):
    """A signed-in browser; only the hash of its cookie is kept."""

    __tablename__ = "sessions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[int] = mapped_column(Big)


class Token(Base):
    """An API token; only its hash is kept."""

    __tablename__ = "tokens"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[int] = mapped_column(Big)
    expires_at: Mapped[int] = mapped_column(Big)
    revoked_at: Mapped[int | None] = mapped_column(Big)


class Batch(Base):
    """One imported output folder of `coder code`."""

    __tablename__ = "batches"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    source: Mapped[str] = mapped_column(String(128), index=True)
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    at: Mapped[int] = mapped_column(Big)
    columns: Mapped[list[str]] = mapped_column(JSON)
    manifest: Mapped[dict[str, Any]] = mapped_column(JSON)


class Record(Base):
    """One case with all its input columns; `fields` is null once it was redacted."""

    __tablename__ = "records"
    __table_args__ = (UniqueConstraint("batch_id", "row"),)
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"))
    row: Mapped[int] = mapped_column(Integer)
    key: Mapped[str | None] = mapped_column(Text, index=True)
    fields: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    redacted_at: Mapped[int | None] = mapped_column(Big)


class Item(Base):
    """One distinct text for one scheme, what the engine made of it, and how it ended.

    kind: `review` (the engine would not decide), `sample` (a random automatic code, mixed in
    unmarked) or `check` (a known answer in `gold`, for new clerks).
    state: `open`, `disputed`, `decided`, `redacted`.
    """

    __tablename__ = "items"
    __table_args__ = (UniqueConstraint("scheme", "text_key"),)
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"), index=True)
    scheme: Mapped[str] = mapped_column(String(64))
    scheme_version: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(8))
    gold: Mapped[str | None] = mapped_column(String(32))
    text_key: Mapped[str] = mapped_column(String(64))
    text: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    salt: Mapped[str | None] = mapped_column(String(64))
    machine_status: Mapped[str] = mapped_column(String(16))
    machine_code: Mapped[str | None] = mapped_column(String(32))
    confidence: Mapped[float | None]
    reason: Mapped[str | None] = mapped_column(String(200))
    suggestions: Mapped[list[list[Any]]] = mapped_column(JSON)
    candidates: Mapped[list[str]] = mapped_column(JSON)
    evidence: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    model: Mapped[str] = mapped_column(String(64))
    policy: Mapped[str] = mapped_column(String(64))
    major: Mapped[str] = mapped_column(String(32))
    n_records: Mapped[int] = mapped_column(Integer)
    doubt: Mapped[float]
    draw: Mapped[float]
    state: Mapped[str] = mapped_column(String(16), index=True)
    final_verdict: Mapped[str | None] = mapped_column(String(16))
    final_code: Mapped[str | None] = mapped_column(String(32))
    final_source: Mapped[str | None] = mapped_column(String(16))
    decided_at: Mapped[int | None] = mapped_column(Big, index=True)
    created_at: Mapped[int] = mapped_column(Big)


class Result(Base):
    """What the engine said of one record for one scheme, and the item that people decide."""

    __tablename__ = "results"
    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    scheme: Mapped[str] = mapped_column(String(64), primary_key=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("items.id"), index=True)
    status: Mapped[str] = mapped_column(String(16))
    code: Mapped[str | None] = mapped_column(String(32))
    confidence: Mapped[float | None]
    sampled: Mapped[bool] = mapped_column(default=False)


class Turn(Base):
    """One person's chance to decide an item. `worth` and `doubt` are copied here for the order;
    `by_file` while it is leased through a work list, not the page."""

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("item_id", "holder"),)
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    role: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(8))
    holder: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    until: Mapped[int] = mapped_column(Big, default=0)
    taken_at: Mapped[int | None] = mapped_column(Big)
    by_file: Mapped[bool] = mapped_column(default=False)
    scheme: Mapped[str] = mapped_column(String(64))
    major: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(128))
    worth: Mapped[int] = mapped_column(Integer)
    doubt: Mapped[float]


Index("ix_turns_order", Turn.state, Turn.role, Turn.worth.desc(), Turn.doubt.desc(), Turn.id)


class Skip(Base):
    """A person passed on an item, and why."""

    __tablename__ = "skips"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(32))
    at: Mapped[int] = mapped_column(Big)


class Decision(Base):
    """One person's decision on an item; `undone_at` when they took it back."""

    __tablename__ = "decisions"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    turn_id: Mapped[int] = mapped_column(ForeignKey("turns.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str] = mapped_column(String(16))
    verdict: Mapped[str] = mapped_column(String(16))
    code: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(String(32))
    seconds: Mapped[float]
    at: Mapped[int] = mapped_column(Big, index=True)
    undone_at: Mapped[int | None] = mapped_column(Big)
    seq: Mapped[int] = mapped_column(Big)


Index("ix_decisions_last", Decision.user_id, Decision.id.desc())


class Entry(Base):
    """A line of the ledger; a trigger in the database refuses to change or remove it."""

    __tablename__ = "ledger"
    seq: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(Big)
    user_id: Mapped[int | None] = mapped_column(Big)
    action: Mapped[str] = mapped_column(String(16))
    item_id: Mapped[int | None] = mapped_column(Big, index=True)
    body: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Head(Base):
    """The last line of the ledger: locking this one row puts writers in a queue."""

    __tablename__ = "ledger_head"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    seq: Mapped[int] = mapped_column(Big)
    hash: Mapped[str] = mapped_column(String(64))


class Note(Base):
    """A clerk's free note. The ledger holds only its salted digest, so a note can be deleted."""

    __tablename__ = "notes"
    seq: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    salt: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)


class Receipt(Base):
    """The answer to a write that carried an idempotency key."""

    __tablename__ = "receipts"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[int] = mapped_column(Big)


class Event(Base):
    """A webhook message waiting to be sent; written in the decision's transaction."""

    __tablename__ = "events"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[int] = mapped_column(Big)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[int] = mapped_column(Big)
    sent_at: Mapped[int | None] = mapped_column(Big, index=True)


class Job(Base):
    """A batch that an API client left for coding; the input is dropped when it ends.

    With a `source` its review cases go into the queue, `queued` of each scheme.
    """

    __tablename__ = "jobs"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    state: Mapped[str] = mapped_column(String(8), index=True)
    schemes: Mapped[list[str]] = mapped_column(JSON)
    records: Mapped[list[dict[str, str]] | None] = mapped_column(JSON(none_as_null=True))
    result: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[str | None] = mapped_column(String(64))
    source: Mapped[str | None] = mapped_column(String(128))
    queued: Mapped[dict[str, int] | None] = mapped_column(JSON(none_as_null=True))
    total: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[int] = mapped_column(Big)
    ended_at: Mapped[int | None] = mapped_column(Big)
