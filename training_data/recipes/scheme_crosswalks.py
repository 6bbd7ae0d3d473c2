"""Official correspondences between revisions, as (code, title, target, partial, note) rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import scheme_isic5
from scheme_indexes import read
from scheme_structures import Row, one_line

Link = tuple[str, str, str, int, str]
Structures = dict[str, list[Row]]


def isco_88_isco_08(data: Path, structures: Structures) -> list[Link]:
    """The ILO's ISCO-88 to ISCO-08 table (leading zeros restored)."""
    pairs = [
        (row["isco1988"].zfill(4), row["isco2008"].zfill(4), "")
        for row in read(data / "occupation" / "isco88_isco08.csv")
    ]
    return links(pairs, structures["isco-88"], structures["isco-08"])


def isic_4_isic_31(data: Path, structures: Structures) -> list[Link]:
    """The UN Statistics Division's ISIC Rev.4 to Rev.3.1 table, with its details as notes."""
    pairs = [
        (row["ISIC4code"], row["ISIC31code"], row["Detail"])
        for row in read(data / "industry" / "ISIC4_ISIC31.txt")
    ]
    return links(pairs, structures["isic-4"], structures["isic-3.1"])


def isic_31_isic_3(data: Path, structures: Structures) -> list[Link]:
    """The UN Statistics Division's ISIC Rev.3.1 to Rev.3 table, with its activities as notes."""
    pairs = [
        (row["Rev31"], row["Rev3"], row["Activity"])
        for row in read(data / "industry" / "ISIC_Rev_31-ISIC_Rev_3_correspondence.txt")
    ]
    return links(pairs, structures["isic-3.1"], structures["isic-3"])


def isic_4_isic_5(data: Path, structures: Structures) -> list[Link]:
    """Derived from titles and notes (scheme_isic5), until the official table is at hand."""
    pairs = scheme_isic5.isic_4_isic_5(data, structures["isic-4"], structures["isic-5"])
    return links(pairs, structures["isic-4"], structures["isic-5"])


def links(pairs: list[tuple[str, str, str]], source: list[Row], target: list[Row]) -> list[Link]:
    """Rows in source order; a pair listed twice is merged; every four-digit code has a row."""
    known = {code for code, _, level, _ in target if level == 4}
    found: dict[str, dict[str, list[str]]] = {}
    for from_code, to_code, note in pairs:
        notes = found.setdefault(from_code.strip(), {}).setdefault(to_code.strip(), [])
        if one_line(note or ""):
            notes.append(one_line(note))
    titles = {code: title for code, title, level, _ in source if level == 4}
    unknown = sorted(set(found) - set(titles))
    if unknown:
        raise ValueError(f"the table has source codes that the structure lacks: {unknown}")
    rows: list[Link] = []
    for code, title in titles.items():
        targets = {to: notes for to, notes in found.get(code, {}).items() if to in known}
        if not targets:
            reasons = [note for notes in found.get(code, {}).values() for note in notes]
            note = " ".join(reasons) or "the official table has no row for this code"
            rows.append((code, title, "", 0, f"no counterpart: {note}"))
        for to, notes in targets.items():
            rows.append((code, title, to, int(len(targets) > 1), "; ".join(notes)))
    return rows


BUILDERS: dict[str, Callable[[Path, Structures], list[Link]]] = {
    "isco-88_isco-08": isco_88_isco_08,
    "isic-4_isic-3.1": isic_4_isic_31,
    "isic-3.1_isic-3": isic_31_isic_3,
    "isic-4_isic-5": isic_4_isic_5,
}
