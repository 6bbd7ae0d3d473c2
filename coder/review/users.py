"""People, their passwords, sessions and API tokens."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy.orm import Session

from coder.review import ledger, models
from coder.review.errors import ConflictError, LoginError, NotFoundError, RateError
from coder.review.models import Token, User
from coder.review.store import Store

ROLES = ("clerk", "adjudicator", "supervisor", "reader")
SCOPES = ("suggest", "code", "queue", "read", "metrics")
LANGUAGES = ("en", "fr", "es", "pt", "ar")
SESSION_HOURS = 12
_SHORTEST = 10
_LONGEST = 200
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_FAILURES = 5
_LOCK_MINUTES = 15
_HASHER = PasswordHasher()
# verified for unknown names too, so that the time taken does not tell which names exist
_DECOY = _HASHER.hash(secrets.token_hex(16))
_strangers: dict[str, tuple[int, int]] = {}  # store and unknown name -> failures, locked until
_STRANGERS_LOCK = threading.Lock()
_MOST_STRANGERS = 10_000


def add(store: Store, session: Session, name: str, role: str, password: str) -> User:
    """Add a person. Raises ConflictError for a name in use, a bad role or a weak password."""
    if not _NAME.fullmatch(name):
        raise ConflictError("a user name is 1 to 64 letters, digits or . _ @ -")
    if role not in ROLES:
        raise ConflictError(f"a role is one of {', '.join(ROLES)}")
    _check_password(name, password)
    if by_name(session, name) is not None:
        raise ConflictError(f"there is a user {name} already", user=name)
    user = User(
        name=name, role=role, password=_HASHER.hash(password), created_at=store.clock(), language=""
    )
    session.add(user)
    session.flush()
    _write(store, session, user, "added", role)
    return user


def _write(store: Store, session: Session, user: User, what: str, role: str) -> None:
    body = {"user": user.id, "what": what, "role": role}
    ledger.append(session, at=store.clock(), user_id=None, action="user", body=body)


def _check_password(name: str, password: str) -> None:
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise ConflictError(f"a password has {_SHORTEST} to {_LONGEST} characters")
    if name.casefold() in password.casefold() or len(set(password)) < 4:
        raise ConflictError("the password is too easy: not the user name, not one letter repeated")


def by_name(session: Session, name: str) -> User | None:
    """The user called `name`, or None."""
    return session.scalar(sa.select(User).where(User.name == name))


def named(session: Session, name: str) -> User:
    """The user called `name`. Raises NotFoundError."""
    user = by_name(session, name)
    if user is None:
        raise NotFoundError(f"there is no user {name}", user=name)
    return user


def everyone(session: Session) -> Sequence[User]:
    """All users by name."""
    return session.scalars(sa.select(User).order_by(User.name)).all()


def set_password(store: Store, session: Session, name: str, password: str) -> None:
    """Replace a password, unlock the account and end its sessions."""
    user = named(session, name)
    _check_password(name, password)
    user.password, user.failed, user.locked_until = _HASHER.hash(password), 0, 0
    _end_sessions(session, user)
    _write(store, session, user, "password", user.role)


def set_role(store: Store, session: Session, name: str, role: str) -> None:
    """Change a person's role; their sessions end."""
    if role not in ROLES:
        raise ConflictError(f"a role is one of {', '.join(ROLES)}")
    user = named(session, name)
    user.role = role
    _end_sessions(session, user)
    _write(store, session, user, "role", role)


