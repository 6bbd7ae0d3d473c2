"""What rules find where no model was trained: codes with a stated confidence, and the words.

Deviation, specific activity, type of location and status in employment are told by the patterns
of training_data/evidence/circumstances.csv. Their confidences are stated, not calibrated: they
lie below what `evaluation/circumstances.py` measures where there is something to measure on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from coder.evidence.patterns import patterns
from coder.evidence.phrases import LONGEST
from coder.text import Role, fold, nothing_to_say

TABLE = "circumstances"
AMONG_OTHERS = 0.6  # what is left of a confidence when patterns of other codes match as well
ALL_OF_IT = 0.98  # where a column of its own says that and nothing else
_SILENT = {
    "deviation": "names no deviation",
    "specific-activity": "names no activity of the person",
    "location": "names no type of location",
}


@dataclass(frozen=True, slots=True)
class Said:
    """The codes that a record speaks for: code -> confidence 0..1, and code -> words.

    The confidences add up to 1 at the most. `absent` says why there is nothing to read.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    absent: str | None = None


def said_in_text(text: str, scheme: str) -> Said:
    """What a text says of a scheme: the first pattern of the table leads."""
    if (absent := nothing_to_say(text)) is not None:
        return Said(absent=absent)
    folded = fold(text[:LONGEST])
    shares: dict[str, float] = {}
    words: dict[str, tuple[str, ...]] = {}
    for pattern in patterns(TABLE).get(scheme, ()):
        if pattern.value not in shares and (found := pattern.first(folded)):
            shares[pattern.value] = float(pattern.more[0])
            words[pattern.value] = (found,)
    if not shares:
        return Said(absent=_SILENT.get(scheme, "no words"))
    return Said(_among_others(shares) if len(shares) > 1 else shares, words)


def _among_others(shares: dict[str, float]) -> dict[str, float]:
    """The first keeps most; the others divide half of the rest by their own confidence."""
    (first, confidence), *others = shares.items()
    kept = AMONG_OTHERS * confidence
    total = sum(value for _, value in others)
    return {first: kept} | {code: (1 - kept) / 2 * value / total for code, value in others}


def employment(values: Mapping[Role, str], scheme: str) -> Said:
    """Status in employment from its own column, else the job title, else the narrative.

    Source: 16th ICLS resolution, Annex D (icse-93); 20th ICLS resolution, 2018 (icse-18).
    """
    spoken = any(nothing_to_say(text) is None for text in values.values())
    for role, trust in ((Role.EMPLOYMENT, 1.0), (Role.TITLE, 0.9), (Role.NARRATIVE, 0.8)):
        folded = fold(values.get(role, "")[:LONGEST])
        for pattern in patterns(TABLE)[scheme]:  # from the narrow to the wide: the first decides
            if found := pattern.first(folded):
                whole = role is Role.EMPLOYMENT and found == folded.strip(" .")
                sure = ALL_OF_IT if whole else trust * float(pattern.more[0])
                return Said({pattern.value: sure}, {pattern.value: (found,)})
    return Said(absent="names no status in employment" if spoken else "empty")
