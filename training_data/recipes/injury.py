"""Rows that teach injury-type and body-part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sources import Refinements, table, targets

from coder.model.features import FeatureConfig
from coder.model.labels import Label
from coder.model.train import APART, FIT, TEST, Rows, Settings, deal
from coder.schemes import load_crosswalk
from coder.text import Role, prepare

NARRATIVES = "injury/narratives"
NOT_TEST = "deal, test rows to fit"  # a year of its own is the test
# (text, source code, source, part or "" to deal by hash)
Case = tuple[str, str, str, str]

INJURY_TYPE = {
    "severe injuries": "oiics-nature",
    "mining, all variables": "msha-nature",
    "accident abstracts": "imis-nature",
    "construction cases": "imis-nature",
    "emergency departments": "neiss-nature",
    "ICD-10 titles": "icd-10",
}
BODY_PART = {
    "mining": "msha-body",
    "mining, all variables": "msha-body",
    "accident abstracts": "imis-body",
    "emergency departments": "neiss-body",
    "ICD-10 titles": "icd-10",
}


def mining(data: Path, kind: str) -> Iterator[Case]:
    if kind == "body":
        for row in table(data, f"{NARRATIVES}/msha_body_part_2010_2013.csv.gz"):
            part = TEST if row["YEAR"] == "2013" else NOT_TEST
            yield row["NARRATIVE"], row["INJ_BODY_PART_CD"], "mining", part
    column = "INJ_BODY_PART_CD" if kind == "body" else "NATURE_INJURY_CD"
    for row in table(data, f"{NARRATIVES}/msha_all_variables_2000_2015.csv"):
        yield row["NARRATIVE"], row[column], "mining, all variables", ""


def severe(data: Path, kind: str) -> Iterator[Case]:
    if kind == "nature":
        for row in table(data, f"{NARRATIVES}/osha_severe_injury_2015_2017.csv"):
            yield row["text"], row["nature_code_oiics201"], "severe injuries", ""


def abstracts(data: Path, kind: str) -> Iterator[Case]:
    column = "part_of_body" if kind == "body" else "nature_of_inj"
    for row in table(data, f"{NARRATIVES}/osha_accident_abstracts_2015_2017.csv.gz"):
        yield row["Abstract Text"], row[column], "accident abstracts", ""


def construction(data: Path, kind: str) -> Iterator[Case]:
    if kind == "nature":
        names = {row["accident_value"].strip(): row["accident_number"] for row in natures(data)}
        for row in table(data, f"{NARRATIVES}/osha_construction_cases.csv.gz"):
            found = [part.strip() for part in row["diagnosis"].split(",") if part.strip()]
            if len(found) == 1 and found[0] in names:  # several victims have several natures
                yield row["narrative"], names[found[0]], "construction cases", ""


def natures(data: Path) -> Iterator[dict[str, str]]:
    for row in table(data, "injury/codes/osha_accident_lookup2.csv"):
        if row["accident_code"] == "IN":
            yield row


def emergency(data: Path, kind: str) -> Iterator[Case]:
    column = "Body_Part" if kind == "body" else "Diagnosis"
    for row in table(data, f"{NARRATIVES}/neiss_bicycle_487.csv"):
        yield row["Narrative_1"], row[column], "emergency departments", ""


def icd_titles(data: Path, _kind: str) -> Iterator[Case]:
    path = data / "injury/codes/icd10cm_chapter19.csv"
    for line in path.read_text(encoding="utf-8").splitlines():
        code, _, title = line.partition(",")
        yield title.strip('"'), code, "ICD-10 titles", FIT


READERS = (mining, severe, abstracts, construction, emergency, icd_titles)


def rows(data: Path, scheme: str) -> Rows:
    """Every usable case of every source, dealt into fit, calibrate and test."""
    kind = "body" if scheme == "body-part" else "nature"
    crosswalks = BODY_PART if scheme == "body-part" else INJURY_TYPE
    walks = {source: load_crosswalk(name, scheme) for source, name in crosswalks.items()}
    refinements = Refinements(scheme)
    out = Rows([], [], [])
    seen: set[tuple[str, Label]] = set()
    for reader in READERS:
        for text, code, source, part in reader(data, kind):
            if source not in walks:
                continue
            prepared = prepare({Role.NARRATIVE: text}, scheme)
            label = refinements.refine(targets(walks[source], code), prepared.main)
            if prepared.absent or not label or (prepared.main, label) in seen:
                continue
            seen.add((prepared.main, label))
            dealt = deal(prepared.main)
            if part == NOT_TEST:
                part = FIT if dealt == TEST else dealt
            out.add(prepared, label, source, part or dealt)
    return out


def settings(_scheme: str) -> Settings:
    weak = {"ICD-10 titles": 0.2}
    # characters add nothing to narratives once the encoder is tuned, and cost most of the time
    features = FeatureConfig(max_chars=0)
    return Settings(
        features, APART, source_weight=weak, epochs=8, budget=300_000, fast_budget=600_000
    )
