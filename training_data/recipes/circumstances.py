"""Rows that teach injury-mode and material-agency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from injury import NARRATIVES
from sources import table, targets

from coder.model.features import FeatureConfig
from coder.model.labels import Label
from coder.model.train import APART, FIT, Rows, Settings, deal
from coder.schemes import load_crosswalk
from coder.text import Role, prepare

TITLES = "code titles"
TITLE_COPIES = 0.2


@dataclass(frozen=True)
class Source:
    """A file of coded narratives, and the crosswalk that its column goes through."""

    name: str
    file: str
    text: str
    column: str
    crosswalk: str
    nature: str = ""


MODE = (
    Source(
        "severe injuries", "osha_severe_injury_2015_2017.csv", "text",
        "event_code_oiics201", "oiics-event", "nature_code_oiics201",
    ),
    Source(
        "mining, all variables", "msha_all_variables_2000_2015.csv", "NARRATIVE",
        "ACCIDENT_TYPE_CD", "msha-accident", "NATURE_INJURY_CD",
    ),
    Source(
        "accident abstracts", "osha_accident_abstracts_2015_2017.csv.gz", "Abstract Text",
        "event_type", "imis-event",
    ),
)  # fmt: skip
AGENCY = (
    Source(
        "severe injuries", "osha_severe_injury_2015_2017.csv", "text",
        "source_code_oiics201", "oiics-source",
    ),
    Source(
        "mining, all variables", "msha_all_variables_2000_2015.csv", "NARRATIVE",
        "INJURY_SOURCE_CD", "msha-source",
    ),
)  # fmt: skip
# natures of injury that an edge makes, and only an edge: amputations and open wounds
CUT = {"oiics-event": ("131", "132", "133"), "msha-accident": ("100", "180")}
EDGE = "50"


def of_edge(label: Label, source: Source, nature: str) -> Label:
    """Where the event leaves open whether an edge cut or a weight hit, the nature tells."""
    if EDGE not in label or len(label) == 1 or not nature:
        return label
    if nature.startswith(CUT[source.crosswalk]):
        return frozenset([EDGE])
    return label - {EDGE}


def titles(scheme: str, sources: tuple[Source, ...]) -> Iterator[tuple[str, Label]]:
    """What the coding systems call their codes: rare groups have few narratives."""
    for source in sources:
        walk = load_crosswalk(source.crosswalk, scheme)
        for code in walk.codes:
            if len(found := frozenset(walk.convert(code))) == 1:
                yield walk.title(code), found


def rows(data: Path, scheme: str) -> Rows:
    """Every narrative whose code leads to a group, dealt by hash; the code titles only to fit."""
    sources = MODE if scheme == "injury-mode" else AGENCY
    out = Rows([], [], [])
    seen: set[tuple[str, Label]] = set()
    for source in sources:
        walk = load_crosswalk(source.crosswalk, scheme)
        for row in table(data, f"{NARRATIVES}/{source.file}"):
            nature = row[source.nature].strip() if source.nature else ""
            label = of_edge(targets(walk, row[source.column]), source, nature)
            prepared = prepare({Role.NARRATIVE: row[source.text]}, scheme)
            if prepared.absent or not label or (prepared.main, label) in seen:
                continue
            seen.add((prepared.main, label))
            out.add(prepared, label, source.name, deal(prepared.main))
    for title, label in titles(scheme, sources):
        prepared = prepare({Role.NARRATIVE: title}, scheme)
        if not prepared.absent and deal(prepared.main) == FIT:
            out.add(prepared, label, TITLES, FIT)
    return out


def settings(_scheme: str) -> Settings:
    return Settings(
        features=FeatureConfig(max_words=12_000, max_chars=12_000),
        experts=APART,
        source_weight={TITLES: TITLE_COPIES},
        epochs=8,
        budget=190_000,
        fast_budget=70_000,
    )