def deactivate(store: Store, session: Session, name: str) -> None:
    """Close an account: sessions end, tokens are revoked, turns are given back."""
    user = named(session, name)
    user.active = False
    _end_sessions(session, user)
    now = store.clock()
    session.execute(
        sa.update(Token)
        .where(Token.user_id == user.id, Token.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    session.execute(
        sa.update(models.Turn)
        .where(models.Turn.holder == user.id, models.Turn.state == "open")
        .values(holder=None, until=0)
    )
    _write(store, session, user, "closed", user.role)


def _end_sessions(session: Session, user: User) -> None:
    session.execute(sa.delete(models.Session).where(models.Session.user_id == user.id))


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: the cookie's value (stored only as a hash), its CSRF token, the user."""

    cookie: str
    csrf: str
    user: User


def sign_in(store: Store, name: str, password: str) -> SignedIn:
    """Check a password and open a session.

    After five failures in a row the account is locked for 15 minutes. Raises LoginError without
    saying which of name and password was wrong, RateError while locked.
    """
    now = store.clock()
    with store.read() as session:
        user = by_name(session, name)
    locked = user is not None and user.locked_until > now
    good = _verify(user.password if user else _DECOY, password) and not locked
    if user is None:
        raise _stranger(f"{store.url} {name}", now)
    with store.write() as session:
        query = sa.select(User).where(User.id == user.id).with_for_update()
        user = session.execute(query).scalar_one()
        if locked or user.locked_until > now:
            failure: Exception = _too_many()
        elif not user.active or not good:
            failure = _wrong()
            user.failed += 1
            if user.failed >= _FAILURES:
                user.failed, user.locked_until = 0, now + _LOCK_MINUTES * 60_000
        else:
            user.failed = 0
            if _HASHER.check_needs_rehash(user.password):
                user.password = _HASHER.hash(password)
            return _open_session(session, user, now)
    raise failure


def _too_many() -> RateError:
    return RateError("too many failed sign-ins: try again in 15 minutes")


def _wrong() -> LoginError:
    return LoginError("the name or the password is not right")


def _stranger(key: str, now: int) -> Exception:
    """What an unknown name is told: the same as a known one, lock-out and all, so that trying
    names finds none. Counted in this process only."""
    with _STRANGERS_LOCK:
        if len(_strangers) > _MOST_STRANGERS:
            _strangers.clear()
        failed, locked_until = _strangers.get(key, (0, 0))
        if locked_until > now:
            return _too_many()
        failed += 1
        locked = failed >= _FAILURES
        _strangers[key] = (0, now + _LOCK_MINUTES * 60_000) if locked else (failed, 0)
    return _wrong()


def _verify(stored: str, password: str) -> bool:
    if len(password) > _LONGEST:
        return False
    try:
        return _HASHER.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _open_session(session: Session, user: User, now: int) -> SignedIn:
    session.execute(sa.delete(models.Session).where(models.Session.expires_at <= now))
    cookie, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    session.add(
        models.Session(
            id=_sha(cookie),
            user_id=user.id,
            csrf=csrf,
            expires_at=now + SESSION_HOURS * 3_600_000,
        )
    )
    return SignedIn(cookie=cookie, csrf=csrf, user=user)


def session_user(store: Store, session: Session, cookie: str) -> tuple[User, str] | None:
    """The user of a session cookie and the session's CSRF token; None when it is no good."""
    row = session.execute(
        sa.select(User, models.Session.csrf)
        .join(models.Session, models.Session.user_id == User.id)
        .where(models.Session.id == _sha(cookie), models.Session.expires_at > store.clock())
    ).first()
    if row is None or not row[0].active:
        return None
    return row[0], row[1]


def sign_out(session: Session, cookie: str) -> None:
    """End the session of a cookie."""
    session.execute(sa.delete(models.Session).where(models.Session.id == _sha(cookie)))


def new_token(
    store: Store, session: Session, user: User, name: str, scopes: Sequence[str], days: int
) -> str:
    """An API token for `user`, shown once; the store keeps its hash."""
    if unknown := set(scopes) - set(SCOPES):
        raise ConflictError(f"unknown scope {sorted(unknown)[0]}: use {', '.join(SCOPES)}")
    if not scopes or not 1 <= days <= 3660:
        raise ConflictError("a token needs at least one scope and 1 to 3660 days")
    token = "nc_" + secrets.token_urlsafe(32)
    now = store.clock()
    session.add(
        Token(
            user_id=user.id,
            name=name[:64],
            hash=_sha(token),
            scopes=sorted(set(scopes)),
            created_at=now,
            expires_at=now + days * 86_400_000,
            revoked_at=None,
        )
    )
    session.flush()
    return token


def token_user(store: Store, session: Session, token: str) -> tuple[User, frozenset[str]] | None:
    """The user and scopes of an API token; None when it is unknown, expired or revoked."""
    row = session.execute(
        sa.select(User, Token.scopes)
        .join(Token, Token.user_id == User.id)
        .where(
            Token.hash == _sha(token),
            Token.expires_at > store.clock(),
            Token.revoked_at.is_(None),
        )
    ).first()
    if row is None or not row[0].active:
        return None
    return row[0], frozenset(row[1])


def revoke_tokens(store: Store, session: Session, name: str) -> int:
    """Revoke all tokens of a user; returns how many."""
    user = named(session, name)
    query = sa.select(Token).where(Token.user_id == user.id, Token.revoked_at.is_(None))
    tokens = session.scalars(query).all()
    for token in tokens:
        token.revoked_at = store.clock()
    return len(tokens)


def same(left: str, right: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


def _sha(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
