"""The explanatory notes of ISIC: what each class includes, revisions 4 and 5."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl

_SEE = re.compile(r"see (?:also )?\w+")
_EXCLUDES = re.compile(r"This (?:class|group) excludes")
_BETWEEN = re.compile(r"[\n•;]|\s[—–-]+\s|\s{3,}|This class (?:also )?includes(?: also)?:?")
_LEAST, _MOST = 5, 200  # characters of a phrase


def notes_4(folder: Path) -> dict[str, str]:
    """Rev.4 classes with title and notes, without what they exclude."""
    sheet = openpyxl.load_workbook(folder / "isic4_class_notes.xlsx").worksheets[0]
    return {
        str(code).zfill(4): _EXCLUDES.split(_plain(text))[0]
        for code, text in sheet.iter_rows(min_row=2, values_only=True)
    }


def notes_5(folder: Path) -> dict[str, str]:
    """Rev.5 codes, without their section's letter, with title and notes of what they include."""
    sheet = openpyxl.load_workbook(folder / "isic5_structure_and_notes.xlsx")["ISIC5 Notes"]
    return {
        str(row[0])[1:]: " ".join(_plain(row[k]) for k in (2, 4, 5))
        for row in sheet.iter_rows(min_row=2, values_only=True)
    }


def _plain(text: object) -> str:
    return _SEE.sub("", str(text or "").replace("_x000D_", " "))


def phrases(notes: str) -> Iterator[str]:
    """The single activities that a class's notes list."""
    for piece in _BETWEEN.split(notes):
        phrase = piece.strip(" -—–•\t.:,")
        if len(phrase) >= _LEAST:
            yield phrase[:_MOST]
