"""The injured person's own occupation, as the narrative names it; nobody else's.

Rules over sentences, in order of trust: a label ("occupation: roofer"), an apposition or a copula
behind the injured person ("Employee #1, a foreman", "he was the lead carpenter"), "employed as",
the subject of the first clause ("A roofer fell"), and last the vehicle or plant that the injured
person operated. An occupation behind "by", "with", "the coworker" or "told" is somebody else's.
Measured by evaluation/named_occupation.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from coder.evidence.phrases import (
    head_forms,
    heads,
    pairs,
    sentences,
    singular_head,
    word_list,
)


class Cue(IntEnum):
    """How the occupation is tied to the injured person; a lower number is more certain."""

    LABEL = 1
    APPOSITION = 2
    EMPLOYED_AS = 3
    SUBJECT = 4
    OPERATED = 5


@dataclass(frozen=True, slots=True)
class Named:
    """Occupation words, lower case and singular, and the cue that ties them to the injured."""

    words: str
    cue: Cue


_TOKEN = re.compile(r"#?\d[\w:.]*(?:-[a-z]+)*|[^\W\d_]+(?:[-/][^\W_]+)*(?:['’]s?\b)?|[,():;#]")
_DETERMINER_WORDS = "a an the one two three four this another our his her their"
_DETERMINERS = frozenset(_DETERMINER_WORDS.split())
_OTHERS_DET = frozenset(("another", "his", "her", "their"))
_BREAKS = word_list("breaks")
_MAX_MODIFIERS = 5
_RANKS = frozenset(("journeyman", "apprentice", "assistant", "trainee", "master", "intern"))
# said of a person, but not part of the occupation
_NOISE = word_list("noise")
# names no occupation by itself
_EMPTY = word_list("empty")
_THINGS = word_list("things")
_PERSON_TEXT = (
    r"(?:employees?|workers?|victims?|decedent|individual|person|claimant|man|male|female|woman|"
    r"patient|ee|iee|iw|ip|e/e|injured(?: party| person)?)(?: ?#? ?\d\b)?"
    r"(?: (?:,|and|&)? ?#? ?\d\b)*"
)
_AGE = r"(?: ,? ?(?:age[d]? \d+|(?:an? )?\d+[- ]years?[- ]old(?: male| female| man| woman)?))?"
_APPOSED = re.compile(
    rf"(?:^|[ (])(?<!her )(?<!other ){_PERSON_TEXT}{_AGE}(?: of [\w ]{{2,40}})? ?[,(]?$"
)
_COPULA = re.compile(
    rf"(?:^|[ (,])(?:{_PERSON_TEXT}{_AGE}|he|she|who|ee)(?: ,? ?who)? "
    r"(?:was|is|were|had been|has been|being)"
    r"(?: (?:also|only|not|currently|employed|by trade|both))*$"
)
_AS = re.compile(
    r"\b(?:work(?:s|ed|ing)?|employ(?:ed|ment)|hired|serv(?:es|ed|ing)|act(?:s|ed|ing)|assigned|"
    r"classified|duties|job|role|position|occupation|profession|trade|engaged|trained|known)"
    r"(?: [\w'&.-]+){0,9}? (?:as|was|is)$"
)
_LABEL = re.compile(r"\b(?:occupation|job title|job|position|title|trade)\s*[:=]$")
_OTHER = re.compile(
    r"^(?:co-?workers?|colleagues?|foreman|supervisor|boss|manager|another|operator|driver|owner|"
    r"partner|coworkers?'s?|bystander|homeowner|contractor)"
)
_SELF = re.compile(
    r"^(?:employees?|ee|iee|workers?|victim|decedent|he|she|injured|individual|iw|ip)\b"
)
_CLAUSE_START = re.compile(
    r"(?:^|[,:;]|\d|\b(?:am|pm|a\.m|p\.m|m|noon|midnight|morning|afternoon|evening|night|shift|"
    r"january|february|march|april|may|june|july|august|september|october|november|december))$"
)
_HUMAN_VERBS_TEXT = (
    "fell slipped tripped suffered sustained received lost stepped felt cut burned burnt "
    "broke climbed fractured lacerated injured died collapsed walked jumped was were is had "
    "has who got caught experienced became complained strained twisted bumped smashed pinched "
    "pulled lifted reached attempted tried stood working fainted contacted touched dropped "
    "amputated hurt struck inhaled"
)
_HUMAN_VERBS = frozenset(_HUMAN_VERBS_TEXT.split())
_SURELY_HUMAN = word_list("surely_human")
_HUMAN_STATES = word_list("human_states")
_MACHINE_STATES_TEXT = (
    "cutting running tramming moving loading backing turning operating sumping sitting being "
    "parked coming going mining traveling travelling starting bolting grinding"
)
_MACHINE_STATES = frozenset(_MACHINE_STATES_TEXT.split())
_AUXILIARY = frozenset(("was", "were", "is", "had", "has"))
_CARER_WORDS = (
    "doctor physician surgeon nurse paramedic medic chiropractor therapist dispatcher coroner "
    "detective pharmacist dentist"
)
# who treats the injured; the subject only as the very first words of a narrative
_CARERS = frozenset(_CARER_WORDS.split())
_REVERSED = re.compile(
    r"^(?:\( ?(?:injured )?(?:employee|worker|victim|ee|decedent)\b|, ?employee #? ?1\b)"
    r"(?! ?#? ?[2-9])"
)
_AFTER_WAS = re.compile(
    r"^(?:also |then |later |fatally |seriously |critically |severely )?"
    r"(?:injured|killed|hospitalized|burned|electrocuted|struck|hit|crushed|pinned|caught|treated|"
    r"working|walking|standing|climbing|hurt|shocked|bitten|cut|thrown|transported|overcome|exposed|"
    r"scalded|bruised|found|trapped|buried|drowned|shot|stung|kicked|attacked|assaulted|\w+ing\b|\w+ed\b)"
)
_NEW_PERSON = re.compile(
    r"\b(?:an?|another) (?:\w+ )?(?:employee|injured|worker|victim|pedestrian|coworker)|"
    r"the injured (?:employee|worker|person|party)|employees? ?#|#\d"
)
_REPORTS = re.compile(
    r"^(?:was|were|had|has)? ?(?:told|notified|called|asked|informed|instructed|said|contacted|"
    r"summoned|alerted|dispatched|interviewed|stated|reported|noticed|warned|ordered)"
)
_STOP_WORDS = ", ( when and to on in for with by of from near at"
_STOPS = frozenset(_STOP_WORDS.split())
_SLASH = re.compile(r"/(?<=[^\W\d_]{3}/)(?=[^\W\d_]{3})")  # "foreman/electrician"
_SHORT = {"opr": "operator", "oper": "operator", "mech": "mechanic", "supv": "supervisor"}
_NOT_FIRST = frozenset("23456789")
_JOINS = frozenset(("for", "of", "with", "from", "at", "in", "on", "employed", "who"))
_SECOND = frozenset(("second", "third", "fourth", "fifth", "another", "other", "fellow"))
_OPERATE = frozenset(("operating", "driving", "operated", "drove", "running"))
_ONLY_LETTERS = {point: " " for point in range(128) if not chr(point).isalpha()}


def occupation_evidence(narrative: str) -> Named | None:
    """The injured person's occupation with the cue that gave it, or None when none is named."""
    if not _may_name_work(narrative):
        return None
    best: Named | None = None
    parts = [
        _TOKEN.findall(_SLASH.sub(" ", sentence.lower().replace("’", "'")))
        for sentence in sentences(narrative)
    ]
    for number, tokens in enumerate(parts):
        around = _Around(parts[:number], parts[number + 1 : number + 6])
        for found in _in_sentence(tokens, around):
            if found.cue <= Cue.EMPLOYED_AS:
                return found
            if best is None or found.cue < best.cue:
                best = found
    return best


