"""ICD-10 codes as hospitals write them: WHO's ICD-10 and the ICD-10-CM of the United States.

Source: WHO, ICD-10, volume 1, chapter XIX (supplementary fifth character for fractures), and
ICD-10-CM, chapter 19 (seventh character for the encounter).
"""

from __future__ import annotations

import re
from collections.abc import Container

_CODE = re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}")
# Seventh character of ICD-10-CM fractures; D, G, K, P and S do not tell in every category.
_OPEN = frozenset("BCEFHJMNQR")


def plain(raw: object) -> str:
    """The code in capitals without dot, blanks, dagger and asterisk: "s62.30xA " is S6230XA.

    "" when `raw` does not look like an ICD-10 code.
    """
    text = re.sub(r"[\s.†*+!-]", "", str(raw)).upper()
    return text if _CODE.fullmatch(text) else ""


def longest_prefix(raw: object, listed: Container[str]) -> str | None:
    """The longest listed code ("S62" or dotted "S62.3") that `raw` begins with, or None."""
    code = plain(raw)
    for length in range(len(code), 2, -1):
        form = code[:3] if length == 3 else f"{code[:3]}.{code[3:length]}"
        if form in listed:
            return form
    return None


def fracture_kind(raw: object) -> str | None:
    """Annex E 2.1 (closed) or 2.2 (open) when a fracture code tells, else None.

    WHO: a fifth character 0 is closed, 1 open. ICD-10-CM: a seventh character A is closed, B and
    C (and the later encounters E, F, H, J, M, N, Q, R) are open.
    """
    code = plain(raw)
    if len(code) == 5:
        return {"0": "2.1", "1": "2.2"}.get(code[4])
    if len(code) == 7:
        return "2.1" if code[6] == "A" else "2.2" if code[6] in _OPEN else None
    return None
