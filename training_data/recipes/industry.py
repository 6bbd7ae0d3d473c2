"""Rows that teach isic-4."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from isic_notes import notes_4, notes_5, phrases
from scheme_indexes import kept_out, naics_links, naics_to_isic
from sources import table

from coder.model.features import FeatureConfig
from coder.model.labels import Label
from coder.model.train import APART, CALIBRATE, FIT, TEST, TUNE, Rows, Settings, deal
from coder.schemes import load_crosswalk, load_index, load_scheme
from coder.text import Role, prepare

FOLDER = "industry"
NOTES, SEVERAL = "ISIC notes", "NAICS, several classes"
MOST_CANDIDATES = 7  # a phrase that may be of any of more classes teaches little


def official(data: Path) -> Iterator[tuple[str, Label, str]]:
    """What the notes of Rev.4 and Rev.5 list, and phrases whose NAICS code has several classes.

    Notes of Rev.5 count where one Rev.4 class is their checked counterpart.
    """
    folder = data / FOLDER
    classes = set(load_scheme("isic-4").leaves)
    for code, notes in notes_4(folder).items():
        for phrase in phrases(notes):
            yield phrase, frozenset([code]) & classes, NOTES
    older = load_crosswalk("isic-5", "isic-4")
    for code in set(older.codes) & (newer := notes_5(folder)).keys():
        links = older.targets(code)
        if len(links) == 1 and not links[0].note.startswith("unchecked"):
            for phrase in phrases(newer[code]):
                yield phrase, frozenset([links[0].target]), NOTES
    naics = naics_links(folder, classes)
    for row in table(data, f"{FOLDER}/naics2022_activity_phrases.csv"):
        label = frozenset(naics.get(row["naics2022"], ()))
        if 1 < len(label) <= MOST_CANDIDATES and "unknown" not in label:
            yield row["phrase"], label, SEVERAL


def rows(data: Path, scheme: str) -> Rows:
    """Activity phrases of two national indexes with their ISIC class, and the official notes.

    The test part is the fifth of the NAICS phrases that is in no shipped index; the rest is
    dealt by hash into fitting, calibrating and tuning. Notes only fit, without the phrases that
    another part holds.
    """
    classes = load_scheme(scheme)
    naics = naics_to_isic(data / FOLDER, set(classes.leaves))
    out = Rows([], [], [])
    for row in table(data, f"{FOLDER}/naics2022_activity_phrases.csv"):
        if row["naics2022"] in naics and kept_out(row["phrase"]):
            prepared = prepare({Role.INDUSTRY: row["phrase"]}, scheme)
            out.add(prepared, frozenset([naics[row["naics2022"]]]), "NAICS", TEST)
    for term in load_index(scheme):
        prepared = prepare({Role.INDUSTRY: term.term}, scheme)
        if not prepared.absent:
            dealt = deal(prepared.main)
            part = dealt if dealt in (CALIBRATE, TUNE) else FIT
            out.add(prepared, frozenset([term.code]), term.source.split()[0], part)
    elsewhere = {p.main for p, part in zip(out.prepared, out.part, strict=True) if part != FIT}
    seen: set[tuple[str, Label]] = set()
    for text, label, source in official(data):
        prepared = prepare({Role.INDUSTRY: text}, scheme)
        new = prepared.main not in elsewhere and (prepared.main, label) not in seen
        if label and new and not prepared.absent:
            seen.add((prepared.main, label))
            out.add(prepared, label, source, FIT)
    return out


def settings(_scheme: str) -> Settings:
    return Settings(
        features=FeatureConfig(
            max_words=40_000, max_chars=40_000, word_min_rows=1, char_min_rows=2
        ),
        experts=APART,
        source_weight={"NAICS": 2.0, SEVERAL: 0.3},
        epochs=8,
        dense_scale=6.0,
        batch=128,
        budget=1_200_000,
        fast_budget=1_500_000,
        switch_loss=0.005,  # short texts: the encoder costs little
    )