def _may_name_work(narrative: str) -> bool:
    """False where no word can make a rule speak: three of five narratives need not be read."""
    if not narrative.isascii():
        return True
    words = narrative.lower().translate(_ONLY_LETTERS).split()
    return not (head_forms().keys().isdisjoint(words) and _OPERATE.isdisjoint(words))


def named_occupation(narrative: str) -> str | None:
    """The words that name the injured person's own work ("roofer", "apprentice pile driver"), in
    lower case and singular, or None when the narrative names none or names nothing but "worker"."""
    found = occupation_evidence(narrative)
    return found.words if found else None


@dataclass(frozen=True, slots=True)
class _Around:
    """The tokens of the sentences before and behind one; few phrases need them."""

    earlier: Sequence[list[str]]
    later: Sequence[list[str]]

    @property
    def seen_person(self) -> bool:
        """True when the injured person was mentioned before."""
        return any(_SELF.match(token) for tokens in self.earlier for token in tokens)

    @property
    def rest(self) -> str:
        """What is told next."""
        return " ".join(" ".join(tokens) for tokens in self.later)


def _in_sentence(tokens: list[str], around: _Around) -> list[Named]:
    found: list[Named] = []
    done = 0
    for head, token in enumerate(tokens):
        if head < done or not _ends_name(token):
            continue
        end = _phrase_end(tokens, head)
        if end == head:
            continue
        start = _phrase_start(tokens, head)
        cue = _cue(tokens, start, head, end, around)
        words = _words(tokens[start:end]) if cue else ""
        if cue and words:
            found.append(Named(words, cue))
        done = end
    operated = _operated(tokens)
    return [*found, operated] if operated else found


