"""Rows that teach isco-08."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from openpyxl import load_workbook
from scheme_indexes import read
from sources import table

from coder.model.features import FeatureConfig
from coder.model.labels import Label
from coder.model.train import FIT, TEST, Expert, Rows, Settings, deal
from coder.schemes import load_index, load_scheme
from coder.text import Role, prepare

FOLDER = "occupation"
FIELD = {  # coded by people; dealt into fit, calibrate and test by a hash of the title
    "vacancy titles": ("vacancy_titles_my.csv", "vacancyTitle"),
    "national index": ("national_index_lk.csv", "title"),
    "seasonal titles": ("seasonal_job_titles_us.csv", "JOB_TITLE"),
}
LANGUAGES = ("fr", "es", "pt", "de")  # of ESCO's labels, beside English
MOST_CANDIDATES = 7  # an O*NET title that may be any of more groups teaches little


def official(data: Path) -> Iterator[tuple[str, Label, str]]:
    """Index terms, the ILO's definitions and tasks, and O*NET titles and tasks."""
    for term in load_index("isco-08"):
        yield term.term, frozenset([term.code]), term.source.split()[0]
    sheet = load_workbook(data / FOLDER / "isco08_structure_and_definitions.xlsx", read_only=True)
    for row in sheet.worksheets[0].iter_rows(min_row=2, values_only=True):
        code = str(row[1] or "").strip()
        if len(code) == 4:
            for column, name in ((3, "ILO definitions"), (4, "ILO tasks"), (5, "ILO included")):
                for line in re.split(r"[\n;]| - |\([a-z]\)", str(row[column] or "")):
                    text = line.strip(" -•\t.")
                    if len(text) > 4 and not re.match(r"(?i)tasks include|examples of", text):
                        yield text[:300], frozenset([code]), name
    soc = soc_targets(data)
    for row in table(data, f"{FOLDER}/onet27_titles.csv.gz"):
        label = soc.get(row["O*NET-SOC Code"][:7], frozenset())
        if 1 < len(label) <= MOST_CANDIDATES:  # unique ones are index terms already
            yield row["title"], label, "O*NET, several codes"
    for row in table(data, f"{FOLDER}/onet27_tasks.csv.gz"):
        label = soc.get(row["O*NET-SOC Code"][:7], frozenset())
        if len(label) == 1:
            yield row["Task"], label, "O*NET tasks"


def foreign(data: Path, languages: Sequence[str] = LANGUAGES) -> Iterator[tuple[str, Label, str]]:
    """ESCO's labels in other languages: prepared text, unit group, language.

    A label whose text `deal` gives to the test part is kept out of `rows`.
    """
    for row in table(data, f"{FOLDER}/esco_labels_26_languages.csv.gz"):
        if row["lang"] in languages and row["isco08"] in load_scheme("isco-08"):
            yield row["label"], frozenset([row["isco08"]]), row["lang"]


def soc_targets(data: Path) -> dict[str, Label]:
    """SOC 2018 codes with all the unit groups that they may be."""
    groups = load_scheme("isco-08")
    older: dict[str, set[str]] = {}
    for row in read(data / FOLDER / "soc2010_isco08.csv"):
        if row["isco2008"].strip() in groups:
            older.setdefault(row["soc2010"].strip(), set()).add(row["isco2008"].strip())
    newer: dict[str, set[str]] = {}
    for row in read(data / FOLDER / "soc2010_soc2018.csv"):
        found = older.get(row["soc2010"].strip(), set())
        newer.setdefault(row["soc2018"].strip(), set()).update(found)
    return {code: frozenset(isco) for code, isco in newer.items() if isco}


def rows(data: Path, scheme: str) -> Rows:
    """Every title, definition and task with its unit group."""
    groups = load_scheme(scheme)
    out = Rows([], [], [])
    for text, label, source in official(data):
        prepared = prepare({Role.TITLE: text}, scheme)
        if not prepared.absent:
            out.add(prepared, label, source, FIT)
    known: set[tuple[str, Label]] = set()
    for text, label, language in foreign(data):
        prepared = prepare({Role.TITLE: text}, scheme)
        if not prepared.absent and deal(prepared.main) != TEST:
            if (prepared.main, label) not in known:
                out.add(prepared, label, f"ESCO {language}", FIT)
            known.add((prepared.main, label))
    for source, (name, column) in FIELD.items():
        for row in table(data, f"{FOLDER}/{name}"):
            prepared = prepare({Role.TITLE: row[column]}, scheme)
            if row["isco08"] in groups and not prepared.absent:
                out.add(prepared, frozenset([row["isco08"]]), source, deal(prepared.main))
    return out


def settings(_scheme: str) -> Settings:
    return Settings(
        features=FeatureConfig(max_words=60_000, max_chars=60_000),
        experts=(Expert(), Expert(sources=frozenset(FIELD))),  # apart they add nothing here
        source_weight={
            "national index": 3.0,
            "seasonal titles": 3.0,
            "ILO": 2.0,
            "official": 2.0,
            "O*NET tasks": 0.3,
            "ILO tasks": 0.3,
            "ILO definitions": 0.5,
        },
        epochs=6,
        batch=256,
        budget=1_600_000,
        fast_budget=1_800_000,
        switch_loss=0.005,  # short texts: the encoder costs little
    )
