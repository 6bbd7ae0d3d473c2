"""Leases: who holds which turn, and which one comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from coder.review import checks
from coder.review.errors import LeaseError, NotFoundError
from coder.review.models import Decision, Item, Skip, Turn, User
from coder.review.sampling import band
from coder.review.store import Store, setting

# which turns a role may take, in the order in which they are offered
TURNS: dict[str, tuple[str, ...]] = {
    "clerk": ("clerk",),
    "adjudicator": ("adjudicator", "clerk"),
    "supervisor": ("supervisor", "adjudicator", "clerk"),
    "reader": (),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a person wants to see: a scheme, a major group (level-1 code), a source, or all."""

    scheme: str | None = None
    major: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A turn that a person holds, with its item. `others` are the earlier decisions: shown to
    an adjudicator or supervisor only."""

    turn: Turn
    item: Item
    others: tuple[Decision, ...] = ()


def take(store: Store, session: Session, user: User, filters: Filters | None = None) -> Held | None:
    """The turn that `user` holds already, or else the next one, leased to them; None when empty.

    Order: items of most identical texts, then the doubtful, then the oldest. Never an item
    that another holds, that this person has had, or that they skipped lately.
    """
    wanted = filters or Filters()
    # one request of a person at a time: two browser tabs must not take two turns of one item
    session.execute(sa.select(User.id).where(User.id == user.id).with_for_update())
    now = store.clock()
    held = session.scalar(
        sa.select(Turn)
        .where(
            Turn.holder == user.id,
            Turn.state == "open",
            Turn.until > now,
            Turn.by_file.is_(False),
        )
        .order_by(Turn.taken_at.desc())
        .limit(1)
    )
    if held is not None and not _matches(held, wanted):
        release(session, user)
        held = None
    if held is None:
        held = checks.maybe_check(session, user, wanted.scheme)
    if held is None:
        return take_more(store, session, user, wanted)
    return _lease(store, session, user, held)


def take_more(store: Store, session: Session, user: User, filters: Filters) -> Held | None:
    """One more turn, whatever the person holds already; for work lists."""
    for role in TURNS[user.role]:
        turn = _first(session, user, role, filters, store.clock())
        if turn is not None:
            return _lease(store, session, user, turn)
    return None


def _lease(store: Store, session: Session, user: User, turn: Turn) -> Held:
    now = store.clock()
    if turn.holder != user.id or turn.until <= now:
        turn.holder, turn.taken_at, turn.by_file = user.id, now, False
        turn.until = now + int(setting(session, "lease_minutes") * 60_000)
        session.flush()
    return show_held(session, turn)


def _matches(turn: Turn, wanted: Filters) -> bool:
    pairs = (
        (turn.scheme, wanted.scheme),
        (turn.major, wanted.major),
        (turn.source, wanted.source),
    )
    return all(not want or want == have for have, want in pairs)


def _first(session: Session, user: User, role: str, wanted: Filters, now: int) -> Turn | None:
    other = aliased(Turn)
    since = now - int(setting(session, "skip_hours") * 3_600_000)
    query = (
        sa.select(Turn)
        .where(
            Turn.state == "open",
            Turn.role == role,
            Turn.until <= now,
            ~sa.exists().where(
                other.item_id == Turn.item_id, other.holder == user.id, other.id != Turn.id
            ),
            ~sa.exists().where(
                Skip.item_id == Turn.item_id, Skip.user_id == user.id, Skip.at > since
            ),
        )
        .order_by(Turn.worth.desc(), Turn.doubt.desc(), Turn.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Turn)
    )
    for column, value in (
        (Turn.scheme, wanted.scheme),
        (Turn.major, wanted.major),
        (Turn.source, wanted.source),
    ):
        if value:
            query = query.where(column == value)
    return session.scalar(query)


def holding(session: Session, user: User, turn_id: int) -> Held:
    """The turn with its item, if `user` holds it. Raises NotFoundError or LeaseError."""
    turn = session.get(Turn, turn_id)
    if turn is None:
        raise NotFoundError(f"there is no turn {turn_id}", turn=turn_id)
    if turn.state != "open" or turn.holder != user.id:
        raise LeaseError(f"turn {turn_id} is not yours any more", turn=turn_id)
    return show_held(session, turn)


def show_held(session: Session, turn: Turn) -> Held:
    item = session.get_one(Item, turn.item_id)
    others: Sequence[Decision] = ()
    if turn.role in ("adjudicator", "supervisor"):  # a clerk codes blind
        others = session.scalars(
            sa.select(Decision)
            .where(Decision.item_id == item.id, Decision.undone_at.is_(None))
            .order_by(Decision.id)
        ).all()
    return Held(turn=turn, item=item, others=tuple(others))


def keep(store: Store, session: Session, user: User, turn_id: int) -> int:
    """Extend the lease of a turn that `user` still holds; returns until when."""
    turn = locked_turn(session, user, turn_id)[1]
    turn.until = store.clock() + int(setting(session, "lease_minutes") * 60_000)
    session.flush()
    return turn.until


def locked_turn(session: Session, user: User, turn_id: int) -> tuple[Item, Turn]:
    item_id = session.scalar(sa.select(Turn.item_id).where(Turn.id == turn_id))
    if item_id is None:
        raise NotFoundError(f"there is no turn {turn_id}", turn=turn_id)
    item = locked_item(session, item_id)
    turn = session.execute(
        sa.select(Turn).where(Turn.id == turn_id).with_for_update(),
        execution_options={"populate_existing": True},
    ).scalar_one()
    if turn.state != "open" or turn.holder != user.id:
        raise LeaseError(
            f"turn {turn_id} is not yours any more: it ran out and someone else took it, "
            "or it is already decided",
            turn=turn_id,
        )
    return item, turn


def locked_item(session: Session, item_id: int) -> Item:
    return session.execute(
        sa.select(Item).where(Item.id == item_id).with_for_update(),
        execution_options={"populate_existing": True},
    ).scalar_one()


def new_turn(item: Item, role: str) -> Turn:
    """An open turn at `item` that nobody holds."""
    return Turn(
        item_id=item.id,
        role=role,
        state="open",
        holder=None,
        until=0,
        taken_at=None,
        scheme=item.scheme,
        major=item.major,
        source=item.source,
        worth=item.n_records,
        doubt=band(item.doubt),
    )


def release(session: Session, user: User) -> None:
    """Give back every turn that this person holds undecided; work lists stay theirs."""
    session.execute(
        sa.update(Turn)
        .where(Turn.holder == user.id, Turn.state == "open", Turn.by_file.is_(False))
        .values(holder=None, until=0, taken_at=None)
    )
