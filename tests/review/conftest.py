"""Stores to test on: SQLite always, PostgreSQL where its server is installed."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from coder.review import users
from coder.review.models import Setting, User
from coder.review.store import Store
from tests.review import postgres

PASSWORD = "correct horse battery"
_NUMBER = itertools.count()


class Clock:
    """A clock that stands still until a test moves it; milliseconds."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now

    def pass_(self, minutes: float) -> None:
        self.now += int(minutes * 60_000)


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Hashing at full cost takes seconds in sum; test_users.py checks the real cost."""
    patch = pytest.MonkeyPatch()
    patch.setattr(users, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    if postgres.binaries() is None:
        pytest.skip(postgres.MISSING)
    with postgres.server() as url:
        yield url


@pytest.fixture
def new_postgres(postgres_url: str) -> Iterator[Callable[[], str]]:
    """Makes an empty schema on the server and gives a URL that leads into it."""
    url = postgres_url.replace("postgresql:", "postgresql+psycopg:") + "/postgres"
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")

    def make() -> str:
        name = f"review_{next(_NUMBER)}"
        with admin.connect() as connection:
            connection.execute(sa.text(f"CREATE SCHEMA {name}"))
        return f"{postgres_url}/postgres?options=-csearch_path%3D{name}"

    yield make
    admin.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store can be made, once per kind of database."""
    if request.param == "sqlite":
        return str(tmp_path / "review.sqlite")
    make: Callable[[], str] = request.getfixturevalue("new_postgres")
    return make()


@pytest.fixture(scope="session")
def made_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite store, made once and copied for each test."""
    path = tmp_path_factory.mktemp("made") / "review.sqlite"
    made = Store.create(str(path))
    configure(made, double_share=0.0, sample_share=0.0, check_share=0.0)
    made.close()
    return path


@pytest.fixture
def store(location: str, clock: Clock, made_file: Path) -> Iterator[Store]:
    """An empty store without double coding, samples or checks."""
    if "://" in location:
        made = Store.create(location, clock=clock)
        configure(made, double_share=0.0, sample_share=0.0, check_share=0.0)
    else:
        shutil.copy(made_file, location)
        made = Store.open(location, clock=clock)
    yield made
    made.close()


@pytest.fixture
def lite(tmp_path: Path, clock: Clock, made_file: Path) -> Iterator[Store]:
    """The same on SQLite only, for tests where the kind of database does not matter."""
    path = tmp_path / "lite.sqlite"
    shutil.copy(made_file, path)
    made = Store.open(str(path), clock=clock)
    yield made
    made.close()


def configure(store: Store, **values: float) -> None:
    with store.write() as session:
        for name, value in values.items():
            session.merge(Setting(name=name, value=value))


def person(store: Store, name: str, role: str = "clerk") -> User:
    """Add a user; the password is PASSWORD."""
    with store.write() as session:
        return users.add(store, session, name, role, PASSWORD)
