"""Rows that teach isic-4."""

from __future__ import annotations

from pathlib import Path

from scheme_indexes import kept_out, naics_to_isic
from sources import table

from coder.model.features import FeatureConfig
from coder.model.train import CALIBRATE, FIT, TEST, TUNE, Rows, Settings, deal
from coder.schemes import load_index, load_scheme
from coder.text import Role, prepare


def rows(data: Path, scheme: str) -> Rows:
    """Activity phrases of two national indexes with their ISIC class.

    The test part is the fifth of the NAICS phrases that is in no shipped index; the rest is
    dealt by hash into fitting, calibrating and tuning.
    """
    classes = load_scheme(scheme)
    naics = naics_to_isic(data / "industry", set(classes.leaves))
    out = Rows([], [], [])
    for row in table(data, "industry/naics2022_activity_phrases.csv"):
        if row["naics2022"] in naics and kept_out(row["phrase"]):
            prepared = prepare({Role.INDUSTRY: row["phrase"]}, scheme)
            out.add(prepared, frozenset([naics[row["naics2022"]]]), "NAICS", TEST)
    for term in load_index(scheme):
        prepared = prepare({Role.INDUSTRY: term.term}, scheme)
        if not prepared.absent:
            dealt = deal(prepared.main)
            part = dealt if dealt in (CALIBRATE, TUNE) else FIT
            out.add(prepared, frozenset([term.code]), term.source.split()[0], part)
    return out


def settings(_scheme: str) -> Settings:
    return Settings(
        features=FeatureConfig(
            max_words=40_000, max_chars=40_000, word_min_rows=1, char_min_rows=2
        ),
        source_weight={"NAICS": 2.0},
        epochs=8,
        dense_scale=6.0,
        batch=128,
        budget=800_000,
        fast_budget=1_500_000,
    )
