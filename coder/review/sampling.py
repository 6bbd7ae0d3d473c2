"""Repeatable random draws, keyed with the store's secret so that nobody can foresee them."""

from __future__ import annotations

import hashlib
import hmac


def draw(secret: bytes, *parts: object) -> float:
    """A number in [0, 1) that depends on the secret and on `parts` only."""
    message = "\x1f".join(str(p) for p in parts).encode()
    return int.from_bytes(hmac.new(secret, message, hashlib.sha256).digest()[:7]) / 2**56


def text_key(secret: bytes, *parts: str) -> str:
    """A keyed digest (64 hex digits) that is equal for equal texts."""
    message = "\x1f".join(parts).encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()
