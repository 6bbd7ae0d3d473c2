"""Word forms folded so that plural, spelling and gender do not hide an index term."""

from __future__ import annotations

import re
from functools import lru_cache

_STOP_WORDS = "a an and at by for from in of on or the to"
_STOP = frozenset(_STOP_WORDS.split())
_SPELLING = re.compile(r"(?<=.)(?:our(?=s?$|ing|ed|er)|tre$|is(?=e[drs]?$|ing$|ation))")
_BRITISH = {"our": "or", "tre": "ter", "is": "iz"}
_PERSON = re.compile(r"(?<=[a-z]{3})(?:wo)?m[ae]n$")
_NOT_PERSON = frozenset(("german", "human", "roman", "specimen", "ottoman", "caiman", "talisman"))
_KEEP_S = ("ss", "us", "is", "as", "os")


@lru_cache(maxsize=50_000)
def fold_word(word: str) -> str:
    """`word` (lower case) in the singular, with American spelling and no gender: "saleswomen" ->
    "salesperson", "labourers" -> "laborer". Idempotent for ordinary words."""
    if len(word) > 3 and word.endswith("s") and not word.endswith(_KEEP_S):
        if word.endswith("ies") and len(word) > 4:
            word = word[:-3] + "y"
        elif word.endswith(("ches", "shes", "sses", "xes", "zes")):
            word = word[:-2]
        else:
            word = word[:-1]
    if len(word) > 5 and word not in _NOT_PERSON:
        word = _PERSON.sub("person", word)
    return _SPELLING.sub(lambda match: _BRITISH[match[0]], word)


def order_key(text: str) -> str:
    """The folded words of a normal text in alphabetical order, without stop words: texts that
    differ in word order, plural or spelling variant only share it."""
    return " ".join(sorted({fold_word(word) for word in text.split() if word not in _STOP}))
