"""How texts like this one were decided before."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from rapidfuzz import fuzz, process, utils
from sqlalchemy.orm import Session

from coder.review.models import Item

_LATEST = 1000
_ALIKE = 60.0


@dataclass(frozen=True, slots=True)
class Precedent:
    """A decided text, its code (None when it could not be coded) and how alike it is, 0 to 1."""

    text: str
    code: str | None
    source: str
    alike: float


def similar(session: Session, item: Item, limit: int = 5) -> list[Precedent]:
    """The most alike of the 1000 latest decided items of the same scheme, best first.

    Only finished items: the first half of a blind pair is never among them. Known texts are
    not either.
    """
    query = (
        sa.select(Item.text, Item.final_code, Item.final_source)
        .where(
            Item.scheme == item.scheme,
            Item.state == "decided",
            Item.kind != "check",
            Item.id != item.id,
            Item.text.is_not(None),
        )
        .order_by(Item.decided_at.desc())
        .limit(_LATEST)
    )
    rows = session.execute(query).all()
    texts = [joined(text) for text, _, _ in rows]
    best = process.extract(
        joined(item.text),
        texts,
        scorer=fuzz.token_set_ratio,
        processor=utils.default_process,
        limit=limit,
        score_cutoff=_ALIKE,
    )
    return [
        Precedent(texts[place], rows[place][1], rows[place][2] or "", score / 100)
        for _, score, place in best
    ]


def joined(text: dict[str, str] | None) -> str:
    """All columns of an item's text in one line."""
    return " · ".join(v for v in (text or {}).values() if v)
