"""Opening a store: migrations, versions, errors."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from coder.review import models
from coder.review.errors import StoreError
from coder.review.importing import Options, import_folder
from coder.review.models import Item, Record, Result
from coder.review.store import Store, database_url, secret
from tests.review.folders import HAND, plain_rows, review, write_folder


def test_the_migrations_make_the_tables_of_the_models(store: Store) -> None:
    with store.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), models.Base.metadata)
    assert found == []


def test_creating_again_changes_nothing(location: str) -> None:
    first = Store.create(location)
    with first.read() as session:
        before = secret(session)
    first.close()
    again = Store.create(location)
    with again.read() as session:
        assert secret(session) == before
    again.close()


def test_a_newer_store_is_refused(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="9999"):
        store.check()
    with pytest.raises(StoreError, match="newer"):
        store.migrate()


def test_a_missing_or_foreign_database_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="coder review init"):
        Store.open(str(tmp_path / "none.sqlite"))
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"this is not a database, but long enough to look at" * 100)
    with pytest.raises(StoreError):
        Store.open(str(other))
    with pytest.raises(StoreError):
        database_url("mysql://host/db")


def test_sqlite_waits_in_wal_and_writes_through(lite: Store) -> None:
    with lite.engine.connect() as connection:
        for name, value in (("journal_mode", "wal"), ("synchronous", 2), ("secure_delete", 1)):
            assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == value


def test_a_second_import_joins_equal_texts(store: Store, tmp_path: Path) -> None:
    import_folder(store, write_folder(tmp_path / "one", plain_rows(4)))
    rows = [({"id": "n", "narrative": " CAUGHT hand  in the press"}, review((HAND, 0.5)))]
    report = import_folder(store, write_folder(tmp_path / "two", rows))
    assert (report.items, report.attached) == ({"body-part": 0}, {"body-part": 1})
    with store.read() as session:
        assert session.scalars(sa.select(Item.n_records).order_by(Item.id)).first() == 4


def test_an_import_is_all_or_nothing(store: Store, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "one", plain_rows(4))
    with pytest.raises(Exception, match="column"):
        import_folder(store, folder, Options(show=("nothing",)))
    with store.read() as session:
        for table in (Record, Result, Item):
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0
