"""What the blind double coding, the random sample and the checks say about people and engine."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from coder.measures.pairs import (
    NOTHING,
    Estimate,
    Pair,
    alpha,
    kappa,
    proportion,
    share_agreeing,
)
from coder.review.models import Batch, Decision, Item, Record, Result, User
from coder.review.store import Store
from coder.schemes import Scheme

CANNOT = "cannot"
_LEAST_PER_CODE = 5


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of blind pairs. `level` 1 is the coarsest; `code` is None for all codes, else
    the question is "this code or not"."""

    scheme: str
    level: int
    code: str | None
    share: Estimate
    kappa: Estimate
    alpha: Estimate


def pairs(session: Session, scheme: str) -> list[Pair]:
    """The first two standing blind decisions of every item that two clerks decided; "cannot" is
    a label of its own."""
    query = (
        sa.select(Decision.item_id, Decision.verdict, Decision.code)
        .join(Item, Item.id == Decision.item_id)
        .where(
            Item.scheme == scheme,
            Item.kind != "check",
            Decision.role == "clerk",
            Decision.undone_at.is_(None),
        )
        .order_by(Decision.item_id, Decision.id)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for item, verdict, code in session.execute(query):
        found[item].append(code if verdict == "code" and code else CANNOT)
    return [(labels[0], labels[1]) for labels in found.values() if len(labels) >= 2]


def at_level(scheme: Scheme, made: Sequence[Pair], level: int) -> list[Pair]:
    """The pairs with each code replaced by its ancestor at `level`."""

    def up(label: str) -> str:
        return label if label == CANNOT or label not in scheme else scheme.ancestor(label, level)

    return [(up(a), up(b)) for a, b in made]


def agreement(store: Store, session: Session, scheme: str) -> list[Agreement]:
    """Per level for all codes, then per code used at least five times, at the finest level."""
    made = pairs(session, scheme)
    entries = store.scheme(scheme)
    rows = []
    for level in entries.levels:
        labels = at_level(entries, made, level)
        figures = share_agreeing(labels), kappa(labels), alpha(labels)
        rows.append(Agreement(scheme, level, None, *figures))
    for code in sorted({label for pair in made for label in pair}):
        binary = [("1" if a == code else "0", "1" if b == code else "0") for a, b in made]
        used = [p for p in binary if "1" in p]
        if len(used) >= _LEAST_PER_CODE:
            level = entries[code].level if code in entries else 0
            figures = share_agreeing(used), kappa(binary), alpha(binary)
            rows.append(Agreement(scheme, level, code, *figures))
    return rows


def automatic_accuracy(store: Store, session: Session, scheme: str) -> Estimate:
    """Share of automatic codes that are right, estimated from the random sample, 0 to 1.

    Each batch is a stratum: its sampled records that were decided stand for all its automatic
    ones (Cochran, Sampling Techniques, 5.3). Right: the person chose the automatic code or one
    below it. A coarser code or "cannot be coded" counts as an error of the engine. Wilson's
    interval, with the effective number of cases when there are several batches.
    """
    entries = store.scheme(scheme)
    population = dict(
        session.execute(
            sa.select(Record.batch_id, sa.func.count())
            .join(Result, Result.record_id == Record.id)
            .where(Result.scheme == scheme, Result.status == "auto")
            .group_by(Record.batch_id)
        ).all()
    )
    query = (
        sa.select(Record.batch_id, Result.code, Item.final_verdict, Item.final_code)
        .join(Result, Result.record_id == Record.id)
        .join(Item, Item.id == Result.item_id)
        .where(Result.scheme == scheme, Result.sampled.is_(True), Item.state == "decided")
    )
    right: dict[int, int] = defaultdict(int)
    seen: dict[int, int] = defaultdict(int)
    for batch, code, verdict, final in session.execute(query):
        seen[batch] += 1
        right[batch] += verdict == "code" and is_right(entries, code, final)
    if not seen:
        return NOTHING
    total = sum(population[b] for b in seen)
    share = sum(population[b] * right[b] / n for b, n in seen.items()) / total
    variance = sum(
        (population[b] / total) ** 2 * (right[b] / n) * (1 - right[b] / n) / n
        for b, n in seen.items()
    )
    n = sum(seen.values())
    effective = share * (1 - share) / variance if variance > 0 else float(n)
    return proportion(share * effective, effective, n)


def is_right(scheme: Scheme, machine: str | None, person: str | None) -> bool:
    """Whether a person's code confirms the machine's: the same, or finer within it."""
    if machine is None or person is None or person not in scheme:
        return False
    return machine in scheme.path(person)


@dataclass(frozen=True, slots=True)
class Checked:
    """How a person did on texts whose code is known."""

    user: str
    scheme: str
    right: Estimate


def checked(session: Session) -> list[Checked]:
    """Per person and scheme, the share of checks coded exactly as known."""
    query = (
        sa.select(User.name, Item.scheme, Item.gold, Decision.code)
        .join(Decision, Decision.user_id == User.id)
        .join(Item, Item.id == Decision.item_id)
        .where(Item.kind == "check", Decision.undone_at.is_(None))
    )
    found: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for name, scheme, gold, code in session.execute(query):
        found[name, scheme].append(code == gold)
    return [
        Checked(name, scheme, proportion(sum(made), len(made)))
        for (name, scheme), made in sorted(found.items())
    ]


@dataclass(frozen=True, slots=True)
class Week:
    """A week's distribution over level-1 codes: shares that sum to 1, and its distance (total
    variation, 0 to 1) from all earlier weeks together; None for the first."""

    start: int
    records: int
    shares: dict[str, float]
    distance: float | None


_WEEK = 7 * 86_400_000
_MONDAY = 4 * 86_400_000  # 1970-01-05 was a Monday


def drift(store: Store, session: Session, scheme: str) -> list[Week]:
    """The engine's best code at level 1, per week of import (Monday to Sunday, UTC)."""
    entries = store.scheme(scheme)
    query = (
        sa.select(Batch.at, Result.code, sa.func.count())
        .join(Record, Record.batch_id == Batch.id)
        .join(Result, Result.record_id == Record.id)
        .where(Result.scheme == scheme, Result.code.is_not(None))
        .group_by(Batch.at, Result.code)
    )
    weeks: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for at, code, count in session.execute(query):
        if code is not None and code in entries:
            start = (at - _MONDAY) // _WEEK * _WEEK + _MONDAY
            weeks[start][entries.ancestor(code, 1)] += count
    rows, before = [], dict[str, int]()
    for start, counts in sorted(weeks.items()):
        total = sum(counts.values())
        shares = {code: count / total for code, count in sorted(counts.items())}
        rows.append(Week(start, total, shares, _distance(shares, before)))
        for code, count in counts.items():
            before[code] = before.get(code, 0) + count
    return rows


def _distance(shares: dict[str, float], before: dict[str, int]) -> float | None:
    total = sum(before.values())
    if total == 0:
        return None
    codes = shares.keys() | before.keys()
    gaps = (abs(shares.get(c, 0.0) - before.get(c, 0) / total) for c in codes)
    return math.fsum(gaps) / 2
