"""How many persons a narrative says were injured: paragraph 12 counts one case for each."""

from __future__ import annotations

import re

from coder.evidence.injury import several_injured
from coder.evidence.phrases import LONGEST, singular_head
from coder.text import body_words, clean, fold

_NAMES = "one two three four five six seven eight nine ten eleven twelve"
_WORDS = _NAMES.split()
_NUMBER = {word: i for i, word in enumerate(_WORDS, 1)}
_PERSONS = (
    r"(?:employees|workers|men|women|people|persons|victims|miners|labou?rers|coworkers|co-workers|"
    r"colleagues|roofers|painters|electricians|carpenters|welders|drivers|cleaners|operators|"
    r"firefighters|guards|nurses|technicians|mechanics|others|passengers|crew members|staff)"
)
_HURT = (
    r"(?:injured|hurt|killed|burned|burnt|hospitali[sz]ed|treated|electrocuted|shocked|overcome|"
    r"crushed|drowned|poisoned|sickened|wounded|exposed|struck|admitted)"
)
_SUFFERED = r"(?:died|drowned|suffered|sustained|received|fell ill|collapsed|inhaled)"
_HARMED = rf"(?:(?:were|was|are|had been|got) (?!not )(?:\w+ ){{0,2}}?{_HURT}|{_SUFFERED})"
_COUNTED = re.compile(
    rf"(?<!of )(?<!of the )(?<!crew of )\b(?P<n>{'|'.join(_WORDS[1:])}|[2-9]|[1-9]\d) "
    rf"(?:of the )?(?:\w+ ){{0,2}}?{_PERSONS}\b(?P<between>[^.;]{{0,60}}?)\b{_HARMED}\b"
)
_MANY = "|".join(_WORDS) + r"|[1-9]|[1-9]\d"
_DEAD = re.compile(
    rf"\b(?P<a>{_MANY}) (?:{_PERSONS} )?(?:were |was )?(?:killed|dead|fatalit(?:y|ies)|deaths?)\b|"
    rf"\b(?:killed|killing) (?P<b>{_MANY})\b(?! (?:feet|foot|days|hours|times|minutes))"
)
_WOUNDED = re.compile(
    rf"\b(?P<a>{_MANY}) (?:others? |more |{_PERSONS} )?(?:were |was )?"
    rf"(?:injured|hurt|wounded|hospitali[sz]ed)\b|"
    rf"\b(?:injured|injuring|wounded|wounding) (?P<b>{_MANY})\b"
    rf"(?! (?:of his|of her|fingers?|ribs?|toes?|days|hours|feet|times|minutes|teeth|discs?))"
)
_HELPERS = re.compile(r"\b(?:help\w*|assist\w*|carried|pulled|saw|found|called|not|no|unhurt)\b")
_HELPING = re.compile(
    rf"\b{_PERSONS} (?:\w+ )?(?:helped|assisted|carried|pulled|found) (?:the|an?|him|her)\b"
)
_ONE_OF = re.compile(rf"\bone of (?:the )?\w+ (?:\w+ )?{_PERSONS}\b")
_ONE_AND_ANOTHER = re.compile(
    rf"\bone (?:\w+ )?{_HARMED}\b[^.]{{0,60}}\b(?:another|the other|a second|one)\b[^.]{{0,30}}?"
    rf"\b(?:{_HURT}|{_SUFFERED})\b"
)
_NUMBERED = re.compile(r"\bemployees? #? ?(\d{1,2})\b|(?<=,)? ?#(\d{1,2})\b")
_UNHURT = re.compile(
    r"\bemployee #? ?(\d{1,2}) (?:was|were) (?:not (?:\w+ )?(?:injured|hurt)|un(?:injured|hurt))"
)
_TWO = re.compile(
    rf"\b(?P<one>[a-z]+) and (?:his |her |an? |the )(?P<two>[a-z]+)(?: [a-z]+)? (?:both )?"
    rf"{_HARMED}\b"
)


def persons_injured(narrative: str) -> int | None:
    """The number of injured persons; 1 unless the text says otherwise, None when it tells of
    several without their number.

    Source: 16th ICLS resolution, paragraph 12 (each injured person is a case).
    """
    text = fold(clean(narrative[:LONGEST]))
    found = [_counted(text), _numbered(text), _named(text)]
    if (most := max(found)) > 1:
        return most
    untouched = _UNHURT.search(text) or _HELPING.search(text)
    return None if several_injured(_ONE_OF.sub("one", text)) and not untouched else 1


def _counted(text: str) -> int:
    most = 2 if _ONE_AND_ANOTHER.search(text) else 1
    most = max(most, sum(_first(tally, text) for tally in (_DEAD, _WOUNDED)))
    for match in _COUNTED.finditer(text):
        if not _HELPERS.search(match["between"]):
            most = max(most, _value(match["n"]))
    return most


def _first(tally: re.Pattern[str], text: str) -> int:
    """The number in the first match: "four killed", "injuring three"; 0 without one."""
    found = tally.search(text)
    return _value(found["a"] or found["b"]) if found else 0


def _value(word: str) -> int:
    return _NUMBER.get(word) or int(word)


def _numbered(text: str) -> int:
    """Employees that a report numbers, without those said to be unhurt."""
    numbers = {int(a or b) for a, b in _NUMBERED.findall(text)}
    numbers -= {int(found) for found in _UNHURT.findall(text)}
    return len(numbers) if numbers and several_injured(text) else 1


def _named(text: str) -> int:
    """ "the driver and his helper were hurt": two persons, where both words name one."""
    parts = body_words()
    for match in _TWO.finditer(text):
        words = (match["one"], match["two"])
        if not any(word in parts for word in words) and all(map(singular_head, words)):
            return 2
    return 1
