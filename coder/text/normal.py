"""What the models read: one plain form of a text, the same in training and in use."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from coder.errors import InputError
from coder.text.abbreviations import END, Table, in_context, load_table, write_marked
from coder.text.clean import fold
from coder.text.titles import NOISE, strip_noise, undo_inversion

Domain = Literal["injury", "occupation", "industry"]

_TABLE_OF: Mapping[str, str] = MappingProxyType(
    {"injury": "hospital", "occupation": "work", "industry": "work"}
)
# the dots of "e.r.": each stands between single letters; the leading dot makes the search fast
_DOTTED = re.compile(r"\.(?<=[^\W\d_]\.)(?<![^\W_]{2}\.)(?=[^\W\d_](?![^\W_]))")
_GLUED = re.compile(r"(\d)(y/?o[mf]?|y[mf]|lbs?|ft|hrs?|mins?|yrs?|mph|kg|cm|mm|am|pm)(?![^\W_])")
_POSSESSIVE = re.compile(r"'s(?![^\W_])")
_LONGEST_TITLE = 300  # a longer text is no title: nothing to invert, no noise to strip
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'"})


class _Words(dict[int, str | None]):
    """For `str.translate`: letters, marks and digits stay, the apostrophe goes, the rest splits."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        value = char if unicodedata.category(char)[0] in "LMN" else " "
        self[point] = value
        return value


_WORDS = _Words({ord("'"): None})


def normal(text: str, domain: Domain) -> str:
    """The lower-case, expanded, punctuation-free form of `text` that models see.

    domain: "injury" (narratives; hospital shorthand), "occupation" (titles; index inversion
    undone, job-board noise dropped) or "industry". Words are joined by single spaces; digits stay.
    Idempotent, deterministic, total over all strings. Raises InputError for another domain.
    """
    if domain not in _TABLE_OF:
        raise InputError(f"no text domain '{domain}': use {', '.join(_TABLE_OF)}", domain=domain)
    table = load_table(_TABLE_OF[domain])
    text = fold(text).translate(_QUOTES) if not text.isascii() else fold(text)
    if domain == "occupation" and len(text) <= _LONGEST_TITLE:
        text = undo_inversion(strip_noise(text))
    words = _split(text, table)
    if domain == "occupation":
        words = [word for word in words if word not in NOISE] or words
    return " ".join(_expanded(words, table))


def _split(text: str, table: Table) -> list[str]:
    if text.isalnum():
        return [text]
    text = write_marked(text, table)
    if "." in text:
        text = _DOTTED.sub("", text)
    if "'" in text:
        text = _POSSESSIVE.sub("", text)
    text = _GLUED.sub(r"\1 \2", text)
    return text.translate(_WORDS).split()


def _expanded(words: list[str], table: Table) -> list[str]:
    plain = table.words
    if table.contextual.keys().isdisjoint(words):
        return [plain.get(word, word) for word in words]
    out: list[str] = []
    for i, word in enumerate(words):
        value = plain.get(word)
        if value is None and word in table.contextual:
            following = words[i + 1] if i + 1 < len(words) else END
            value = in_context(table.contextual[word], following)
        out.append(word if value is None else value)
    return out
