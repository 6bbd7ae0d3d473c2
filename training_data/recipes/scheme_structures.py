"""Read the published structures of the classifications into (code, title, level, parent) rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import openpyxl

Row = tuple[str, str, int, str]


def digit_tree(pairs: Iterable[tuple[str, str]]) -> list[Row]:
    """ISCO: a code's parent is the code without its last digit."""
    return [(code, title, len(code), code[:-1]) for code, title in pairs]


def section_tree(pairs: Iterable[tuple[str, str]]) -> list[Row]:
    """ISIC: divisions hang on the section letter before them, the rest on their own digits."""
    rows: list[Row] = []
    section = ""
    for code, title in pairs:
        if code.isalpha():
            section = code
            rows.append((code, title, 1, ""))
        else:
            rows.append((code, title, len(code), section if len(code) == 2 else code[:-1]))
    return rows


def isco_08(data: Path) -> list[Row]:
    """ISCO-08 from the ILO's workbook of structure and definitions."""
    path = data / "occupation" / "isco08_structure_and_definitions.xlsx"
    sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
    rows = sheet.iter_rows(min_row=2, max_col=3, values_only=True)
    return digit_tree((str(code), one_line(title)) for _, code, title in rows if code)


def isco_88(data: Path) -> list[Row]:
    """ISCO-88 from the ILO's list."""
    with (data / "occupation" / "isco88_structure.csv").open(encoding="utf-8-sig", newline="") as f:
        return digit_tree((row["code"], one_line(row["title"])) for row in csv.DictReader(f))


def isic_csv(data: Path, file: str) -> list[Row]:
    """ISIC Rev.4 and Rev.3.1 from the UN Statistics Division's quoted lists."""
    with (data / "industry" / file).open(encoding="utf-8-sig", newline="") as f:
        rows = [row for row in csv.reader(f) if row][1:]
    return section_tree((row[0].strip(), one_line(row[1])) for row in rows)


def isic_3(data: Path) -> list[Row]:
    """ISIC Rev.3 from the UN Statistics Division's fixed-width list."""
    path = data / "industry" / "ISIC_Rev_3_english_structure.txt"
    return section_tree(_fixed_width(path.read_text(encoding="ascii").splitlines()[1:]))


def _fixed_width(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        match = re.fullmatch(r"([A-Q]|\d{2,4})\s+(\S.*?)\s*", line)
        if match:
            yield match[1], one_line(match[2])
        elif line.strip():
            raise ValueError(f"ISIC Rev.3 structure: cannot read the line {line!r}")


def isic_5(data: Path) -> list[Row]:
    """ISIC Rev.5 from the sheet "Full_ISIC5 Structure" (codes are text there)."""
    book = openpyxl.load_workbook(data / "industry" / "isic5_structure_and_notes.xlsx")
    rows = book["Full_ISIC5 Structure"].iter_rows(min_row=4, max_col=9, values_only=True)
    return section_tree((str(row[7]).strip(), one_line(row[8])) for row in rows if row[7])


def one_line(title: object) -> str:
    """A title with its blanks and line breaks made single blanks, otherwise as published."""
    return " ".join(str(title).replace("_x000D_", " ").split())


READERS = {
    "isco-08": isco_08,
    "isco-88": isco_88,
    "isic-5": isic_5,
    "isic-4": lambda data: isic_csv(data, "ISIC_Rev_4_english_structure.txt"),
    "isic-3.1": lambda data: isic_csv(data, "ISIC_Rev_3_1_english_structure.txt"),
    "isic-3": isic_3,
}
