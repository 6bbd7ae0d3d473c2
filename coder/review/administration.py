"""What a supervisor sets: settings and definitions. Every change of a setting is in the ledger."""

from __future__ import annotations

import csv
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from coder.errors import InputError
from coder.review import ledger
from coder.review.errors import ConflictError
from coder.review.models import Definition, Item, Setting, Turn, User
from coder.review.queue import new_turn
from coder.review.store import SETTINGS, Store, forget_settings


def change_setting(
    store: Store, session: Session, name: str, value: str | float, user: User | None = None
) -> float:
    """Set a number. A new `double_share` applies to items that nobody has touched, too.

    Raises ConflictError for an unknown name or a value out of its range.
    """
    if name not in SETTINGS:
        raise ConflictError(f"unknown setting '{name}': one of {', '.join(SETTINGS)}")
    _, lowest, highest = SETTINGS[name]
    try:
        number = float(value)
    except ValueError:
        raise ConflictError(f"{name} must be a number") from None
    if not lowest <= number <= highest:
        raise ConflictError(f"{name} must lie between {lowest:g} and {highest:g}")
    session.merge(Setting(name=name, value=number))
    session.flush()
    forget_settings(session)
    if name == "double_share":
        _redraw(session, number)
    body = {"name": name, "value": number}
    ledger.append(
        session, at=store.clock(), user_id=user.id if user else None, action="setting", body=body
    )
    return number


def _redraw(session: Session, share: float) -> None:
    """Give untouched items one turn or two, as their own draw says."""
    touched = sa.select(Turn.item_id).where(
        sa.or_(Turn.state != "open", Turn.holder.is_not(None), Turn.role != "clerk")
    )
    query = (
        sa.select(Item)
        .where(Item.kind != "check", Item.state == "open", Item.id.not_in(touched))
        .order_by(Item.id)
        .with_for_update()
    )
    for item in session.scalars(query).all():
        turns = session.scalars(sa.select(Turn).where(Turn.item_id == item.id)).all()
        if item.draw < share and len(turns) == 1:
            second = new_turn(item, "clerk")
            second.worth, second.doubt = turns[0].worth, turns[0].doubt
            session.add(second)
        elif item.draw >= share and len(turns) == 2:
            session.delete(turns[1])
    session.flush()


def load_definitions(store: Store, session: Session, path: Path) -> int:
    """Read definitions from a national CSV (scheme, code, definition); replaces those it names.

    Raises InputError naming the row that is wrong.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := {"scheme", "code", "definition"} - set(reader.fieldnames or ()):
            raise InputError(f"{path.name} lacks the column {sorted(missing)[0]}", file=path.name)
        count = 0
        for number, row in enumerate(reader, start=1):
            scheme = store.scheme(row["scheme"])
            code = scheme.normalise(row["code"])
            if not row["definition"].strip():
                raise InputError(f"{path.name} row {number} has no definition", row=number)
            definition = row["definition"].strip()
            session.merge(Definition(scheme=scheme.name, code=code, text=definition))
            count += 1
    session.flush()
    return count
