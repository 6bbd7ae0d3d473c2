"""Opening the store: SQLite by path or PostgreSQL by URL, its migrations, its transactions."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from coder.review import models
from coder.review.errors import StoreError
from coder.schemes import Scheme, load_scheme

_MIGRATIONS = Path(__file__).parent / "migrations"
_POOL = 20

# name -> (default, lowest, highest); what a supervisor may set
SETTINGS: dict[str, tuple[float, float, float]] = {
    "lease_minutes": (15.0, 1.0, 24 * 60.0),
    "double_share": (0.1, 0.0, 1.0),
    "sample_share": (0.02, 0.0, 1.0),
    "sample_most": (500.0, 0.0, 100_000.0),
    "check_share": (0.1, 0.0, 0.5),
    "check_first": (200.0, 0.0, 100_000.0),
    "skip_hours": (12.0, 0.0, 24 * 365.0),
    "undo_minutes": (30.0, 0.0, 24 * 60.0),
}


def database_url(location: str) -> str:
    """`location` as an SQLAlchemy URL: a path is SQLite, `postgresql://` gets the psycopg driver.

    Raises StoreError for another kind of URL.
    """
    if "://" not in location:
        return f"sqlite:///{Path(location).expanduser().resolve()}"
    kind, rest = location.split("://", 1)
    if kind in {"postgresql", "postgres", "postgresql+psycopg"}:
        return f"postgresql+psycopg://{rest}"
    if kind == "sqlite":
        return location
    raise StoreError(
        f"unknown kind of database '{kind}': give a file path or a postgresql:// URL", kind=kind
    )


class Store:
    """The review database. `clock` returns milliseconds since 1970 (UTC); tests replace it.

    `scheme` maps a scheme's name to the Scheme it means.
    """

    def __init__(
        self,
        location: str,
        clock: Callable[[], int] = lambda: int(time.time() * 1000),
        scheme: Callable[[str], Scheme] = load_scheme,
    ) -> None:
        self.url = database_url(location)
        self.clock = clock
        self.scheme = scheme
        self.is_sqlite = self.url.startswith("sqlite")
        # an error of the database must not quote narratives
        options: dict[str, Any] = {
            "pool_size": _POOL,
            "max_overflow": _POOL,
            "hide_parameters": True,
        }
        if self.is_sqlite:
            options["connect_args"] = {"timeout": 30.0}
        else:
            options["pool_pre_ping"] = True
        self.engine = sa.create_engine(self.url, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _sqlite_connect)
            event.listen(self.engine, "begin", _sqlite_begin)
        self._writer = self.engine.execution_options(narracoder_write=True)

    @classmethod
    def open(cls, location: str, **options: Any) -> Store:
        """Open an existing store whose tables are as new as this program.

        Raises StoreError when there is none, or when `coder review init` has to migrate it.
        """
        store = cls(location, **options)
        store.check()
        return store

    @classmethod
    def create(cls, location: str, **options: Any) -> Store:
        """Create the tables, or bring older ones up to date; safe to repeat.

        Raises StoreError when the database cannot be reached or is newer than this program.
        """
        store = cls(location, **options)
        if store.is_sqlite and (path := store.engine.url.database):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        store.migrate()
        with store.write() as session:
            store._defaults(session)
        return store

    def revision(self) -> str | None:
        """The migration the database is at, or None when it has none of our tables."""
        path = self.engine.url.database
        if self.is_sqlite and path and path != ":memory:" and not Path(path).is_file():
            raise StoreError(
                f"there is no review store at {path}: run `coder review init` first", path=path
            )
        try:
            with self.engine.connect() as connection:
                return MigrationContext.configure(connection).get_current_revision()
        except SQLAlchemyError as error:
            raise StoreError(
                f"the review database cannot be reached ({type(error).__name__})"
            ) from error

    def check(self) -> None:
        """Raise StoreError unless the tables are at this program's migration."""
        newest = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
        found = self.revision()
        if found != newest:
            raise StoreError(
                f"the review store is at migration {found}, this program needs {newest}: "
                "run `coder review init`, or install the newer narracoder",
                found=found,
                needed=newest,
            )

    def migrate(self) -> None:
        """Run all migrations that the database lacks, in one transaction."""
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        known = {s.revision for s in ScriptDirectory(str(_MIGRATIONS)).walk_revisions()}
        try:
            with self._writer.begin() as connection:
                found = MigrationContext.configure(connection).get_current_revision()
                if found is not None and found not in known:
                    raise StoreError(
                        f"the review store is at migration {found}, which this program does not "
                        "know: install the newer narracoder",
                        found=found,
                    )
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except SQLAlchemyError as error:
            raise StoreError(
                f"the review database cannot be prepared ({type(error).__name__})"
            ) from error

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One writing transaction: committed at the end, rolled back on any exception."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One reading transaction."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    def _defaults(self, session: Session) -> None:
        present = set(session.scalars(sa.select(models.Setting.name)))
        for name, (default, _, _) in SETTINGS.items():
            if name not in present:
                session.add(models.Setting(name=name, value=default))
        if "secret" not in present:
            # keys the digests of texts and the drop-down files; never leaves the database
            session.add(models.Setting(name="secret", value=secrets.token_hex(32)))
        if session.get(models.Head, 1) is None:
            session.add(models.Head(id=1, seq=0, hash="0" * 64))

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def setting(session: Session, name: str) -> float:
    """The value of a numeric setting; the default where the store has none.

    All settings are read once per transaction, with one query.
    """
    known: dict[str, Any] | None = session.info.get("settings")
    if known is None:
        rows = session.execute(sa.select(models.Setting.name, models.Setting.value))
        known = session.info["settings"] = {row.name: row.value for row in rows}
    return float(known.get(name, SETTINGS[name][0]))


def forget_settings(session: Session) -> None:
    """Read the settings again: one was changed in this transaction."""
    session.info.pop("settings", None)


def secret(session: Session) -> bytes:
    """The store's own secret, for keyed digests."""
    found = session.get(models.Setting, "secret")
    if found is None:
        raise StoreError("the review store lacks its secret: run `coder review init`")
    return bytes.fromhex(found.value)


def _sqlite_connect(connection: Any, _: object) -> None:
    # the driver's own idea of transactions is switched off; `_sqlite_begin` starts them
    connection.isolation_level = None
    cursor = connection.cursor()
    for line in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {line}")
    cursor.close()


def _sqlite_begin(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("narracoder_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
