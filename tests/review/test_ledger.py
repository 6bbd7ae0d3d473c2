"""The ledger finds every edit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from coder.review import ledger, queue
from coder.review.errors import LedgerError
from coder.review.importing import import_folder
from coder.review.models import Entry, Item
from coder.review.store import Store
from tests.review.conftest import person
from tests.review.folders import FINGERS, HAND, plain_rows, write_folder


@pytest.fixture
def decided(store: Store, tmp_path: Path) -> Store:
    import_folder(store, write_folder(tmp_path / "out", plain_rows(5)))
    ann = person(store, "ann")
    with store.write() as session:
        for number in range(3):
            held = queue.take(store, session, ann)
            assert held is not None
            note = "see page 2" if number == 0 else ""
            queue.decide(store, session, ann, held.turn.id, code=HAND, note=note)
        queue.undo(store, session, ann)
    return store


def tamper(store: Store, *statements: str) -> None:
    """Change the database as its administrator can: triggers off."""
    with store.engine.begin() as connection:
        if store.is_sqlite:
            connection.execute(sa.text("DROP TRIGGER IF EXISTS ledger_no_update"))
            connection.execute(sa.text("DROP TRIGGER IF EXISTS ledger_no_delete"))
        else:
            connection.execute(sa.text("DROP TRIGGER IF EXISTS ledger_append_only ON ledger"))
        for statement in statements:
            assert connection.execute(sa.text(statement)).rowcount != 0


def verify(store: Store, expected: str | None = None) -> ledger.Verified:
    with store.read() as session:
        return ledger.verify(session, expected)


def test_an_honest_ledger_verifies(decided: Store) -> None:
    done = verify(decided)
    assert (done.texts, done.notes) == (3, 1)
    assert verify(decided, done.head) == done


@pytest.mark.parametrize(
    "statements",
    [
        ["UPDATE ledger SET body = replace(body, '\"5.4\"', '\"5.6\"') WHERE action = 'decide'"],
        ["UPDATE ledger SET at = at + 1 WHERE seq = 2"],
        ["UPDATE ledger SET user_id = 2 WHERE action = 'undo'"],
        ["DELETE FROM ledger WHERE seq = 3"],
        ["DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)"],
        ["UPDATE decisions SET code = '5.6' WHERE id = 1"],
        ["UPDATE decisions SET undone_at = 1 WHERE id = 1"],
        ["UPDATE decisions SET undone_at = NULL WHERE id = 3"],
        ["DELETE FROM decisions WHERE id = 2"],
        ["UPDATE notes SET text = 'another'"],
        ["UPDATE items SET text = replace(CAST(text AS TEXT), 'press', 'saw')"],
    ],
)
def test_every_edit_is_found(decided: Store, statements: list[str]) -> None:
    if not decided.is_sqlite:
        statements = [s.replace("'saw')", "'saw')::json") for s in statements]
    tamper(decided, *statements)
    with pytest.raises(LedgerError):
        verify(decided)


def test_a_ledger_rewritten_with_good_hashes_misses_the_noted_head(decided: Store) -> None:
    noted = verify(decided).head
    tamper(decided, "UPDATE ledger SET at = at + 1 WHERE seq = 2")
    with decided.write() as session:
        previous = ledger.START
        for entry in session.scalars(sa.select(Entry).order_by(Entry.seq)).all():
            entry.previous = previous
            entry.hash = previous = ledger.entry_hash(entry)
        session.execute(sa.text("UPDATE ledger_head SET hash = :hash"), {"hash": previous})
    verify(decided)
    with pytest.raises(LedgerError, match="rewritten"):
        verify(decided, noted)


@pytest.mark.parametrize("statement", ["UPDATE ledger SET at = 1", "DELETE FROM ledger"])
def test_the_database_refuses_to_change_an_entry(decided: Store, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), decided.engine.begin() as connection:
        connection.execute(sa.text(statement))


def test_a_decision_without_its_entry_cannot_be(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_folder(store, write_folder(tmp_path / "out", plain_rows(5)))
    ann = person(store, "ann")

    def fail(*_: object, **__: object) -> Callable[..., int]:
        raise LedgerError("disk full")

    with store.write() as session:
        held = queue.take(store, session, ann)
    assert held is not None
    monkeypatch.setattr(ledger, "append", fail)
    with pytest.raises(LedgerError), store.write() as session:
        queue.decide(store, session, ann, held.turn.id, code=FINGERS)
    monkeypatch.undo()
    with store.read() as session:
        assert session.get_one(Item, held.item.id).state == "open"
        assert queue.live_decisions(session, held.item.id) == []
        ledger.verify(session)
