"""ICD-10 and ICD-10-CM codes find their place in Annex E and F."""

from __future__ import annotations

import csv
import re
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.errors import SchemeError
from coder.schemes import Crosswalk, load_crosswalk, load_scheme
from tests.shared import NEEDS_SHARED, SHARED

# WHO's ICD-10, chapter XIX, has no T72, T76, T77 and T89.
CATEGORIES = [f"S{n:02}" for n in range(100)] + [
    f"T{n:02}" for n in range(99) if n not in (72, 76, 77, 89)
]
TYPE = load_crosswalk("icd-10", "injury-type")
PART = load_crosswalk("icd-10", "body-part")


def test_every_category_of_chapter_xix_is_covered() -> None:
    assert [c for c in CATEGORIES if c not in TYPE.codes] == []
    assert [c for c in CATEGORIES if c not in PART.codes] == []


@pytest.mark.parametrize("crosswalk", [TYPE, PART], ids=["type", "part"])
def test_a_category_without_target_says_why(crosswalk: Crosswalk) -> None:
    reasons = ("not an injury: complication", "not determinable: see the fourth character")
    for category in CATEGORIES:
        note = crosswalk.note(category)
        assert bool(crosswalk.convert(category)) != note.startswith(reasons), category
        complication = "T80" <= category <= "T88"
        assert (note == "not an injury: complication of medical care") == complication, category


@pytest.mark.parametrize("crosswalk", [TYPE, PART], ids=["type", "part"])
def test_a_category_covers_its_subcategories(crosswalk: Crosswalk) -> None:
    scheme = load_scheme(crosswalk.target)
    for code in crosswalk.codes:
        whole = {*crosswalk.convert(code[:3])}
        if whole and "ICD-10-CM only" not in crosswalk.note(code):
            assert all(whole & {*scheme.path(to)} for to in crosswalk.convert(code)), code


@pytest.mark.parametrize(
    ("code", "types", "parts"),
    [
        ("S62.30xA", {"2.1"}, {"5.4"}),
        ("s6230xb", {"2.2"}, {"5.4"}),
        ("S62.31", {"2.2"}, {"5.4"}),  # WHO: fifth character 1 is open
        ("S62.3", {"2"}, {"5.4"}),
        ("S82.101E", {"2.2"}, {"6.2"}),
        ("S82.101S", {"2"}, {"6.2"}),
        ("S42.1", {"2"}, {"4.1"}),  # shoulder blade: rib cage in Annex F
        ("S02.5", {"2"}, {"1.4"}),
        ("S05.0", {"1.1"}, {"1.3"}),
        ("S05.7", {"4"}, {"1.3"}),
        ("S06.0X1A", {"5"}, {"1.1"}),
        ("S13.4", {"3.2"}, {"2.1"}),
        ("S39.012A", {"3.2"}, {"3.8"}),
        ("S61.0", {"1.2"}, {"5.5", "5.6"}),  # WHO: finger(s)
        ("S61.011A", {"1.2"}, {"5.5"}),  # ICD-10-CM: thumb
        ("S68.1", {"4"}, {"5.6"}),
        ("S72.0", {"2"}, {"6.1"}),
        ("S97.0", {"8.19"}, {"6.3"}),
        ("S82", {"2"}, {"6.2", "6.3"}),
        ("S82.1", {"2"}, {"6.2"}),
        ("S00", {"1.1"}, {"1"}),
        ("T14", set(), {"10"}),
        ("T14.2", {"2"}, {"10"}),
        ("T07", {"10"}, {"7.8"}),
        ("T15.9 ", {"8.19"}, {"1.3"}),
        ("T17.4", {"8.05"}, {"2.8"}),
        ("T20.27XA", {"6.1", "6.3"}, {"2.8"}),
        ("T22.5", {"6.2"}, {"5.1", "5.2"}),
        ("T34.5", {"6.4"}, {"5.3", "5.4", "5.5", "5.6"}),
        ("T58", {"7.1"}, {"7.1"}),
        ("T63.0", {"7.1"}, {"7.1"}),
        ("T75.0", {"8.07"}, {"7.1"}),
        ("T75.1", {"8.08"}, {"7.1"}),
        ("T75.4", {"8.10"}, {"7.1"}),
        ("T93.1", {"2"}, {"6.2"}),
        ("T83.1", set(), set()),
    ],
)
def test_known_codes(code: str, types: set[str], parts: set[str]) -> None:
    assert set(TYPE.convert(code)) == types
    assert set(PART.convert(code)) == parts


