"""What a narrative says about the case itself: kind of accident, death, violence, disease.

The patterns are in training_data/evidence/facts.csv. Sources: 16th ICLS resolution, paragraphs
5, 11, 12 and 13; ILO Convention 190, article 1 (violence and harassment).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from coder.evidence.patterns import masked, met, patterns
from coder.evidence.persons import persons_injured
from coder.evidence.phrases import LONGEST
from coder.text import fold, nothing_to_say

TABLE = "facts"
OCCUPATIONAL, COMMUTING, NEITHER = "occupational", "commuting", "neither"
DRIVEN = frozenset({"car", "van", "lorry", "motorcycle", "moped", "scooter", "bicycle"})
_HIT_BY = (
    r"(?:hit|struck|rear-ended|knocked (?:down|over)|run over|cut off|collided|collision|killed|"
    r"injured|bitten|went under|hits?|fatally injured|opened|ran into|crash|accident)"
)
_AIM = r"(?: (?:by|with|into|under|a|an|the|another|head-on|her|his|him|door|passing|tram|two))*"


@dataclass(frozen=True, slots=True)
class TextFacts:
    """What one narrative says; None where it says nothing.

    `occupational` is "occupational", "commuting" or "neither"; `mode`, `role` and `counterpart`
    are told for commuting only (paragraph 11); `late_death` is a death more than a year after
    the accident (paragraph 13); `doubts` are the reasons for a person to look.
    """

    occupational: str | None = None
    mode: str | None = None
    role: str | None = None
    counterpart: str | None = None
    fatal: bool | None = None
    late_death: bool = False
    persons: int | None = None
    violence: str | None = None
    violence_by: str | None = None
    disease: bool | None = None
    platform: bool | None = None
    doubts: tuple[str, ...] = ()


def text_facts(narrative: str) -> TextFacts:
    """The facts of a case that its narrative tells; all None for a text that says nothing."""
    if nothing_to_say(narrative) is not None:
        return TextFacts()
    text = fold(narrative[:LONGEST])
    occupational, doubts = kind_of_accident(text)
    mode, role, counterpart = transport(text) if occupational == COMMUTING else (None, None, None)
    fatal, late = death(text)
    persons = persons_injured(narrative)
    if persons is None or persons > 1:
        doubts.append("several persons injured: one case for each (paragraph 12)")
    violence, violence_by = violence_in(text)
    if violence:
        doubts.append("violence or harassment: a person decides (Convention 190)")
    disease = met(TABLE, "disease", text) is not None and not met(TABLE, "not_disease", text)
    if disease:
        doubts.append("perhaps a disease from exposure over time (paragraph 5 c)")
    platform = met(TABLE, "platform", masked(TABLE, "not_platform", text)) is not None
    if platform:
        doubts.append("perhaps work through a digital platform")
    return TextFacts(
        occupational, mode, role, counterpart, fatal, late, persons, violence, violence_by,
        disease, platform, tuple(doubts),
    )  # fmt: skip


def kind_of_accident(text: str) -> tuple[str, list[str]]:
    """Occupational, commuting or neither, from folded text, and the doubts about it.

    A text is commuting when it names the habitual route and nothing that is done in the course
    of work (paragraph 5 a: travel for work is an occupational accident). Without any sign it is
    occupational: the files that are coded are about work.
    """
    at_home = met(TABLE, "work_home", text) is not None
    text = masked(TABLE, "mask_kind", masked(TABLE, "work_home", text))
    commuting = met(TABLE, "commuting", text)
    on_duty = met(TABLE, "on_duty", text)
    neither = None if at_home else met(TABLE, "neither", text)
    if commuting and not on_duty and not neither:
        return COMMUTING, []
    if commuting:
        return OCCUPATIONAL, ["commuting and something else named (paragraph 5 b)"]
    if neither and not on_duty:
        return NEITHER, ["not occupational by its text (paragraph 5 a)"]
    return OCCUPATIONAL, []


def transport(text: str) -> tuple[str | None, str | None, str | None]:
    """The person's mode of transport and role, and the counterpart's mode (paragraph 11 b-d)."""
    counterpart, rest = _counterpart(text)
    mode = next((p.value for p in patterns(TABLE)["mode"] if p.first(rest)), None)
    if mode is None:
        return None, None, counterpart
    passenger = re.search(r"\bpassenger\b", rest) is not None or mode not in DRIVEN | {"foot"}
    if mode == "foot" or (mode == "train" and "level crossing" in rest):
        return mode, "pedestrian", counterpart
    return mode, "passenger" if passenger else "driver", counterpart


def _counterpart(text: str) -> tuple[str | None, str]:
    """Who or what was met, and the text without it."""
    for pattern in patterns(TABLE)["counter"]:
        word = pattern.regex.pattern
        for form in (
            rf"\b{_HIT_BY}\b{_AIM} (?:\w+ )?(?:{word})s?\b",
            rf"\b(?:an?|another) (?:\w+ )?(?:{word}) (?:door )?(?:hit|struck|ran|turn\w+|rear|"
            rf"knock\w+|opened|backed|collided|pulled|crashed)\b",
        ):
            if found := re.search(form, text):
                return pattern.value, text[: found.start()] + " ; " + text[found.end() :]
    return None, text


def death(text: str) -> tuple[bool, bool]:
    """(the injured person died within a year, or died later), from folded text (paragraph 13)."""
    text = masked(TABLE, "mask_death", text)
    if met(TABLE, "late_death", text):
        return False, True
    return met(TABLE, "death", text) is not None, False


def violence_in(text: str) -> tuple[str | None, str | None]:
    """Kind of violence (sexual, psychological, physical) and by whom, from folded text."""
    found = met(TABLE, "violence", text)
    if found is None:
        return None, None
    actors = patterns(TABLE)["by"]
    for pattern in actors:
        if re.search(rf"\bby (?:[\w-]+ ){{0,4}}?(?:{pattern.regex.pattern})", text):
            return found[0], pattern.value
    return found[0], next((p.value for p in actors if p.first(text)), None)
