"""Abbreviations and hospital shorthand, from training_data/text/abbreviations.csv.

A row names the abbreviation, its expansion, the table it belongs to, and (column `next`) what
must follow for it to hold: `body` a word for a part of the body, `spine`, `end` the end of the
text, or the words themselves, joined by `|`. `R` is a side only before a part of the body.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from coder.errors import InputError
from coder.resources import shipped
from coder.text.clean import clean

# which tables of the file a caller's table name covers
_COVERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "general": ("general",),
        "hospital": ("hospital", "general"),
        "work": ("work", "general"),
    }
)
# words that may stand between a side and the part it belongs to
_SIDE_WORDS = (
    "side sided upper lower index middle ring little small great big inner outer distal proximal "
    "anterior posterior lateral medial low mid first second third fourth fifth 1st 2nd 3rd 4th 5th "
    "front rear hand hemithorax"
)
_BETWEEN = frozenset(_SIDE_WORDS.split())
_SPINE = frozenset(("spine", "vertebra", "vertebrae", "vertebral", "strain", "sprain"))
END = ""  # the "next word" of the last word


@dataclass(frozen=True, slots=True)
class Table:
    """Abbreviations ready for lookup: all keys are lower case.

    words      single tokens without punctuation -> expansion
    contextual token -> ((words one of which must follow, expansion), …), first match wins
    marks      punctuation character -> (key, pattern, expansion) of the keys that contain it,
               longest key first
    """

    words: Mapping[str, str]
    contextual: Mapping[str, tuple[tuple[frozenset[str], str], ...]]
    marks: Mapping[str, tuple[tuple[str, re.Pattern[str], str], ...]]


@lru_cache(maxsize=1)
def body_words() -> Mapping[str, str]:
    """Word for a part of the body -> its Annex F code, from training_data/text/body_words.csv."""
    with shipped("training_data", "text", "body_words.csv").open(encoding="utf-8", newline="") as f:
        return MappingProxyType({row["word"]: row["part"] for row in csv.DictReader(f)})


def _rows(names: tuple[str, ...]) -> list[tuple[str, str, str]]:
    path = shipped("training_data", "text", "abbreviations.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    # the special table is listed first, so that its reading wins over the general one
    return [
        (row["abbreviation"], row["expansion"], row["next"])
        for name in names
        for row in rows
        if row["table"] == name
    ]


def expansions(name: str) -> list[tuple[str, str]]:
    """Abbreviation and expansion of all rows that a table covers, whatever must follow them."""
    return [(key, value) for key, value, _ in _rows(_COVERS[name])]


def _following(kind: str, rows: list[tuple[str, str, str]]) -> frozenset[str]:
    if kind == "end":
        return frozenset((END,))
    if kind == "spine":
        return _SPINE
    words = frozenset(body_words()) | _BETWEEN if kind == "body" else frozenset(kind.split("|"))
    # "r fem" must expand at once, or a second pass would see "r femur" and change it again
    return words | {key for key, value, _ in rows if value.split()[0] in words}


@lru_cache(maxsize=len(_COVERS))
def load_table(name: str) -> Table:
    """The table "general", "hospital" or "work" (the last two include "general").

    Raises InputError for another name.
    """
    if name not in _COVERS:
        raise InputError(f"no abbreviation table '{name}': use {', '.join(_COVERS)}", table=name)
    rows = _rows(_COVERS[name])
    words: dict[str, str] = {}
    contextual: dict[str, list[tuple[frozenset[str], str]]] = {}
    marked: dict[str, dict[str, str]] = {}
    for key, value, following in rows:
        if following:
            contextual.setdefault(key, []).append((_following(following, rows), value))
        elif key.isalnum():
            words.setdefault(key, value)
        else:
            mark = next(char for char in key if not char.isalnum())
            marked.setdefault(mark, {}).setdefault(key, value)
    for key in contextual:
        if key in words:
            contextual[key].append((frozenset(), words.pop(key)))
    return Table(
        words=MappingProxyType(words),
        contextual=MappingProxyType({key: tuple(value) for key, value in contextual.items()}),
        marks=MappingProxyType({mark: _patterns(keys) for mark, keys in marked.items()}),
    )


def _patterns(keys: Mapping[str, str]) -> tuple[tuple[str, re.Pattern[str], str], ...]:
    found = []
    for key in sorted(keys, key=lambda key: (-len(key), key)):
        literal = re.escape(key)
        # the key comes first, its conditions after it: so the search jumps from key to key
        before = rf"(?<![^\W_]{literal})" if key[0].isalnum() else ""
        # "w/" may touch the next word ("w/dad"); a key that ends in a letter may not
        after = r"(?![^\W_])" if key[-1].isalnum() else ""
        pattern = re.compile(literal + before + after, re.IGNORECASE)
        found.append((key, pattern, f" {keys[key]} "))
    return tuple(found)


def write_marked(text: str, table: Table) -> str:
    """`text` with the keys that contain punctuation written out; the case of the rest is kept."""
    for mark, keys in table.marks.items():
        if mark not in text:
            continue
        low = text.lower()
        for key, pattern, value in keys:
            if key in low:  # ten times faster than to try the pattern
                text = pattern.sub(value, text)
    return text


def in_context(options: tuple[tuple[frozenset[str], str], ...], following: str) -> str | None:
    """The expansion whose condition `following` (the next word, END at the end) meets, or None."""
    for words, value in options:
        if not words or following in words:
            return value
    return None


_TOKEN = re.compile(r"[^\W_]+")


def expand(text: str, table: str = "general") -> str:
    """`text` with its abbreviations written out; the rest, case and punctuation, stays.

    table: "general", "hospital" (shorthand of emergency departments and accident reports) or
    "work" (occupations and industries). Raises InputError for another table.
    """
    found = load_table(table)
    text = write_marked(clean(text), found)
    matches = list(_TOKEN.finditer(text))
    pieces: list[str] = []
    at = 0
    for i, match in enumerate(matches):
        word = match[0].lower()
        value = found.words.get(word)
        if value is None and word in found.contextual:
            following = matches[i + 1][0].lower() if i + 1 < len(matches) else END
            value = in_context(found.contextual[word], following)
        if value is not None:
            pieces += (text[at : match.start()], value)
            at = match.end()
    pieces.append(text[at:])
    return " ".join("".join(pieces).split())
