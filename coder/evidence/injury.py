"""Rules for injuries: diagnosis codes, the side of the body, several injured."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from coder.errors import SchemeError
from coder.evidence.phrases import LONGEST
from coder.schemes import load_crosswalk
from coder.text import body_words, expansions, fold, normal

Side = Literal["1", "2", "3"]
# a body word: its Annex F code, its side, has it a side and a word of harm near
Mention = tuple[str, Side | None, bool]
_ICD = re.compile(r"[A-Z]\s?\d\s?[0-9A-Z](?:\s?\.?\s?[0-9A-Z]{1,4})?(?![0-9A-Z])", re.IGNORECASE)
_SIDES: dict[str, Side] = {"right": "1", "left": "2", "both": "3", "bilateral": "3"}
_LONG = {"r": "right", "rt": "right", "l": "left", "lt": "left"}
# words that may stand between a side and its part: "left index and middle finger"
_BETWEEN_WORDS = (
    "upper lower index middle ring little small great big inner outer distal proximal anterior "
    "posterior lateral medial low mid first second third fourth fifth 1st 2nd 3rd 4th 5th front "
    "rear back side sided of his her the their my employee employees and or of s area"
)
_BETWEEN = frozenset(_BETWEEN_WORDS.split())
_REACH = 6
_NEAR = 4
# the mark comes first, its conditions after it: so the search jumps from mark to mark
_CLAUSE = re.compile(r"[.;!?](?<!\b[rl].)(?<!\b[rl]t.)(?: |$)")
_HARM = re.compile(
    r"^(?:fractur|lacerat|amputat|cut|pain|injur|burn|sprain|broke|crush|pinch|swell|swollen|bruis|"
    r"contus|strain|torn|tear|tore|stitch|sutur|caught|struck|smash|hurt|diagnos|sore|twist|abras|"
    r"punctur|mash|hit|numb|dislocat|sever|scald|bit|bitten|bleed|scratch|debris|particle)"
)
_BEHIND = r"\s*(?P<side>right|left|rt|lt|r|l|bilateral|both)\b\s*(?:[).,;]|$)"
_POSTPOSED = re.compile(r"\b(?P<part>[a-z]+)\s*[,(:/-]" + _BEHIND)
_MAY_BE_POSTPOSED = re.compile(r"[,(:/-]" + _BEHIND)  # a fraction of the work
_LEAVERS = frozenset(("he", "she", "they"))  # "he left"
_DETERMINERS = frozenset(("of", "his", "her", "the", "their", "my"))
_BY_MEANS_OF = frozenset(("used", "using", "with"))  # "used both hands to push"
_ON_LIMB = ("on", "of", "in", "to", "at")


def diagnosis_codes(raw: str, scheme: str) -> frozenset[str]:
    """The codes of "injury-type" or "body-part" that the ICD-10 codes in `raw` stand for.

    Tolerant of dots, case, ICD-10-CM endings and several codes in one cell ("s62.30xA; S00.1");
    what is no chapter XIX code is passed over. Several codes mean "one of these". Raises
    SchemeError for a scheme to which no ICD-10 crosswalk leads.
    """
    walk = load_crosswalk("icd-10", scheme)
    found: set[str] = set()
    for match in _ICD.finditer(raw):
        try:
            found.update(link.target for link in walk.targets(match[0]))
        except SchemeError:  # a code of another chapter says nothing about the injury
            continue
    return frozenset(found)


def side_of_body(text: str, part: str) -> Side | None:
    """The side that the text gives for the Annex F code `part`: "1" right, "2" left, "3" both.

    The side must stand with the part ("right index finger", "both hands", "knee (L)", "finger on
    his left hand"); "right away" or "right side of the truck" say nothing. When the part is named
    on different sides, the one beside a word of harm counts. A side given only for a neighbouring
    part of the same limb is taken when the limb has no other side. None when the text is silent.
    Source: 16th ICLS resolution, Annex F, optional digit for the side.
    """
    mentions = _mentions(text)
    own = [m for m in mentions if _belongs(m[0], part)]
    sided = [m for m in own if m[1]]
    if sided:
        return _decided(sided)
    limb = part.partition(".")[0]
    if limb not in {"1", "4", "5", "6"}:
        return None
    sides = {side for where, side, _ in mentions if side and where.partition(".")[0] == limb}
    return sides.pop() if len(sides) == 1 else None


def _belongs(where: str, part: str) -> bool:
    """Does the body word of code `where` speak of the coded `part`?"""
    if where == part or where.startswith(part + "."):
        return True
    limb, _, detail = part.partition(".")
    return where.partition(".")[0] == limb and detail in {"7", "8", "9"}


def _decided(sided: list[Mention]) -> Side | None:
    for only_harmed in (True, False):
        sides = {side for _, side, harmed in sided if harmed or not only_harmed}
        if len(sides) == 1:
            return sides.pop()
        if len(sides) > 1:
            return "3" if only_harmed or "3" in sides else None
    return None


def _mentions(text: str) -> list[Mention]:
    """The body words of the clauses that may tell a side, in text order."""
    text = fold(text[:LONGEST])
    found: list[Mention] = []
    tools: list[Mention] = []  # "used both hands": they count where no other part is named
    silent: list[str] = []
    for clause in _CLAUSE.split(text):
        if tells_side().search(clause):
            own, used = _in_clause(clause)
            found += own
            tools += used
        else:
            silent.append(clause)
    if _MAY_BE_POSTPOSED.search(text):
        found += _postposed(text)
    if found or not tools:
        return found
    return [] if any(_in_clause(clause)[0] for clause in silent) else tools


def _in_clause(clause: str) -> tuple[list[Mention], list[Mention]]:
    """The body words of a clause: of the person, and of what the person works with."""
    known = body_words()
    found: list[Mention] = []
    tools: list[Mention] = []
    words = normal(clause, "injury").split()
    for i, word in enumerate(words):
        if word in known:
            side = _side_before(words, i) or _side_of_limb(words, i)
            if _BY_MEANS_OF.isdisjoint(words[max(0, i - 3) : i]):
                near = words[max(0, i - _NEAR) : i + _NEAR + 1] if side else []
                found.append((known[word], side, any(map(_HARM.match, near))))
            elif side:
                tools.append((known[word], side, False))
    return found, tools


def _postposed(text: str) -> list[Mention]:
    """Body words with their side behind them: "knee (L)"."""
    known = body_words()
    return [
        (known[match["part"]], _SIDES[_LONG.get(match["side"], match["side"])], True)
        for match in _POSTPOSED.finditer(text)
        if match["part"] in known
    ]


@lru_cache(maxsize=1)
def tells_side() -> re.Pattern[str]:
    """What a clause must hold for `normal` to leave a side in it.

    A word for a side, or shorthand that stands for one; dotted shorthand has its first letter by
    itself. Where letters may join otherwise, at an apostrophe or in another script, all is
    possible.
    """
    short = {
        key
        for key, expansion in expansions("hospital")
        if not _SIDES.keys().isdisjoint(expansion.split())
    }
    words = {word for key in short for word in (key[0], *re.findall(r"[^\W_]+", key))}
    # any first letter with any of the ends: so the search jumps to the first letters
    first = "".join(sorted({word[0] for word in words if word.isalnum()}))
    ends = "|".join(sorted({word[1:] for word in words}))
    return re.compile(
        rf"['\x80-\U0010ffff]|{'|'.join(_SIDES)}|[{first}](?<![^\W_].)(?:{ends})(?![^\W_])"
    )


def _side_before(tokens: list[str], i: int) -> Side | None:
    """The side that stands before the body word tokens[i], across at most _REACH words."""
    crossed = False  # another body word stands between: "left knee and elbow" share the side
    for j in range(i - 1, max(-1, i - 1 - _REACH), -1):
        word = tokens[j]
        if word in _SIDES:
            if word == "left" and j and tokens[j - 1] in _LEAVERS:
                return None
            joined = j >= 2 and tokens[j - 1] in {"and", "or"} and tokens[j - 2] in _SIDES
            return "3" if joined else _SIDES[word]
        if word in body_words():
            crossed = True
        elif word not in _BETWEEN or (crossed and word in _DETERMINERS):
            return None
    return None


def _side_of_limb(tokens: list[str], i: int) -> Side | None:
    """The side of the limb that carries the part: "finger on his left hand"."""
    if i + 2 >= len(tokens) or tokens[i + 1] not in _ON_LIMB:
        return None
    for j in range(i + 2, min(i + 5, len(tokens) - 1)):
        beside = tokens[j + 1] == "side" and tokens[j + 2 : j + 3] != ["of"]
        if tokens[j] in _SIDES and (tokens[j + 1] in body_words() or beside):
            return _SIDES[tokens[j]]
        if tokens[j] not in {"his", "her", "the", "their", "employee"}:
            return None
    return None


_PERSONS = (
    "employees|workers|men|people|persons|victims|ees|miners|laborers|labourers|coworkers|roofers|"
    "painters|electricians|carpenters"
)
# a pattern, and what a folded text must hold for it to match: that is looked for first
_SEVERAL: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (
        ("employees",),
        re.compile(
            r"\bemployees #?\s?1\b(?:.{0,3})(?:,|and|&|through|thru|to|-)|"
            r"\bemployees #?\s?1 ?(?:,|and|through|-)"
        ),
    ),
    (
        tuple(f" {noun}" for noun in _PERSONS.split("|")),
        re.compile(
            r"\b(?:two|three|four|five|six|seven|eight|nine|ten|several|both|all|[2-9]|1\d) "
            rf"(?:of the )?(?:\w+ ){{0,2}}(?:{_PERSONS})\b[^.]{{0,120}}?\b(?:injured|killed|died|"
            r"hurt|hospitali[sz]ed|burned|burnt|electrocuted|shocked|overcome|treated|suffered|"
            r"sustained|received|crushed|struck|fell|drowned|exposed|transported)"
        ),
    ),
    (
        ("employee #",),
        re.compile(
            r"\bemployee #\s?2\b[^.]{0,80}?\b(?:injured|killed|died|hurt|hospitali[sz]ed|burned|"
            r"electrocuted|treated|suffered|sustained|received|struck|fell|crushed|shocked)"
        ),
    ),
    (
        ("other ", "second ", "coworker "),
        re.compile(
            r"\b(?:another|second|other|coworker) (?:employee|worker|ee)?\s?(?:was|were)? ?"
            r"(?:also|too)? ?(?:was |were )?(?:injured|killed|hurt|hospitali[sz]ed|burned|died)\b"
        ),
    ),
    (
        ("ed was", "ed were"),
        re.compile(r"\b(?:also|both) (?:injured|hospitali[sz]ed|killed) (?:was|were)\b"),
    ),
)


def several_injured(narrative: str) -> bool:
    """True when the narrative tells of more than one injured person."""
    text = fold(narrative[:LONGEST])
    return any(
        pattern.search(text) is not None
        for needed, pattern in _SEVERAL
        if any(words in text for words in needed)
    )
