"""Which words of a text speak for a code, so that the page can mark them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from coder.evidence import IndexLookup
from coder.review.models import Item
from coder.review.shown import Candidate

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_COMMON = frozenset(
    _WORD.findall(
        "and the for with other not elsewhere classified unspecified including except related "
        "workers work body part parts area areas multiple locations from into"
    )
)
_SHORTEST = 3
_MOST = 8


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text; `marked` when it speaks for one of the codes shown."""

    text: str
    marked: bool


def stem(word: str) -> str:
    """A word without case, accents and a plural ending: enough to see "Hands" in "hand"."""
    folded = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    for ending in ("ies", "es", "s"):
        if plain.endswith(ending) and len(plain) - len(ending) >= _SHORTEST:
            return plain[: -len(ending)] + ("y" if ending == "ies" else "")
    return plain


def stems(texts: Iterable[str]) -> frozenset[str]:
    """The stems of all words that say something."""
    words = (w for text in texts for w in _WORD.findall(text))
    return frozenset(stem(w) for w in words if len(w) >= _SHORTEST and w.casefold() not in _COMMON)


def mark(text: str, wanted: frozenset[str]) -> list[Part]:
    """`text` cut into parts; joined, they are the text again."""
    parts, at = [], 0
    for found in _WORD.finditer(text):
        if stem(found[0]) in wanted:
            if found.start() > at:
                parts.append(Part(text[at : found.start()], False))
            parts.append(Part(found[0], True))
            at = found.end()
    if at < len(text):
        parts.append(Part(text[at:], False))
    return parts


def spoken(item: Item, shown: Sequence[Candidate]) -> dict[str, list[str]]:
    """Per candidate, the words of the item's text that speak for it: words of its title, of the
    index terms found, and of the engine's evidence for it."""
    texts = item.text or {}
    terms = _index_terms(item.scheme, texts)
    said = evidence_by_code(item.evidence or ())
    found = {}
    for one in shown:
        phrases = [one.title, *terms.get(one.code, ()), said.get(one.code, "")]
        wanted = stems(phrases)
        words = (w for text in texts.values() for w in _WORD.findall(text))
        kept = dict.fromkeys(w.casefold() for w in words if stem(w) in wanted)
        found[one.code] = list(kept)[:_MOST]
    return found


def evidence_by_code(evidence: Iterable[str]) -> dict[str, str]:
    """Code -> the words of the engine's evidence for it: "7212: index: welder" is {"7212":
    "welder"}."""
    found = {}
    for entry in evidence:
        code, _, words = entry.partition(":")
        found[code.strip()] = words.strip().removeprefix("index:").strip()
    return found


def _index_terms(scheme: str, texts: Mapping[str, str]) -> dict[str, list[str]]:
    lookup = IndexLookup.load(scheme)
    found: dict[str, list[str]] = {}
    for text in texts.values():
        for match in lookup.find(text, limit=10, fuzzy=False):
            found.setdefault(match.code, []).append(match.term)
    return found