@pytest.mark.parametrize(
    "code", ["", "A00", "M54.5", "T72", "62.3", "S6", "fracture", "S62.3 S63.1"]
)
def test_what_is_no_injury_code_is_refused(code: str) -> None:
    with pytest.raises(SchemeError):
        TYPE.convert(code)


@given(st.sampled_from(CATEGORIES), st.text("0123456789", max_size=2))
def test_a_longer_code_stays_within_its_category(category: str, more: str) -> None:
    scheme = load_scheme("injury-type")
    if category[0] == "S" and category[2] == "2":  # S02, S12 … S92 are fractures
        assert {scheme.path(c)[0] for c in TYPE.convert(f"{category}.{more}")} == {"2"}
    if "S50" <= category <= "S69":  # forearm, wrist and hand
        found = PART.convert(f"{category}.{more}")
        assert {load_scheme("body-part").path(c)[0] for c in found} == {"5"}


@cache
def chapter_19() -> dict[str, str]:
    with (SHARED / "data/injury/codes/icd10cm_chapter19.csv").open(encoding="utf-8") as file:
        return {row[0]: row[1] for row in csv.reader(file)}


NEEDED = pytest.mark.skipif(not SHARED.is_dir(), reason=NEEDS_SHARED)
# words of a title, and the major group of Annex E that they must lead to
TYPE_WORDS = [
    (r"fracture of(?!.*(?:tooth|cartilage))", "2"),
    (r"^(?:Subluxation|Dislocation|Sprain) (?!.*prosthesis)", "3"),
    (r"^(?:Complete|Partial) traumatic amputation", "4"),
    (r"^(?:Concussion|Contusion and laceration of .*cerebrum)", "5"),
    (r"^(?:(?:Laceration|Puncture wound) with(?:out)? foreign body|Open bite) ", "1"),
    (r"^(?:Burn|Corrosion) of (?!.*sequela)", "6"),
    (r"frostbite", "6"),
    (r"^(?:Poisoning by|Toxic effect of)", "7"),
]
PART_WORDS = [
    (r"\bthumb\b(?!.*(?:finger|wrist and hand|forearm level))", {"5.5"}),
    (r"\btoe(?!.*(?:ankle|foot))", {"6.5"}),
    (r"^(?:Contusion|Sprain|Laceration) .*\bankle\b(?!.*foot)", {"6.3"}),
    (r"\b(?:knee|femoral shaft|shaft of femur)\b(?!.*hip)", {"6.2"}),
    (r"\bscalp\b", {"1.1"}),
    (r"\b(?:cornea|eyeball|eyelid)", {"1.3"}),
    (r"^(?:Abrasion|Contusion) of .*(?:elbow|forearm)", {"5.2"}),
]


@NEEDED
def test_every_published_code_of_the_clinical_modification_is_covered() -> None:
    for code in chapter_19():
        TYPE.targets(code)
        PART.targets(code)


@NEEDED
@pytest.mark.parametrize(("words", "major"), TYPE_WORDS)
def test_titles_agree_with_the_type_of_injury(words: str, major: str) -> None:
    scheme = load_scheme("injury-type")
    codes = [c for c, title in chapter_19().items() if re.search(words, title)]
    wrong = {
        c: TYPE.convert(c)
        for c in codes
        if major not in {scheme.path(found)[0] for found in TYPE.convert(c)}
    }
    assert len(codes) >= 10
    assert wrong == {}


@NEEDED
@pytest.mark.parametrize(("words", "parts"), PART_WORDS)
def test_titles_agree_with_the_part_of_body(words: str, parts: set[str]) -> None:
    injuries = {c: t for c, t in chapter_19().items() if c[0] == "S" and len(c) > 4}
    codes = [c for c, title in injuries.items() if re.search(words, title)]
    wrong = {c: (chapter_19()[c], PART.convert(c)) for c in codes if not parts & {*PART.convert(c)}}
    assert len(codes) >= 10
    assert wrong == {}
