"""What the injured person's establishment does, as the narrative says it."""

from __future__ import annotations

import re

from coder.evidence.phrases import LONGEST, pairs
from coder.text import clean

_KIND_WORDS = (
    "contractor company firm business corporation manufacturer builder developer agency enterprise "
    "producer distributor wholesaler retailer supplier dealer dealership plant cooperative "
    "establishment franchise"
)
_KINDS = _KIND_WORDS.split()
_KIND = rf"(?:sub-?contractors?|contractors?|{'|'.join(_KINDS[1:])})"
_NO_WORD = r"(?!(?:of|in|with|for|on|at|to|the|an?|by|from|was|were|is|who|that)\b)"
_WORD = _NO_WORD + r"[A-Za-z][\w&/'-]*"
_VERB = r"(?:was|were|is|are|had|has|who|when|while|and (?:was|had)|at|on)\b"
_SPECIAL = (
    r"(?:,? ?(?:that|which|who)? ?(?:is |was |are )?(?:speciali[sz](?:ing|es|ed) in|engaged in|"
    r"involved in|doing(?! business)|performing|performs|performed|provid(?:ing|es|ed)|"
    r"manufactur(?:ing|es|ed)|"
    r"produc(?:ing|es|ed)|install(?:ing|s|ed)|mak(?:ing|es)|made|sell(?:ing|s)|sold)"
    rf"\s+(?P<what>{_WORD}(?: (?!{_VERB}){_WORD}){{0,5}}))?"
)
# ", a construction company specializing in fibre optics"; "employed by a roofing contractor"
_COMPANY = re.compile(
    r"(?<!\w)(?:(?:employed|hired|work(?:s|ed|ing)) (?:by|for|with)|owner of|"
    r"employees? (?:of|with|for|from)|[A-Z][\w.&]*,?|Inc\.?,?|#\s?\d+,?|"
    r"(?:#\s?\d+|[Ee]mployee|[Ww]orker),? (?:\w+ ){0,4}?(?:for|with|of|by)) (?:an?|the) "
    rf"(?P<kind>(?:{_WORD}[ /]){{1,5}}?{_KIND})\b{_SPECIAL}"
)
_EMPLOYER_IS = re.compile(
    r"\b(?:[Ee]mployer|[Cc]ompany|firm) (?:is|was) an? "
    rf"(?P<kind>(?:{_WORD} ){{0,4}}?{_KIND})\b{_SPECIAL}"
)
# "with Dan Hoe Excavating", "of Midwest Masonry Inc."
_NAMED = re.compile(
    r"(?<!\w)(?:employed by|employed with|works? for|worked for|working for|work for|"
    r"employees? (?:of|with|for|from)|#\s?\d+(?:,? [\w -]{2,40}?)?,? (?:of|with|for|from))"
    r"\s+(?:the\s+)?"
    r"(?P<name>(?:[A-Z][\w.&'-]*|and|&|of)(?:,? (?:[A-Z][\w.&'-]*|and|&|of|\d+)){0,6})"
)
_SITE = re.compile(
    rf"\b(?:at|in|inside) (?:an?|the|his|her) (?P<site>(?:{_WORD} ){{0,2}}?(?:"
    r"sawmill|foundry|quarry|(?:\w+ )?factory|"
    r"(?:paper|steel|textile|lumber|feed|flour|rolling) mill|"
    r"processing plant|packing plant|meat plant|manufacturing (?:plant|facility)|steel plant|"
    r"coal mine|dairy|farm|nursery|orchard|ranch|slaughterhouse|restaurant|bakery|nursing home|"
    r"supermarket|grocery store|hotel|shipyard|landfill|recycling (?:plant|center|facility)|"
    r"construction site|building site))\b"
)
# builders work at other people's plants: there the site says nothing about the employer
_BUILDING = re.compile(
    r"\b(?:construct|contractor|roof|scaffold|renovat|remodel|demoli|install|erect|excavat|rewir)",
    re.IGNORECASE,
)
_DROP_TEXT = (
    "small large local general private national company firm business corporation employer prime "
    "independent licensed unlicensed client host middle based family owned "
    "family-owned commercial-residential establishment enterprise second third"
)
_DROP = frozenset(_DROP_TEXT.split())
_BARE = frozenset(("contractor", "subcontractor", "plant", "agency", "department", "builder"))


def named_activity(narrative: str) -> str | None:
    """The words that say what the injured person's employer does, or None.

    In order of trust: the employer's description ("employed by …, a construction company
    specializing in fiber optic installation"), an employer's name that tells its trade ("with
    Midwest Masonry Inc."), the site ("at a sawmill").
    """
    text = clean(narrative[:LONGEST])
    if any(kind in text for kind in _KINDS):  # cheaper than to try the patterns
        for pattern in (_COMPANY, _EMPLOYER_IS):
            for match in pattern.finditer(text):
                if words := _description(match):
                    return words
    for match in _NAMED.finditer(text):
        if words := _trade(match["name"]):
            return words
    if (site := _SITE.search(text)) is None:
        return None
    words = site["site"].lower()
    if words.endswith(("construction site", "building site")):
        return "construction"
    return None if _BUILDING.search(text) else words


def _description(match: re.Match[str]) -> str:
    kind = [word for word in match["kind"].lower().split() if word not in _DROP]
    what = (match["what"] or "").lower()
    if not what and (not kind or (len(kind) == 1 and kind[0] in _BARE)):
        return ""
    return " ".join([*kind, what]).strip()


def _trade(name: str) -> str:
    """The activity that the words of a company's name tell; the most specific word wins."""
    table = pairs("activity_words")
    found = [table[w] for w in re.findall(r"[a-z]+", name.lower()) if w in table]
    general = ("construction", "building")
    specific = [activity for activity in found if not activity.startswith(general)]
    return (specific or found or [""])[0]
