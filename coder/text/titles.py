"""Job titles: index inversion undone, and what job boards add to a title taken away."""

from __future__ import annotations

import re

from coder.text.clean import clean

_MAX_WORDS = 14
_HEAD_WORDS = 4
_PRIVATE = 0xE000  # cleaned text has no private-use characters, so they can stand for brackets
_BRACKET = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_MARK = re.compile(r"[\ue000-\uf8ff]")
_COMMA = re.compile(r"\s*,\s+|(?<=[^\W\d_])\s*,\s*(?=[^\W\d_])")
# a segment that starts so continues the one before it; it does not qualify the head
_CONTINUES = re.compile(
    r"(?:in|at|for|of|on|with|by|from|to|as|who|and|or|not|except|excluding|including|incl|non)\b",
    re.IGNORECASE,
)


def undo_inversion(title: str) -> str:
    """An index title in natural word order: "Welder, gas" -> "gas welder".

    The segments behind the head are put before it, the last one first ("Engineer, civil, road"
    -> "road civil engineer"); what follows a colon or stands in brackets stays with its segment.
    A text too long for a title, or whose segments continue the head ("Cleaner, in offices"), is
    returned in its own order.
    Source: ILO, ISCO-08 index of occupational titles, inverted form.
    """
    text = clean(title)
    if "," not in text or len(text.split()) > _MAX_WORDS:
        return text
    brackets = [match[0] for match in _BRACKET.finditer(text)]
    marks = iter(range(_PRIVATE, _PRIVATE + len(brackets)))
    front, colon, rest = _BRACKET.sub(lambda _: chr(next(marks)), text).partition(":")
    segments = [part for part in _COMMA.split(front) if part.strip(" ,")]
    if len(segments) < 2 or len(segments[0].split()) > _HEAD_WORDS:
        return text
    parts = [segments[0]]
    for segment in segments[1:]:
        if _CONTINUES.match(segment):
            parts[-1] += " " + segment
        else:
            parts.append(segment)
    if len(parts) > 1 and parts[0][:1].isupper() and parts[0][1:].islower():
        parts[0] = parts[0][:1].lower() + parts[0][1:]
    natural = " ".join([*reversed(parts[1:]), parts[0]]) + colon + rest
    return clean(_MARK.sub(lambda mark: brackets[ord(mark[0]) - _PRIVATE], natural))


# words that describe the advertisement, not the work
_NOISE_WORDS = (
    "urgent urgently urgents hiring vacancy vacancies wanted needed immediate immediately asap "
    "salary wfh kpi"
)
NOISE = frozenset(_NOISE_WORDS.split())
_NOISY_BRACKET = re.compile(
    r"based|urgent|sdn\b|bhd\b|\bltd\b|\bplt\b|\binc\b|salary|basic|\brm\s*\d|\bup to\b|\d{3}|"
    r"\bm\s*/\s*f\b|\bf\s*/\s*m\b|\bmale\b|\bfemale\b|years?\b|\byrs?\b|exp\b|experience|immediate|"
    r"\bwfh\b|work from home|remote|hybrid|contract|full[ -]?time|part[ -]?time|permanent|"
    r"\bwalk[ -]?in\b|allowance|commission|\bkl\b|\bpj\b|\bjb\b|kuala lumpur|selangor|penang|"
    r"johor|malaysia|singapore|\bmall\b|outlet|branch|\bday shift\b|\bnight shift\b|\bref\b|\bid\b",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    # " - urgent", "| KL based", " @ some mall", "- RM 2,000", "- ref 1234", "based in …"
    r"\s+@\s*\S.*$"
    r"|\s*[-–—|*/]+\s*(?:urgent\w*|immediate\w*|asap|based\b|kl\b|pj\b|jb\b|wfh\b|remote\b|"
    r"work from home|rm\s*\d|salary|up to\b|basic\b|contract\b|permanent\b|full[ -]?time\b|"
    r"part[ -]?time\b|ref\b|id\b|\w+ based\b)[^()]*$"
    r"|\s*[-–—|*]+\s*#?\d[\d,.\-]*$"
    r"|\s+based (?:in|at)\b.*$"
    r"|\s*\b(?:rm|usd|\$|sgd|eur|gbp)\s*\d[\d,.k]*\b.*$",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"^(?:(?:urgent\w*|immediate\w*|hiring|wanted|vacancy|required|looking for|we are hiring|"
    r"job|position|post)\b\s*[-:!*|]*\s*)+(?:for\b\s*)?(?=\w)",
    re.IGNORECASE,
)
_SEX = re.compile(r"[(\[]?\b[mfwdx]\s*/\s*[mfwdx](?:\s*/\s*[mfwdx])?\b[)\]]?", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2}")


def strip_noise(title: str) -> str:
    """`title` without place, pay, urgency and sex notes of a job board; never left without words.

    Only notes set off by brackets, a dash, "@" or their place at the end are taken; brackets that
    qualify the work ("Clerk (Survey)") stay.
    """
    if title.isalpha():
        return title
    text = title
    if "/" in text:
        text = _checked(_SEX.sub(" ", text), text)
    if "(" in text or "[" in text:
        kept = _BRACKET.sub(lambda m: " " if _NOISY_BRACKET.search(m[0]) else m[0], text)
        text = _checked(kept, text)
    text = _checked(_TRAILING.sub("", text), text)
    return _checked(_LEADING.sub("", text), text)


def _checked(new: str, old: str) -> str:
    """`new` if any word is left in it, else `old`."""
    return clean(new) if _WORD.search(new) else old
