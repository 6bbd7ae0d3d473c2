"""The queue: who gets which item next, and what happens when they decide it.

Every function works inside the caller's writing transaction, so a decision, its ledger entry and
its webhook message are kept or lost together. Locks are taken in one order everywhere (item, then
its turns, then the head of the ledger), so two people never wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from coder.review import ledger
from coder.review.errors import ConflictError, ForbiddenError, NotFoundError
from coder.review.leases import (
    TURNS,
    Filters,
    Held,
    holding,
    keep,
    locked_item,
    locked_turn,
    new_turn,
    release,
    show_held,
    take,
    take_more,
)
from coder.review.models import Decision, Event, Item, Note, Record, Result, Skip, Turn, User
from coder.review.store import Store, setting

__all__ = [
    "CANNOT",
    "NOTE_LIMIT",
    "SKIP",
    "TURNS",
    "Filters",
    "Held",
    "Saved",
    "decide",
    "hand_up",
    "holding",
    "keep",
    "live_decisions",
    "new_turn",
    "note_of",
    "release",
    "require",
    "skip",
    "take",
    "take_more",
    "undo",
]

CANNOT = ("no_information", "unreadable", "several", "contradictory", "out_of_scope", "language")
SKIP = ("unsure", "ask_colleague", "need_document", "conflict_of_interest")
_SKIPS_TO_SUPERVISOR = 3
NOTE_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Saved:
    """What a decision did: its id, the item and its state now, the records it applied to."""

    decision_id: int
    item_id: int
    state: str
    records: int
    seq: int


def decide(
    store: Store,
    session: Session,
    user: User,
    turn_id: int,
    *,
    code: str | None = None,
    cannot: str | None = None,
    note: str = "",
) -> Saved:
    """Decide the item of a turn that `user` holds: a `code` of its scheme, or a `cannot` reason.

    The decision, its ledger entry and, when the item is thereby decided, the webhook message are
    one transaction. Raises LeaseError when the turn is not theirs, SchemeError for a code that is
    not in the scheme, ConflictError for both or neither of `code` and `cannot`.
    """
    if (code is None) == (cannot is None):
        raise ConflictError("give either a code or a reason why it cannot be coded")
    if cannot is not None and cannot not in CANNOT:
        raise ConflictError(f"unknown reason: use one of {', '.join(CANNOT)}")
    _check_note(note)
    item, turn = locked_turn(session, user, turn_id)
    if item.text is None or item.salt is None:
        raise ConflictError(f"item {item.id} was redacted", item=item.id)
    if code is not None:
        code = store.scheme(item.scheme)[code].code
    now = store.clock()
    seconds = round((now - (turn.taken_at or now)) / 1000, 1)
    body = {
        **_shown(item),
        "turn": turn.id,
        "role": turn.role,
        "verdict": "code" if code is not None else "cannot",
        "code": code,
        "cannot": cannot,
        "seconds": seconds,
        "records": item.n_records,
    }
    decision = Decision(
        item_id=item.id,
        turn_id=turn.id,
        user_id=user.id,
        role=turn.role,
        verdict=body["verdict"],
        code=code,
        reason=cannot,
        seconds=seconds,
        at=now,
        undone_at=None,
        seq=0,
    )
    session.add(decision)
    turn.state, turn.until = "done", 0
    session.flush()
    _settle(session, item)
    decision.seq = ledger.append(
        session, at=now, user_id=user.id, action="decide", item_id=item.id, body=body, note=note
    )
    session.flush()
    return Saved(decision.id, item.id, item.state, item.n_records, decision.seq)


def _shown(item: Item) -> dict[str, Any]:
    """What the person saw, as the ledger keeps it: the text itself only as a salted digest."""
    return {
        "scheme": item.scheme,
        "scheme_version": item.scheme_version,
        "model": item.model,
        "policy": item.policy,
        "suggestions": item.suggestions,
        "candidates": item.candidates,
        # what follows the colon of a reason may quote the text
        "machine": [
            item.machine_status,
            item.machine_code,
            item.confidence,
            (item.reason or "").partition(":")[0],
        ],
        "text": ledger.digest(item.salt or "", item.text),
    }


def _check_note(note: str) -> None:
    if len(note) > NOTE_LIMIT:
        raise ConflictError(f"the note is longer than {NOTE_LIMIT} characters")
    if "\x00" in note:
        raise ConflictError("the note holds the character NUL")


def live_decisions(session: Session, item_id: int) -> list[Decision]:
    """The decisions on an item that were not taken back, oldest first."""
    query = sa.select(Decision).where(Decision.item_id == item_id, Decision.undone_at.is_(None))
    return list(session.scalars(query.order_by(Decision.id)))


def _settle(session: Session, item: Item) -> None:
    """Bring the item's state in line with its decisions; open or close an adjudicator's turn."""
    if item.kind == "check":  # known answers are decided by everyone and never end
        return
    made = live_decisions(session, item.id)
    clerks = [d for d in made if d.role == "clerk"]
    above = [d for d in made if d.role != "clerk"]
    turns = session.scalars(sa.select(Turn).where(Turn.item_id == item.id)).all()
    waiting = any(t.role in ("clerk", "supervisor") and t.state == "open" for t in turns)
    final, source = None, None
    disputed = False
    if above:
        final = above[-1]
        source = "adjudicated" if final.role == "adjudicator" else "supervisor"
    elif clerks and not waiting:
        same = len({(d.verdict, d.code) for d in clerks}) == 1
        if same:
            final, source = clerks[0], "one clerk" if len(clerks) == 1 else "two agreeing"
        else:
            disputed = True
    _adjudicator_turn(session, item, turns, needed=disputed)
    if final is None:
        item.state = "disputed" if disputed else "open"
        item.final_verdict = item.final_code = item.final_source = item.decided_at = None
    else:
        item.state, item.final_source, item.decided_at = "decided", source, final.at
        item.final_verdict, item.final_code = final.verdict, final.code
        _announce(session, item)
    session.flush()


def _adjudicator_turn(session: Session, item: Item, turns: Sequence[Turn], *, needed: bool) -> None:
    mine = [t for t in turns if t.role == "adjudicator" and t.state == "open"]
    if needed and not mine:
        session.add(new_turn(item, "adjudicator"))
    elif not needed:
        for turn in mine:
            turn.state = "closed"


def _announce(session: Session, item: Item) -> None:
    """The webhook message: which records got which code; no text."""
    query = sa.select(Record.key).join(Result, Result.record_id == Record.id)
    keys = session.scalars(query.where(Result.item_id == item.id).order_by(Record.id).limit(1000))
    body = {
        "event": "decided",
        "item": item.id,
        "scheme": item.scheme,
        "verdict": item.final_verdict,
        "code": item.final_code,
        "source": item.final_source,
        "records": [k for k in keys if k is not None],
        "n_records": item.n_records,
    }
    at = item.decided_at or 0
    session.add(Event(body=body, at=at, due_at=at, attempts=0, sent_at=None))


def skip(store: Store, session: Session, user: User, turn_id: int, reason: str) -> None:
    """Pass the turn on to someone else; the third person who skips sends it to a supervisor."""
    if reason not in SKIP:
        raise ConflictError(f"unknown reason: use one of {', '.join(SKIP)}")
    item, turn = locked_turn(session, user, turn_id)
    now = store.clock()
    session.merge(Skip(user_id=user.id, item_id=item.id, reason=reason, at=now))
    session.flush()
    people = session.scalar(
        sa.select(sa.func.count()).select_from(Skip).where(Skip.item_id == item.id)
    )
    turn.holder, turn.until, turn.taken_at = None, 0, None
    if turn.role == "check":
        turn.state = "closed"
    if (people or 0) >= _SKIPS_TO_SUPERVISOR and turn.role == "clerk":
        _to_supervisor(session, item, turn)
    body = {"turn": turn_id, "reason": reason}
    ledger.append(session, at=now, user_id=user.id, action="skip", item_id=item.id, body=body)


def hand_up(store: Store, session: Session, user: User, turn_id: int, note: str = "") -> None:
    """Return the item to a supervisor, who decides it alone."""
    _check_note(note)
    item, turn = locked_turn(session, user, turn_id)
    if turn.role == "supervisor":
        raise ConflictError("a supervisor cannot return an item to a supervisor")
    turn.holder, turn.until, turn.taken_at = None, 0, None
    if turn.role == "check":
        turn.state = "closed"
    else:
        _to_supervisor(session, item, turn)
    ledger.append(
        session,
        at=store.clock(),
        user_id=user.id,
        action="return",
        item_id=item.id,
        body={"turn": turn_id},
        note=note,
    )


def _to_supervisor(session: Session, item: Item, turn: Turn) -> None:
    """Turn this turn into a supervisor's, and close every other that is still open."""
    turn.role = "supervisor"
    others = sa.select(Turn).where(Turn.item_id == item.id, Turn.id != turn.id)
    for other in session.scalars(others.with_for_update()):
        if other.state == "open":
            other.state, other.until = "closed", 0
    session.flush()