@lru_cache(maxsize=50_000)
def _ends_name(word: str) -> bool:
    """True when a head noun is the word or its last part ("scaffold-builder's")."""
    bare = _bare(word)
    return singular_head(bare) is not None or singular_head(bare.rsplit("-", 1)[-1]) is not None


def _bare(word: str) -> str:
    return word.removesuffix("'s").removesuffix("'")


def _phrase_end(tokens: list[str], i: int) -> int:
    """Behind the last of the head nouns that start at `i` ("mechanic helper"); `i` if none do."""
    end = i
    while end < len(tokens):
        word = tokens[end]
        if not _ends_name(word):
            break
        bare = _bare(word)
        if word != bare and not (end + 1 < len(tokens) and singular_head(tokens[end + 1])):
            break  # "the painter's ladder"
        end += 1
        if bare in _RANKS:  # "journeyman scaffold rigger"
            for further in range(end + 1, min(end + 4, len(tokens))):
                if tokens[further - 1] in _BREAKS or not tokens[further - 1][0].isalpha():
                    break
                if singular_head(tokens[further]):
                    end = further
                    break
    return end


def _phrase_start(tokens: list[str], head: int) -> int:
    start = head
    while start > 0 and head - start < _MAX_MODIFIERS:
        word = tokens[start - 1]
        if word in _DETERMINERS or word in _BREAKS or not (word[0].isalpha() or "year" in word):
            break
        start -= 1
    return start


def _cue(tokens: list[str], start: int, head: int, end: int, around: _Around) -> Cue | None:
    """What ties the phrase tokens[start:end] to the injured person, or None."""
    determiner = tokens[start - 1] if start and tokens[start - 1] in _DETERMINERS else ""
    if determiner in _OTHERS_DET:
        return None
    before = tokens[: start - 1] if determiner else tokens[:start]
    left = " ".join(before[-14:])
    following = tokens[end] if end < len(tokens) else ""
    if _LABEL.search(left):
        return Cue.LABEL
    if following in _THINGS:
        return None
    if _APPOSED.search(left) and (determiner or left.endswith((",", "("))) and not _other(before):
        return Cue.APPOSITION
    if _COPULA.search(left) and (determiner or _bare_plural(tokens[start:end])):
        if _other(before):
            return None
        return Cue.APPOSITION
    if _AS.search(left) and not _other(before):
        return Cue.EMPLOYED_AS
    if _REVERSED.match(" ".join(tokens[end : end + 4])) and not _other(before[-2:]):
        return Cue.APPOSITION
    if any(_SELF.match(token) for token in before) or around.seen_person:
        return None
    return _subject(tokens, before, determiner, (head, end), around)


