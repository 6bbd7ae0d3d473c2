"""Numbers about the queue and the work, for `coder review stats` and the supervisor's page."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from coder.review import quality
from coder.review.models import Decision, Item, Result, Turn, User
from coder.review.queue import TURNS
from coder.review.store import Store

_DAY = 86_400_000
DAYS = 28


def summary(store: Store, session: Session) -> dict[str, Any]:
    """Everything at once, as plain values; shares are 0 to 1, times milliseconds UTC."""
    return {
        "at": store.clock(),
        "queue": queue_length(session),
        "items": items(session),
        "people": [asdict(w) for w in work(store, session)],
        "agreement": [
            asdict(row)
            for scheme in schemes(session)
            for row in quality.agreement(store, session, scheme)
        ],
        "automatic_accuracy": {
            scheme: asdict(quality.automatic_accuracy(store, session, scheme))
            for scheme in schemes(session)
        },
        "checks": [asdict(c) for c in quality.checked(session)],
        "drift": {
            scheme: [asdict(w) for w in quality.drift(store, session, scheme)]
            for scheme in schemes(session)
        },
    }


def schemes(session: Session) -> list[str]:
    """The schemes that the store has results for."""
    return list(session.scalars(sa.select(Result.scheme).distinct().order_by(Result.scheme)))


def queue_length(session: Session) -> dict[str, dict[str, int]]:
    """Open turns per scheme and role; checks are not counted."""
    found: dict[str, dict[str, int]] = {}
    query = (
        sa.select(Turn.scheme, Turn.role, sa.func.count())
        .where(Turn.state == "open", Turn.role != "check")
        .group_by(Turn.scheme, Turn.role)
        .order_by(Turn.scheme, Turn.role)
    )
    for scheme, role, count in session.execute(query):
        found.setdefault(scheme, {})[role] = count
    return found


def items(session: Session) -> dict[str, dict[str, int]]:
    """Items per scheme and state; checks are not counted."""
    found: dict[str, dict[str, int]] = {}
    query = (
        sa.select(Item.scheme, Item.state, sa.func.count())
        .where(Item.kind != "check")
        .group_by(Item.scheme, Item.state)
        .order_by(Item.scheme, Item.state)
    )
    for scheme, state, count in session.execute(query):
        found.setdefault(scheme, {})[state] = count
    return found


@dataclass(frozen=True, slots=True)
class Work:
    """What one person decided in the last 28 days; `seconds` is the median per decision."""

    user: str
    role: str
    decisions: int
    seconds: float
    days: dict[int, int]


def work(store: Store, session: Session) -> list[Work]:
    """Per person, decisions that stand: how many, how quick, per day (start of the UTC day)."""
    since = store.clock() // _DAY * _DAY - (DAYS - 1) * _DAY
    query = (
        sa.select(User.name, User.role, Decision.at, Decision.seconds)
        .join(Decision, Decision.user_id == User.id)
        .where(Decision.undone_at.is_(None), Decision.at >= since)
        .order_by(User.name)
    )
    found: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for name, role, at, seconds in session.execute(query):
        found[name, role].append((at // _DAY * _DAY, seconds))
    rows = []
    for (name, role), made in found.items():
        days: dict[int, int] = defaultdict(int)
        for day, _ in made:
            days[day] += 1
        rows.append(Work(name, role, len(made), median(s for _, s in made), dict(days)))
    return rows


def turns_left(session: Session, user: User) -> int:
    """Open turns that a person's role may take, held by others or not."""
    query = (
        sa.select(sa.func.count())
        .select_from(Turn)
        .where(Turn.state == "open", Turn.role.in_(TURNS[user.role]))
    )
    return session.scalar(query) or 0


def decided_today(store: Store, session: Session, user: User) -> int:
    """How many decisions of a person stand since midnight (UTC)."""
    since = store.clock() // _DAY * _DAY
    query = (
        sa.select(sa.func.count())
        .select_from(Decision)
        .where(Decision.user_id == user.id, Decision.at >= since, Decision.undone_at.is_(None))
    )
    return session.scalar(query) or 0