def undo(store: Store, session: Session, user: User) -> Held:
    """Take back this person's last decision and give them the turn again.

    Raises NotFoundError when there is none within the time allowed, ConflictError when someone
    has decided on top of it.
    """
    now = store.clock()
    since = now - int(setting(session, "undo_minutes") * 60_000)
    last = session.execute(
        sa.select(Decision.id, Decision.item_id)
        .where(Decision.user_id == user.id, Decision.undone_at.is_(None), Decision.at >= since)
        .order_by(Decision.id.desc())
        .limit(1)
    ).first()
    if last is None:
        raise NotFoundError("there is no recent decision of yours to undo")
    item = locked_item(session, last.item_id)
    if item.text is None:
        raise ConflictError(f"item {item.id} was redacted", item=item.id)
    turns = session.scalars(sa.select(Turn).where(Turn.item_id == item.id).with_for_update()).all()
    decision = session.get_one(Decision, last.id, populate_existing=True)
    if decision.undone_at is not None:
        raise NotFoundError("that decision is already taken back")
    later = [d for d in live_decisions(session, item.id) if d.role != "clerk" and d.id > last.id]
    busy = [t for t in turns if t.role != "clerk" and t.state == "open" and t.until > now]
    if later or (busy and decision.role == "clerk"):
        raise ConflictError("an adjudicator is already at work on it: it cannot be undone")
    decision.undone_at = now
    turn = next(t for t in turns if t.id == decision.turn_id)
    release(session, user)
    turn.state, turn.holder, turn.taken_at = "open", user.id, now
    turn.until = now + int(setting(session, "lease_minutes") * 60_000)
    session.flush()
    _settle(session, item)
    body = {"turn": turn.id, "undoes": decision.seq}
    ledger.append(session, at=now, user_id=user.id, action="undo", item_id=item.id, body=body)
    return show_held(session, turn)


def note_of(session: Session, decision: Decision) -> str:
    """The note that came with a decision; empty when there was none or it was redacted."""
    note = session.get(Note, decision.seq)
    return note.text if note is not None else ""


def require(user: User, *roles: str) -> None:
    """Raise ForbiddenError unless the user has one of the roles."""
    if user.role not in roles:
        raise ForbiddenError(f"this needs the role {' or '.join(roles)}", role=user.role)
