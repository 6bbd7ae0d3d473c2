"""Repeatable random draws, keyed with the store's secret so that nobody can foresee them."""

from __future__ import annotations

import hashlib
import hmac


def draw(secret: bytes, *parts: object) -> float:
    """A number in [0, 1) that depends on the secret and on `parts` only."""
    message = "\x1f".join(str(p) for p in parts).encode()
    return int.from_bytes(hmac.new(secret, message, hashlib.sha256).digest()[:7]) / 2**56


def band(doubt: float) -> float:
    """The place in the queue that a doubt (0 to 1) gives: 1 from a half on, else 0.

    Coarse on purpose: the very most doubtful texts are mostly those that nobody can code well,
    and models learn less from them than from doubtful texts at large.
    """
    return 1.0 if doubt >= 0.5 else 0.0


def text_key(secret: bytes, *parts: str) -> str:
    """A keyed digest (64 hex digits) that is equal for equal texts."""
    message = "\x1f".join(parts).encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()
