"""Names, phone numbers, e-mail addresses and identity numbers masked before anything is stored."""

from __future__ import annotations

import csv
import re
from functools import lru_cache

from coder.resources import shipped

# bounded and anchored, so that a cell of many megabytes costs a pass, not a square
_EMAIL = re.compile(
    r"[^\s@<>()\[\],;:\"']{1,64}+\s?@\s?[^\s@<>()\[\],;:\"']{1,190}\.[^\W_]{2,24}", re.IGNORECASE
)
_CARD = re.compile(r"(?<![\d\-])(?:\d[ -]?){12,18}\d(?![\d\-])")
_IDENTITY = re.compile(
    r"(?<![\w-])(?:\d{3}-\d{2}-\d{4}"  # United States social security
    r"|\d{6}-\d{2}-\d{4}"  # Malaysian and similar national cards
    r"|[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]"  # United Kingdom national insurance
    r"|\d{3}\.\d{3}\.\d{3}-\d{2}"  # Brazilian CPF
    r"|[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?)(?![\w-])"  # IBAN
)
_LABELLED = re.compile(
    r"(?P<label>\b(?:ssn|social security(?: (?:number|no\.?))?|national insurance(?: (?:number|no"
    r"\.?))?|nric|passport(?: (?:number|no\.?))?|(?:employee|badge|staff|clock|payroll|licen[cs]e|"
    r"policy|patient|medical record|id|identity|member)(?: (?:number|num|no\.?|id|#)| ?#|(?= ?:))"
    r"|mrn|i\.?d\.?(?= ?[:#]))\s*(?:is|:|#|=)?\s*#?\s*)"
    r"(?P<number>(?=[\w-]*\d{4})[A-Z0-9][\w-]{3,})",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?<![\w.$/-])(?:\+|00)\d{1,3}(?:[ .()/-]{0,2}\d){6,12}(?!\d)"
    r"|(?<![\w.$/-])\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4}(?![\w-])"
    r"|(?<![\w$.,/-])\d{3}-\d{4}(?![\w-])"
    r"|(?<![\w.$/-])0\d{1,4}[ -]\d{3,4}[ -]?\d{3,4}(?![\w-])"
    r"|(?<![\w.$,-])\d{10,11}(?![\w-])"
)
_LABELLED_PHONE = re.compile(
    r"(?P<label>\b(?:tel|telephone|phone|cell|mobile|fax|call|ph)\b\.?\s*(?:number|no\.?|#)?\s*"
    r"(?:is|:|at|on)?\s*)(?P<number>\+?\(?\d[\d ().-]{4,}\d)",
    re.IGNORECASE,
)
_PART = r"(?:[A-Z][a-z]+(?:[-'’][A-Z][a-z]+)?|(?:Mc|Mac|O['’]|De|Van|La)[A-Z][a-z]+|[A-Z]\.)"
_HONORIFIC = re.compile(
    r"\b(?P<title>(?:[Mm]rs|[Mm]r|[Mm]s|[Mm]iss|MR|MRS|MS|MISS|Sr|Sra|Mme|Mlle|Monsieur|Madame|"
    r"Señor|Señora|Senhor|Senhora|Dona)\b\.?\s+|Dr\.?\s+(?!visit|appt))"
    r"(?P<name>(?:"
    + _PART
    + r"|[A-Z]{2,})(?:\s+(?:"
    + _PART
    + r"|[A-Z]{2,}(?=\s+[A-Z]{2,}))){0,2})"
)
_CUED = re.compile(
    r"(?P<cue>\b(?i:named|name is|name was|name:|known as|worker:|employee:|victim:|claimant:|"
    r"patient:|signed by|reported by|witness(?:ed by)?|supervisor|foreman|coworker|co-worker|"
    r"employee|victim|decedent)[,:]?\s+)"
    r"(?P<name>" + _PART + r"(?:\s+" + _PART + r"){1,2})(?![\w])"
)
_STRONG_CUE = re.compile(
    r"(?P<cue>\b(?i:named|name is|name was|name:|signed by)\s+)(?P<name>"
    + _PART
    + r"(?:\s+"
    + _PART
    + r"){0,2})(?!\w)"
)
_PAIR = re.compile(
    r"\b(?P<first>[A-Z][A-Za-zÀ-ÿ]+)(?:\s+[A-Z]\.?)?\s+(?P<last>[A-Z][A-Za-zÀ-ÿ'’-]+)\b"
)


@lru_cache(maxsize=1)
def _first_names() -> frozenset[str]:
    path = shipped("training_data", "text", "first_names.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return frozenset(row["name"] for row in csv.DictReader(file))


def _pair(match: re.Match[str]) -> str:
    first, last = match["first"], match["last"]
    if first.lower() in _first_names() and first.isupper() == last.isupper():
        return "[NAME]"
    return match[0]


def redact(text: str) -> str:
    """`text` with [NAME], [PHONE], [EMAIL] and [ID] in place of what could identify a person.

    Names are found behind a form of address, behind words such as "named", and by a list of first
    names followed by a capitalised word; a bare surname is not found. Dates, measures and the
    "Employee #1" of accident reports stay. Idempotent.
    """
    if "@" in text:
        text = _EMAIL.sub("[EMAIL]", text)
    text = _LABELLED.sub(r"\g<label>[ID]", text)
    text = _LABELLED_PHONE.sub(r"\g<label>[PHONE]", text)
    text = _IDENTITY.sub("[ID]", text)
    text = _PHONE.sub("[PHONE]", text)
    text = _CARD.sub("[ID]", text)
    text = _HONORIFIC.sub(r"\g<title>[NAME]", text)
    text = _STRONG_CUE.sub(r"\g<cue>[NAME]", text)
    text = _PAIR.sub(_pair, text)
    return _CUED.sub(r"\g<cue>[NAME]", text)
