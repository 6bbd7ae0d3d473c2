"""Redaction: the words are gone, from the files too, and the ledger still verifies."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from coder.review import ledger, privacy, queue
from coder.review.errors import ConflictError, LeaseError, NotFoundError
from coder.review.export import export
from coder.review.importing import import_folder
from coder.review.models import Entry, Item, Record
from coder.review.store import Store
from tests.review.conftest import person
from tests.review.folders import HAND, plain_rows, review, write_folder

PLANTED = "zanzibarquokka"


def rows() -> list[tuple[dict[str, str], dict[str, object]]]:
    made = plain_rows(4)
    text = f"{PLANTED} burnt his hand"
    return [*made, ({"id": "p1", "narrative": text}, review((HAND, 0.3), ("5.6", 0.2)))]


def everything(store: Store) -> str:
    """All rows of all tables, as text."""
    with store.engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        return " ".join(
            str(tuple(row))
            for t in tables
            for row in connection.execute(sa.text(f"SELECT * FROM {t}"))
        )


@pytest.mark.parametrize("delete", [False, True])
def test_a_decided_record_is_redacted_and_the_ledger_verifies(
    store: Store, tmp_path: Path, delete: bool
) -> None:
    import_folder(store, write_folder(tmp_path / "out", rows()))
    ann = person(store, "ann")
    with store.write() as session:
        for _ in range(5):
            held = queue.take(store, session, ann)
            assert held is not None
            note = f"ask {PLANTED}" if PLANTED in str(held.item.text) else ""
            queue.decide(store, session, ann, held.turn.id, code=HAND, note=note)
            if note:
                queue.undo(store, session, ann)
                queue.decide(store, session, ann, held.turn.id, code=HAND, note=note)
            if queue.take(store, session, ann) is None:
                break
    with store.read() as session:
        before = ledger.verify(session)
    assert PLANTED in everything(store)

    done = privacy.redact(store, "p1", delete=delete)
    assert (done.records, done.texts, done.notes) == (1, 1, 2)
    assert PLANTED not in everything(store)
    if store.is_sqlite:
        store.close()
        path = Path(store.url.removeprefix("sqlite:///"))
        for file in path.parent.glob(path.name + "*"):
            assert PLANTED.encode() not in file.read_bytes()
    with store.read() as session:
        after = ledger.verify(session, before.head)
        assert after.entries == before.entries + 1
        assert session.scalar(sa.select(sa.func.count()).select_from(Record)) == 8 + (not delete)
    assert export(store, tmp_path / "all.csv") == 8 + (not delete)


def test_a_shared_text_stays_until_its_last_record_goes(store: Store, tmp_path: Path) -> None:
    import_folder(store, write_folder(tmp_path / "out", plain_rows(4)))
    assert privacy.redact(store, "c0").texts == 0
    assert privacy.redact(store, "c1").texts == 0
    assert privacy.redact(store, "c2").texts == 1
    with pytest.raises(NotFoundError):
        privacy.redact(store, "c2")


def test_an_open_item_leaves_the_queue(store: Store, tmp_path: Path) -> None:
    import_folder(store, write_folder(tmp_path / "out", rows()))
    ann = person(store, "ann")
    with store.write() as session:
        held = queue.take(store, session, ann)
    assert held is not None
    for key in ("c0", "c1", "c2"):
        privacy.redact(store, key)
    with store.write() as session, pytest.raises((ConflictError, LeaseError)):
        queue.decide(store, session, ann, held.turn.id, code=HAND)
    with store.read() as session:
        assert session.get_one(Item, held.item.id).state == "redacted"


def test_the_ledger_holds_no_text(store: Store, tmp_path: Path) -> None:
    import_folder(store, write_folder(tmp_path / "out", rows()))
    ann = person(store, "ann")
    with store.write() as session:
        while (held := queue.take(store, session, ann)) is not None:
            queue.decide(store, session, ann, held.turn.id, code=HAND, note=PLANTED)
    with store.read() as session:
        bodies = " ".join(session.scalars(sa.select(Entry.body)))
    for word in (PLANTED, "caught", "slipped", "press"):
        assert word not in bodies
