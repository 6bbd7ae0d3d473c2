"""Gather index terms (term, code, source) for isco-08, isco-88 and isic-4 from published lists."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from scheme_structures import Row, one_line

Term = tuple[str, str, str]


def read(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a CSV, packed or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as f:
        yield from csv.DictReader(f)


def kept_out(phrase: str) -> bool:
    """Whether a NAICS phrase belongs to the fifth that is never shipped: the isic-4 test set.

    Both the published spelling and the one with single blanks are looked at.
    """
    forms = (phrase.strip().casefold(), one_line(phrase).casefold())
    return any(int(hashlib.sha256(f.encode()).hexdigest(), 16) % 5 == 0 for f in forms)


def official_titles(structure: Iterable[Row]) -> Iterator[Term]:
    """The four-digit titles themselves, without the residual classes."""
    for code, title, level, _ in structure:
        if level == 4 and "elsewhere classified" not in title and "n.e.c." not in title:
            yield title, code, "official title"


def isco_08(data: Path, structure: list[Row]) -> Iterator[Term]:
    """ILO index, ESCO labels, and O*NET and SOC titles whose SOC code has one ISCO-08 code."""
    classes = {code for code, _, level, _ in structure if level == 4}
    folder = data / "occupation"
    yield from official_titles(structure)
    for row in read(folder / "isco08_title_index.csv"):
        if row["isco08"] in classes:  # one row is a scrap: "n", 0001
            yield row["title"], row["isco08"], "ILO index"
    for row in read(folder / "esco_labels_en_v111.csv"):
        yield row["label"], row["isco08"], f"ESCO {row['kind']}"
    soc_2010, soc_2018 = soc_to_isco(folder, classes)
    for row in read(folder / "onet27_titles.csv.gz"):
        isco = soc_2018.get(row["O*NET-SOC Code"][:7])
        if isco and not row["title"].endswith("All Other"):
            yield row["title"], isco, f"O*NET {row['kind']}"
    for row in read(folder / "soc2010_soc2018.csv"):
        for year, mapping in (("2010", soc_2010), ("2018", soc_2018)):
            isco = mapping.get(row[f"soc{year}"])
            if isco and not row[f"soc{year}_title"].endswith("All Other"):
                yield row[f"soc{year}_title"], isco, f"SOC {year}"


def soc_to_isco(folder: Path, classes: set[str]) -> tuple[dict[str, str], dict[str, str]]:
    """SOC 2010 and SOC 2018 codes that lead to exactly one ISCO-08 code, through every link.

    A link to a minor group ("211") names no unit group, so its SOC code is left out.
    """
    links: dict[str, set[str]] = {}
    for row in read(folder / "soc2010_isco08.csv"):
        isco = row["isco2008"].strip() if row["isco2008"].strip() in classes else "unknown"
        links.setdefault(row["soc2010"].strip(), set()).add(isco)
    newer: dict[str, set[str]] = {}
    for row in read(folder / "soc2010_soc2018.csv"):
        older = links.get(row["soc2010"].strip(), {"unknown"})
        newer.setdefault(row["soc2018"].strip(), set()).update(older)
    return only_one(links), only_one(newer)


def only_one(links: Mapping[str, set[str]]) -> dict[str, str]:
    """The codes with a single target, with that target."""
    alone = {code: next(iter(to)) for code, to in links.items() if len(to) == 1}
    return {code: to for code, to in alone.items() if to != "unknown"}


def isco_88(data: Path, structure: list[Row]) -> Iterator[Term]:
    """ILO index rows whose ISCO-88 code agrees with the official ISCO-88 to ISCO-08 table."""
    folder = data / "occupation"
    pairs = {
        (row["isco1988"].zfill(4), row["isco2008"].zfill(4))
        for row in read(folder / "isco88_isco08.csv")
    }
    yield from official_titles(structure)
    for row in read(folder / "isco08_title_index.csv"):
        if (row["isco88"], row["isco08"]) in pairs:
            yield row["title"], row["isco88"], "ILO index"


def isic_4(data: Path, structure: list[Row]) -> Iterator[Term]:
    """UK SIC 2007 and NAICS 2022 activity phrases whose code leads to one ISIC Rev.4 class."""
    classes = {code for code, _, level, _ in structure if level == 4}
    folder = data / "industry"
    yield from official_titles(structure)
    phrases = list(read(folder / "naics2022_activity_phrases.csv"))
    test_set = {row["phrase"].strip().casefold() for row in phrases if kept_out(row["phrase"])}
    differences = read(folder / "nace2_isic4_where_different.csv")
    changed = {row["nace2_code"]: row["isic4"] for row in differences}
    for row in read(folder / "uk_sic2007_activity_index.csv"):
        nace = row["uk_sic2007"][:4]
        isic = changed.get(nace, nace)
        if isic in classes and row["activity"].strip().casefold() not in test_set:
            yield row["activity"], isic, "UK SIC 2007 index"
    naics = naics_to_isic(folder, classes)
    for row in phrases:
        if row["naics2022"] in naics and row["phrase"].strip().casefold() not in test_set:
            yield row["phrase"], naics[row["naics2022"]], "NAICS 2022 index"


def naics_to_isic(folder: Path, classes: set[str]) -> dict[str, str]:
    """NAICS 2022 codes that lead to exactly one ISIC Rev.4 class through NAICS 2017.

    A link to an ISIC group ("0012", group 012) names no class, so its NAICS code is left out.
    """
    return only_one(naics_links(folder, classes))


def naics_links(folder: Path, classes: set[str]) -> dict[str, set[str]]:
    """NAICS 2022 codes with all the ISIC Rev.4 classes they may be; "unknown" among them where a
    link names no class."""
    older: dict[str, set[str]] = {}
    for row in read(folder / "naics2017_isic4.csv"):
        isic = row["isic4"].strip() if row["isic4"].strip() in classes else "unknown"
        older.setdefault(row["naics2017"].strip(), set()).add(isic)
    links: dict[str, set[str]] = {}
    for row in read(folder / "naics2017_naics2022.csv"):
        isic_classes = older.get(row["naics2017"].strip(), {"unknown"})
        links.setdefault(row["naics2022"].strip(), set()).update(isic_classes)
    return links


def distinct(terms: Iterable[Term]) -> Iterator[Term]:
    """Each (term, code) once, ignoring case; the first source keeps it."""
    seen: set[tuple[str, str]] = set()
    for raw, code, source in terms:
        term = one_line(raw)
        key = (term.casefold(), code)
        if term and key not in seen:
            seen.add(key)
            yield term, code, source


BUILDERS = {"isco-08": isco_08, "isco-88": isco_88, "isic-4": isic_4}
