"""From the columns of many records to what a model reads, narratives included."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from coder.evidence.activity import named_activity
from coder.evidence.occupation import named_occupation
from coder.text import Prepared, Role, main_role, nothing_to_say, prepare

_MAX_TITLE_WORDS = 8
# what happened, to somebody: a narrative, however short
_EVENT = re.compile(
    r"\b(?:fell|fall|falls|slipped|tripped|was|were|had|has|struck|hit|cut|caught|burn(?:ed|t|s)?|"
    r"broke|fractured?|twisted|strained|sprained|injured|injury|hurt|lost|got|felt|pain|laceration|"
    r"lacerated|amputat\w+|crushed|pinched|smashed|lifting|pulled|stepped|dropped|landed|died|"
    r"killed|suffered|sustained|bruised?|contusion|fx|lac|yom|yof|y/o|ee|employee|his|her|he|she|"
    r"they|when|while)\b",
    re.IGNORECASE,
)
_NAMES_NONE: Mapping[Role, str] = {
    Role.TITLE: "names no occupation",
    Role.INDUSTRY: "names no activity",
}


def is_title(text: str) -> bool:
    """True when a text of unknown role reads like a title: few words, and nothing that happens."""
    few = len(text.split(None, _MAX_TITLE_WORDS)) <= _MAX_TITLE_WORDS
    return few and _EVENT.search(text) is None


def prepare_records(columns: Mapping[Role, Sequence[str]], scheme: str) -> list[Prepared]:
    """One Prepared per record; `columns` holds one text per record and role.

    Like `coder.text.prepare`, and for ISCO and ISIC a narrative speaks where the proper field is
    missing or says nothing: by the words that name the injured person's own occupation, or the
    establishment's activity. A short text that tells no event is itself read as a title or an
    activity when no other field is there. A narrative that names neither is absent ("names no
    occupation", "names no activity"). Equal rows are prepared once.
    """
    main = main_role(scheme)
    roles = tuple(columns)
    known: dict[tuple[str, ...], Prepared] = {}
    out: list[Prepared] = []
    for row in zip(*columns.values(), strict=True):
        if row not in known:
            known[row] = _prepared(dict(zip(roles, row, strict=True)), scheme, main)
        out.append(known[row])
    return out


def _prepared(values: dict[Role, str], scheme: str, main: Role | None) -> Prepared:
    if main not in (Role.TITLE, Role.INDUSTRY):
        return prepare(values, scheme)
    usual = prepare(values, scheme)
    narrative = values.get(Role.NARRATIVE, "")
    if usual.absent is None:
        return usual
    if (silent := nothing_to_say(narrative)) is not None:
        return usual if main in values else Prepared("", "", silent)
    if set(values) == {Role.NARRATIVE} and is_title(narrative):
        return prepare({main: narrative}, scheme)
    named = named_occupation(narrative) if main is Role.TITLE else named_activity(narrative)
    if named is None:
        return Prepared("", "", _NAMES_NONE[main])
    others: dict[Role, str] = {
        role: text for role, text in values.items() if role not in (main, Role.NARRATIVE)
    }
    if main is Role.TITLE and Role.INDUSTRY not in others:
        others[Role.INDUSTRY] = named_activity(narrative) or ""
    if main is Role.INDUSTRY and Role.TITLE not in others:
        others[Role.TITLE] = named_occupation(narrative) or ""
    return prepare({main: named, **others}, scheme)
