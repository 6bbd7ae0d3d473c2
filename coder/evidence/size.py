"""Size class of the establishment (Annex B) from a number, a range or words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from coder.evidence.said import Said
from coder.text import Role, fold, nothing_to_say

# Annex B: the first number of persons engaged of each class
FIRST = (1, 5, 10, 20, 50, 100, 150, 200, 250, 500, 1000)
UNKNOWN = "Z"
EXACT, ROUGH, TOLD = 0.99, 0.85, 0.8  # a number; a number said to be rough; one in a story
_NAMES = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30,
    "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "hundred": 100, "a hundred": 100, "thousand": 1000, "a thousand": 1000, "a dozen": 12,
    "two dozen": 24, "half a dozen": 6, "several hundred": 300, "several thousand": 3000,
    "a handful": 4, "a couple": 2, "dozens": 36, "hundreds": 300, "thousands": 3000, "dozen": 12,
}  # fmt: skip
_WORD = "|".join(sorted(_NAMES, key=len, reverse=True))
_NUMBER = rf"\d{{1,3}}(?:[ ,.']\d{{3}})+|\d+(?:\.0+)?|(?:{_WORD}) (?:hundred|thousand)|{_WORD}"
_RANGE = re.compile(rf"(?P<low>{_NUMBER})\s*(?:-|–|to|and|until|/|\.\.)\s*(?P<high>{_NUMBER})\b")
_ABOVE = re.compile(
    rf"(?:(?P<strict>more than|over|above|>(?!=))|at least|from|>=|≥)\s*(?P<more>{_NUMBER})\b|"
    rf"\b(?P<plus>{_NUMBER})\s*(?:\+|or more|and more|and over|plus)"
)
_BELOW = re.compile(
    rf"(?P<strict>less than|fewer than|under|below|<(?!=))\s*(?P<less>{_NUMBER})\b|"
    rf"(?:up to|at most|<=|≤)\s*(?P<most>{_NUMBER})\b"
)
_ONE = re.compile(rf"\b(?P<n>{_NUMBER})\b")
_VAGUE = re.compile(
    r"\b(?:about|around|approx\w*|roughly|some|circa|ca|nearly|almost|several|handful|couple|"
    r"dozens|hundreds|thousands|~)\b|~"
)
_ALONE = re.compile(
    r"\b(?:alone|by (?:himself|herself|myself)|just (?:me|himself|herself)|no (?:other )?"
    r"(?:employees|staff|workers)|without (?:any )?(?:employees|staff)|on (?:his|her|my) own|"
    r"one[ -](?:man|woman|person)|single[ -]person|sole trader|only (?:me|the owner))\b"
)
_STORY = re.compile(
    rf"\b(?:employs|employing|employed|has|with|have|staff of|crew of|workforce of|company of|"
    rf"firm of|team of) (?:about |around |approximately |some |roughly |over |more than |nearly |"
    rf"fewer than |less than )?(?:{_NUMBER})(?:\s*(?:-|to)\s*(?:{_NUMBER}))? "
    rf"(?:\w+ )?(?:employees|workers|people|persons|staff)\b(?! (?:were|was|on the|injured|hurt))|"
    rf"\b(?:{_NUMBER})[ -](?:person|employee|worker|man) (?:company|firm|business|shop|plant|"
    rf"establishment|workshop)\b|\b(?:staff|workforce) of (?:about )?(?:{_NUMBER})\b|"
    rf"\bself[ -]?employed,? (?:and )?(?:working |works )?alone\b|\bworks? alone as\b|"
    rf"\bone[ -](?:man|woman|person) (?:business|shop|firm|company)\b"
)
_NOT_KNOWN = re.compile(r"\b(?:unknown|not known|don'?t know|no idea|not stated|not sure|unsure)\b")


def size_class(values: Mapping[Role, str]) -> Said:
    """The size class that a column or a narrative tells.

    A number, a range ("10-19": shared among the classes that it spans), an open range ("250+"),
    words ("about a dozen workers", "self-employed, alone"). A narrative counts only where the
    number is that of the establishment. Source: 16th ICLS resolution, Annex B.
    """
    cell = values.get(Role.SIZE, "")
    text = fold(cell)
    if text and not re.search(r"\w", text):
        text = ""
    if text:
        if _NOT_KNOWN.search(text):
            return Said({UNKNOWN: EXACT}, {UNKNOWN: (text[:40],)})
        if found := _read(text, EXACT):
            return found
    story = values.get(Role.NARRATIVE, "")
    if (match := _STORY.search(fold(story))) and (found := _read(match[0], TOLD)):
        return found
    silent = nothing_to_say(story) is not None and not text
    return Said(absent="empty" if silent else "names no number of persons engaged")


def _read(text: str, trust: float) -> Said | None:
    if (least := _at_least(text)) is not None:
        shares = _from_on(least)
        return Said({c: trust * s for c, s in shares.items()}, dict.fromkeys(shares, (text[:40],)))
    span = _span(text)
    if span is None:
        return None
    low, high = span
    rough = bool(_VAGUE.search(text)) and low == high
    if rough:
        low, high = low - low // 10, high + high // 10
        trust = min(trust, ROUGH)
    shares = _shares(low, high)
    if not shares:
        return None
    return Said({c: trust * s for c, s in shares.items()}, dict.fromkeys(shares, (text[:40],)))


def _span(text: str) -> tuple[int, int] | None:
    """The lowest and the highest number of persons that a text allows."""
    if found := _RANGE.search(text):
        return _value(found["low"]), _value(found["high"])
    if found := _BELOW.search(text):
        return 1, _value(found["less"] or found["most"]) - bool(found["strict"])
    if found := _ONE.search(text):
        return _value(found["n"]), _value(found["n"])
    return (1, 1) if _ALONE.search(text) else None


def _at_least(text: str) -> int | None:
    """The number from which an open range starts ("more than 49", "250+")."""
    found = None if _RANGE.search(text) else _ABOVE.search(text)
    if found is None:
        return None
    return _value(found["more"] or found["plus"]) + bool(found["strict"])


def _from_on(least: int) -> dict[str, float]:
    """An open range is its own class or a larger one: half of what is left goes to each."""
    first = next(i for i in range(len(FIRST), 0, -1) if FIRST[i - 1] <= max(least, 1))
    shares = {str(code): 0.5 ** (code - first + 1) for code in range(first, len(FIRST))}
    return shares | {str(len(FIRST)): 1.0 - sum(shares.values())}


def _value(word: str) -> int:
    if word in _NAMES:
        return _NAMES[word]
    times, _, unit = word.rpartition(" ")
    if times in _NAMES and unit in _NAMES:
        return _NAMES[times] * _NAMES[unit]
    return int(re.sub(r"\.0+$", "", word).translate(str.maketrans("", "", " ,.'")))


def _shares(low: int, high: int) -> dict[str, float]:
    """How many of the numbers from low to high lie in each class, as shares; {} for none."""
    low = max(low, 1)
    if high < low:
        return {}
    ends = (*(first - 1 for first in FIRST[1:]), max(high, FIRST[-1]))
    inside = {
        str(number): min(high, last) - max(low, first) + 1
        for number, (first, last) in enumerate(zip(FIRST, ends, strict=True), 1)
    }
    total = high - low + 1
    return {code: count / total for code, count in inside.items() if count > 0}
