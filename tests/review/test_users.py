"""Accounts: the cost of a password, lock-out, sessions."""

from __future__ import annotations

import argon2
import pytest

from coder.review import users
from coder.review.errors import ConflictError, LoginError, RateError
from coder.review.store import Store
from tests.review.conftest import PASSWORD, Clock, person

REAL = users._DECOY  # made with the real hasher, before the tests put in a cheap one


def test_passwords_cost_what_the_rfc_recommends() -> None:
    found = argon2.extract_parameters(REAL)
    assert found.type is argon2.Type.ID
    assert found.memory_cost >= 64 * 1024  # RFC 9106, second recommendation: 64 MiB, 3 passes
    assert found.time_cost >= 3


def test_five_failures_lock_and_time_unlocks(store: Store, clock: Clock) -> None:
    person(store, "ann")
    for _ in range(5):
        with pytest.raises(LoginError):
            users.sign_in(store, "ann", "not the password")
    with pytest.raises(RateError):
        users.sign_in(store, "ann", PASSWORD)
    clock.pass_(16)
    assert users.sign_in(store, "ann", PASSWORD).user.name == "ann"


def test_trying_names_does_not_tell_which_exist(store: Store, clock: Clock) -> None:
    person(store, "ann")
    told = {}
    for name in ("ann", "stranger"):
        answers = []
        for _ in range(7):
            with pytest.raises((LoginError, RateError)) as error:
                users.sign_in(store, name, "not the password")
            answers.append((type(error.value), error.value.message))
        told[name] = answers
    assert told["ann"] == told["stranger"]
    clock.pass_(16)
    with pytest.raises(LoginError):
        users.sign_in(store, "stranger", PASSWORD)


def test_unknown_and_closed_look_like_a_wrong_password(store: Store) -> None:
    person(store, "ann")
    with store.write() as session:
        users.deactivate(store, session, "ann")
    told = set()
    for name in ("ann", "nobody"):
        with pytest.raises(LoginError) as error:
            users.sign_in(store, name, PASSWORD)
        told.add(error.value.message)
    assert len(told) == 1


def test_sessions_end(store: Store, clock: Clock) -> None:
    person(store, "ann")
    cookie = users.sign_in(store, "ann", PASSWORD).cookie
    with store.read() as session:
        assert users.session_user(store, session, cookie) is not None
        assert users.session_user(store, session, "x" + cookie) is None
    with store.write() as session:
        users.set_password(store, session, "ann", "a new password 1")
    with store.read() as session:
        assert users.session_user(store, session, cookie) is None
    cookie = users.sign_in(store, "ann", "a new password 1").cookie
    clock.pass_(60 * 13)
    with store.read() as session:
        assert users.session_user(store, session, cookie) is None


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "'; --", "<b>"])
def test_names_are_plain(store: Store, name: str) -> None:
    with store.write() as session, pytest.raises(ConflictError):
        users.add(store, session, name, "clerk", PASSWORD)
