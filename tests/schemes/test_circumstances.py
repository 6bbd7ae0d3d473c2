"""Crosswalks to the circumstances of paragraph 9 d: every source code, and the choices made."""

from __future__ import annotations

import csv

import pytest

from coder.schemes import list_crosswalks, load_crosswalk, load_scheme
from tests.shared import NEEDS_SHARED, SHARED

DATA = SHARED / "data" / "injury"
WALKS = [pair for pair in list_crosswalks() if pair[1] in {"injury-mode", "material-agency"}]


def test_both_variables_are_reached_from_three_coding_systems() -> None:
    assert {source.partition("-")[0] for source, _ in WALKS} >= {"oiics", "msha", "imis"}


@pytest.mark.parametrize(("source", "target"), WALKS)
def test_targets_exist_and_a_row_without_target_says_why(source: str, target: str) -> None:
    walk, scheme = load_crosswalk(source, target), load_scheme(target)
    for code in walk.codes:
        links = walk.targets(code)
        assert all(link.target in scheme for link in links)
        assert all(link.partial == (len(links) > 1) for link in links)
        if not links:
            assert walk.note(code).startswith(("not an injury: ", "not determinable: "))


@pytest.mark.parametrize(
    ("source", "target", "code", "wanted"),
    [
        ("oiics-event", "injury-mode", "4331", ("30",)),  # fall to a lower level
        ("oiics-event", "injury-mode", "6412", ("60",)),  # caught in running machinery
        ("oiics-event", "injury-mode", "1113", ("80",)),  # beaten by a person
        ("oiics-event", "injury-mode", "5111", ("10",)),  # electric current
        ("oiics-event", "injury-mode", "561", ("20",)),  # drowning
        ("oiics-event", "injury-mode", "1121", ()),  # intended: no accident, paragraph 5 a
        ("oiics-source", "material-agency", "7421", ("02",)),  # a movable ladder
        ("oiics-source", "material-agency", "8621", ("11",)),  # forklift: transport in the plant
        ("oiics-source", "material-agency", "8423", ("12",)),  # dump truck
        ("oiics-source", "material-agency", "562", ("00",)),  # bodily motion: no agent
        ("msha-accident", "injury-mode", "27", ("70",)),
        ("msha-source", "material-agency", "89", ("14",)),
        ("imis-event", "injury-mode", "2", ("60",)),
        ("ilo-1962-accident", "injury-mode", "11", ("30",)),
    ],
)
def test_worked_links(source: str, target: str, code: str, wanted: tuple[str, ...]) -> None:
    assert load_crosswalk(source, target).convert(code) == wanted


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "column", "source", "target"),
    [
        ("osha_severe_injury_2015_2017.csv", "event_code_oiics201", "oiics-event", "injury-mode"),
        (
            "osha_severe_injury_2015_2017.csv", "source_code_oiics201",
            "oiics-source", "material-agency",
        ),
        ("msha_all_variables_2000_2015.csv", "ACCIDENT_TYPE_CD", "msha-accident", "injury-mode"),
        ("msha_all_variables_2000_2015.csv", "INJURY_SOURCE_CD", "msha-source", "material-agency"),
    ],
)  # fmt: skip
def test_every_code_of_the_real_rows_is_listed(
    file: str, column: str, source: str, target: str
) -> None:
    path = DATA / "narratives" / file
    if not path.is_file():
        pytest.skip(NEEDS_SHARED)
    walk = load_crosswalk(source, target)
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for code in {row[column] for row in csv.DictReader(lines)}:
            walk.find(code)


def test_status_in_employment_of_2018_leads_back_to_annex_d() -> None:
    walk = load_crosswalk("icse-18", "icse-93")
    assert walk.convert("22") == ("3",)
    assert walk.convert("51") == ("5",)
    assert set(walk.convert("30")) == {"1", "3"}
