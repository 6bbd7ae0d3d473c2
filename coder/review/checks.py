"""Known answers for new clerks, mixed in unmarked: the page shows them like any other item."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from coder.review.models import Decision, Item, Turn, User
from coder.review.sampling import draw
from coder.review.store import secret, setting


def maybe_check(session: Session, user: User, scheme: str | None = None) -> Turn | None:
    """A turn at a known item, for a share of a clerk's first decisions; None most of the time.

    The choice is a keyed function of the person and of how many decisions they have made, so
    that asking again does not draw again.
    """
    if user.role != "clerk":
        return None
    share = setting(session, "check_share")
    first = int(setting(session, "check_first"))
    if not share or not first or not session.scalar(_known(scheme).limit(1)):
        return None
    made = session.scalar(
        sa.select(sa.func.count()).select_from(Decision).where(Decision.user_id == user.id)
    )
    if made is None or made >= first:
        return None
    if draw(secret(session), "check", user.id, made) >= share:
        return None
    mine = session.scalar(
        sa.select(Turn).where(Turn.holder == user.id, Turn.role == "check", Turn.state == "open")
    )
    if mine is not None:
        return mine
    had = sa.select(Turn.item_id).where(Turn.role == "check", Turn.holder == user.id)
    item = session.scalar(_known(scheme).where(Item.id.not_in(had)).order_by(Item.draw).limit(1))
    if item is None:
        return None
    turn = Turn(
        item_id=item.id,
        role="check",
        state="open",
        holder=user.id,
        until=0,
        taken_at=None,
        scheme=item.scheme,
        major=item.major,
        source=item.source,
        worth=0,
        doubt=0.0,
    )
    session.add(turn)
    session.flush()
    return turn


def _known(scheme: str | None) -> sa.Select[Item]:
    query = sa.select(Item).where(Item.kind == "check", Item.state == "open")
    return query.where(Item.scheme == scheme) if scheme else query
