"""The pieces that rules about narratives share: sentences, persons, the words of a trade."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from coder.resources import shipped
from coder.text import clean

# a blank comes first, its conditions after it: so the search jumps from blank to blank
_SENTENCE = re.compile(
    r" (?:(?<=[a-z0-9)\"'][.!?;] )(?<!\b[SJMD]r\. )(?<!\b[Nn]o\. )(?<!approx\. )(?=[A-Z0-9#\"(])"
    r"|(?<=[A-Z]{2}[.!?;] )(?=[A-Z]))"
)


LONGEST = 20_000  # characters of a narrative that rules read: who was hurt is said early


def sentences(text: str, most: int = 40) -> list[str]:
    """The sentences of `text`, cleaned, in order; at most `most` (the rest tells no more)."""
    return [part for part in _SENTENCE.split(clean(text[:LONGEST])) if part][:most]


@lru_cache(maxsize=1)
def heads() -> Mapping[str, bool]:
    """Word that can end the name of an occupation -> whether it also names a machine or tool.

    From training_data/evidence/occupation_heads.csv.
    """
    path = shipped("training_data", "evidence", "occupation_heads.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return MappingProxyType(
            {r["word"]: r["also_machine"] == "yes" for r in csv.DictReader(file)}
        )


@lru_cache(maxsize=4)
def pairs(name: str) -> Mapping[str, str]:
    """A two-column table of training_data/evidence: first column -> second."""
    path = shipped("training_data", "evidence", f"{name}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return MappingProxyType(dict(rows))


@lru_cache(maxsize=32)
def word_list(name: str) -> frozenset[str]:
    """One of the lists of training_data/evidence/narrative_words.csv:

    breaks (end an occupation's phrase on the left), noise (said of a person, no part of the
    occupation), empty (name no occupation by themselves), things (behind an occupation they make
    it a thing: "welder machine"), human_verbs, surely_human and human_states (what only or mostly
    a person does or suffers).
    """
    path = shipped("training_data", "evidence", "narrative_words.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return frozenset(row["word"] for row in csv.DictReader(file) if row["list"] == name)


_PLURALS = (("men", "man"), ("women", "woman"), ("ies", "y"), ("es", ""), ("s", ""))


@lru_cache(maxsize=1)
def head_forms() -> Mapping[str, str]:
    """Head nouns and their plurals ("roofers", "foremen") -> the head noun."""
    found = {head: head for head in heads()}
    for plural, end in _PLURALS:
        for head in heads():
            if head.endswith(end):
                found.setdefault(head[: len(head) - len(end)] + plural, head)
    return MappingProxyType(found)


def singular_head(word: str) -> str | None:
    """The head noun that `word` is or is the plural of, or None."""
    return head_forms().get(word)
