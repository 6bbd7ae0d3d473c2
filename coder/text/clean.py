"""The first step for every text: one Unicode form, no control characters, single spaces."""

from __future__ import annotations

import unicodedata

_MAX_FOLDS = 6


class _Blanks(dict[int, str]):
    """A table for `str.translate`: control and other unprintable characters become spaces."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        # Cc control, Cf format (zero width, soft hyphen), Cs surrogate, Co private, Cn unassigned
        value = " " if unicodedata.category(char)[0] == "C" else char
        self[point] = value
        return value


_BLANKS = _Blanks()


def clean(text: str) -> str:
    """`text` in NFKC, without control characters, with single spaces; the case is kept.

    Any Unicode string is accepted, lone surrogates included. Idempotent.
    Source: Unicode Standard Annex 15 (normalization form KC).
    """
    if text.isascii():
        if not text.isprintable():
            text = text.translate(_BLANKS)
        elif "  " not in text and text.strip(" ") == text:
            return text  # most texts come clean, and every rule cleans what it reads
        return " ".join(text.split())
    for _ in range(_MAX_FOLDS):
        new = unicodedata.normalize("NFKC", text.translate(_BLANKS))
        if new == text:
            break
        text = new
    return " ".join(text.split())


def fold(text: str) -> str:
    """`clean(text)` without case distinctions, stable under itself (Unicode toNFKC_Casefold)."""
    text = clean(text)
    if text.isascii():
        return text.lower()
    for _ in range(_MAX_FOLDS):
        new = clean(text.casefold())
        if new == text:
            break
        text = new
    return text
