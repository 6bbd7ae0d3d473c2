"""Errors of the clerk's side; `status` is what the HTTP door answers."""

from __future__ import annotations

from typing import ClassVar

from coder.errors import CoderError


class ReviewError(CoderError):
    """Base of the errors of the review room."""

    code = "review"
    status: ClassVar[int] = 400


class StoreError(ReviewError):
    """The store cannot be opened: no such database, older or newer tables."""

    code = "store"
    status = 503


class NotFoundError(ReviewError):
    """No such item, turn, user, token, job or batch."""

    code = "not_found"
    status = 404


class LeaseError(ReviewError):
    """The turn is not this person's any more: the lease ran out and someone else took it."""

    code = "lease"
    status = 409


class ConflictError(ReviewError):
    """The request contradicts what is already stored."""

    code = "conflict"
    status = 409


class LoginError(ReviewError):
    """Not signed in, or the name, password or token is not right."""

    code = "login"
    status = 401


class ForbiddenError(ReviewError):
    """Signed in, but the role or the token's scope does not allow this."""

    code = "forbidden"
    status = 403


class RateError(ReviewError):
    """Too many requests, or too many failed sign-ins."""

    code = "rate"
    status = 429


class TooLargeError(ReviewError):
    """The request body is over the limit."""

    code = "too_large"
    status = 413


class UnavailableError(ReviewError):
    """This server has no engine loaded, so it cannot code."""

    code = "unavailable"
    status = 503


class LedgerError(ReviewError):
    """The ledger does not verify: an entry was changed, removed or added outside the chain."""

    code = "ledger"
    status = 500
