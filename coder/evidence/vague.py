"""Texts that are too vague for a fine code, and how far one may go."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from coder.evidence.words import order_key
from coder.resources import shipped
from coder.text import domain_of, normal

# words that make no vague title clearer
_LIGHT_WORDS = "senior junior ordinary normal casual temporary permanent various contract regular"
_LIGHT = frozenset(_LIGHT_WORDS.split())
MOST_BLANKS = 4  # a text of more words is none of the known vague ones


@dataclass(frozen=True, slots=True)
class Vague:
    """Why a text is too vague for the finest codes of a scheme.

    code     the coarse code that is safe, None when none is
    level    the deepest safe level, 0 when none is
    missing  what the respondent did not say ("level of school")
    """

    code: str | None
    level: int
    missing: str


def vagueness(text: str, scheme: str, ready: bool = False) -> Vague | None:
    """What `text` leaves open, or None when it is not one of the known vague texts.

    Word order, plural and words such as "senior" do not matter. Other revisions of ISCO and ISIC
    know only that a text is vague, at level 0, for their coarse codes differ. `ready` says that
    the text is in `normal` form.
    Source: training_data/evidence/vague.csv, written for this project from the structure of
    ISCO-08 and ISIC Rev.4: a level is safe when all index terms that specify the text share it.
    """
    table = _table(scheme)
    if not table:
        return None
    form = text if ready else normal(text, domain_of(scheme))
    if not form or form.count(" ") > MOST_BLANKS:
        return None
    found = table.get(order_key(form))
    words = form.split()
    if found is None and not _LIGHT.isdisjoint(words):
        found = table.get(order_key(" ".join(w for w in words if w not in _LIGHT)))
    return found


@lru_cache(maxsize=16)
def _table(scheme: str) -> Mapping[str, Vague]:
    family = scheme.partition("-")[0]
    with shipped("training_data", "evidence", "vague.csv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    names = {row["scheme"] for row in rows}
    exact = scheme in names
    table: dict[str, Vague] = {}
    for row in rows:
        if row["scheme"] == scheme or (not exact and row["scheme"].partition("-")[0] == family):
            key = order_key(normal(row["text"], domain_of(scheme)))
            value = Vague(row["code"] or None, int(row["level"]), row["missing"])
            table.setdefault(key, value if exact else Vague(None, 0, row["missing"]))
    return MappingProxyType(table)