def _bare_plural(phrase: list[str]) -> bool:
    """ "were apprentice roofers", but not "were cleaning insulators"."""
    last = singular_head(phrase[-1]) or ""
    return phrase[-1] not in heads() and not heads().get(last) and not phrase[0].endswith("ing")


def _subject(
    tokens: list[str], before: list[str], determiner: str, span: tuple[int, int], around: _Around
) -> Cue | None:
    """SUBJECT when the phrase opens a clause in which a person comes to harm."""
    end = span[1]
    left = " ".join(before[-3:])
    if not _CLAUSE_START.search(left) or (before and not determiner):
        return None
    after = _predicate(tokens[end : end + 14])
    if not after or _REPORTS.match(" ".join(after[:2])):
        return None
    auxiliary = after[0] in _AUXILIARY
    if auxiliary and not _AFTER_WAS.match(" ".join(after[1:4])):
        return None
    if not auxiliary and after[0] not in _HUMAN_VERBS and not after[0].endswith(("ed", "ing")):
        return None
    last = singular_head(tokens[end - 1]) or tokens[end - 1]
    if heads().get(last, False) and not _human(after):
        return None
    if last in _CARERS and (after[0] == "felt" or not (_human(after) or after[0] == "fell")):
        return None
    plural = last != tokens[end - 1]
    if not plural and _NEW_PERSON.search(" ".join(tokens[end:]) + " . " + around.rest):
        return None
    return Cue.SUBJECT


def _predicate(after: list[str]) -> list[str]:
    """The tokens from the verb on: "(age 40) for a construction company was working" -> "was …"."""
    while after and after[0] in {",", "("}:
        after = after[1:]
    if after and after[0] in _JOINS:
        for i, word in enumerate(after[1:], 1):
            if word in _HUMAN_VERBS and word != "working":
                return after[i:]
    return after


def _human(after: list[str]) -> bool:
    """True when a person, and no machine, is the likely subject of these words."""
    if after[0] in _SURELY_HUMAN:
        return True
    state = after[1] if after[0] in {"was", "were"} and len(after) > 1 else ""
    return state in _HUMAN_STATES or (state.endswith("ing") and state not in _MACHINE_STATES)


def _other(before: list[str]) -> bool:
    """True when the last person mentioned in the sentence so far is not the injured one."""
    for i in range(len(before) - 1, -1, -1):
        token = before[i]
        if _SELF.match(token):
            number = "".join(before[i + 1 : i + 3]).lstrip("#")[:1]
            return number in _NOT_FIRST or (i > 0 and before[i - 1] in _SECOND)
        if _OTHER.match(token):
            return True
    return False


def _words(phrase: list[str]) -> str:
    words = [_bare(word) for word in phrase]
    words = [_SHORT.get(word, word) for word in words]
    while words and (words[0] in _NOISE or not words[0][0].isalpha()):
        words.pop(0)
    words = [word for word in words if word not in {"male", "female"}][-4:]
    if not words:
        return ""
    last = words[-1]
    if (head := singular_head(last)) is not None:
        words[-1] = head
    if all(word in _EMPTY or word in _NOISE for word in words):
        return ""
    return " ".join(words)


def _operated(tokens: list[str]) -> Named | None:
    """The operator of a vehicle or plant, when the injured person is the one who operates it."""
    if _OPERATE.isdisjoint(tokens):
        return None
    table = pairs("operated")
    for i, token in enumerate(tokens):
        if token not in _OPERATE or _other(tokens[:i]):
            continue
        object_ = tokens[i + 1 : i + 8]
        for j in range(min(5, len(object_))):
            if object_[j] in _STOPS:
                break
            for size in (3, 2, 1):
                words = table.get(" ".join(object_[j : j + size]))
                after = object_[j + size : j + size + 1]
                if words and not (size == 1 and after and after[0] in _THINGS):
                    return Named(words, Cue.OPERATED)
    return None
