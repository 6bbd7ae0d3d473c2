"""Texts that say nothing: empty, a placeholder ("idem", "n/a"), or no words at all."""

from __future__ import annotations

import csv
import re
from functools import lru_cache

from coder.resources import shipped
from coder.text.clean import fold

_NOT_WORD = re.compile(r"[\W_]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_LONGEST = 60  # no placeholder is longer: skip the work for every real narrative


@lru_cache(maxsize=1)
def _placeholders() -> frozenset[str]:
    """The texts of training_data/text/placeholders.csv (English, French, Spanish, Portuguese)."""
    path = shipped("training_data", "text", "placeholders.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return frozenset(fold(row["text"]) for row in csv.DictReader(file))


def nothing_to_say(text: str) -> str | None:
    """Why `text` cannot be coded, or None.

    "empty" (nothing or blanks), "no words" (digits and punctuation only, or a single letter),
    "placeholder" (idem, ditto, n/a, none, unknown, xxx, … in English, French, Spanish,
    Portuguese).
    """
    if not text or not (stripped := text.strip()):
        return "empty"
    if len(stripped) > _LONGEST and _LETTERS.search(stripped, 0, _LONGEST):
        return None
    words = _NOT_WORD.sub(" ", fold(text)).strip()
    if not words:
        return "no words" if fold(text) else "empty"
    if words in _placeholders():
        return "placeholder"
    letters = _LETTERS.findall(words)
    if not letters or sum(map(len, letters)) == 1:
        return "no words"
    if len(set("".join(letters))) == 1:
        return "placeholder"  # xxx, zzzz, aa
    return None
