"""Side of body, diagnosis codes, several injured."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.errors import SchemeError
from coder.evidence import diagnosis_codes, several_injured, side_of_body
from coder.evidence.injury import tells_side
from coder.text import expansions, fold, normal


@pytest.mark.parametrize(
    ("text", "part", "side"),
    [
        ("left hand struck, right foot bruised", "5.4", "2"),
        ("left hand struck, right foot bruised", "6.4", "1"),
        ("burned both hands", "5.4", "3"),
        ("left and right knees bruised", "6.2", "3"),
        ("bilateral wrist pain", "5.3", "3"),
        ("LT 5TH FINGER FX", "5.6", "2"),
        ("R INDEX FINGER LAC", "5.6", "1"),
        ("knee (L) pain", "6.2", "2"),
        ("middle finger on his left hand was amputated", "5.6", "2"),
        ("left index and middle fingers", "5.6", "2"),
        ("left hand caught, fingertip amputated", "5.6", "2"),
        ("laceration to the left side of his face", "1.5", "2"),
        ("injured his left thumb and right wrist", "5.3", "1"),
        ("injured his left thumb and right wrist", "5.5", "2"),
        ("left leg and ankle fractured", "6.3", "2"),
        ("held the bar in the right hand. The bar slipped and cut his left hand", "5.4", "2"),
        ("cracked a rib on his right side", "4.1", "1"),
        # not a side of the body
        ("went right away to the doctor, hand hurt", "5.4", None),
        ("the right side of the truck hit his hand", "5.4", None),
        ("all right, but his foot was sore", "6.4", None),
        ("she left the shop and her hand hurt", "5.4", None),
        ("used both hands to push and strained his hand", "5.4", None),
        # of another part
        ("left hand cut", "6.4", None),
        ("right shoulder struck, then back pain", "3", None),
        ("", "5.4", None),
        ("hand cut", "5.4", None),
    ],
)
def test_side(text: str, part: str, side: str | None) -> None:
    assert side_of_body(text, part) == side


@given(st.text(), st.sampled_from(["5.4", "1", "7.8", "10", "6.9"]))
@settings(max_examples=200, deadline=None)
def test_side_is_total(text: str, part: str) -> None:
    assert side_of_body(text, part) in {"1", "2", "3", None}


pieces = st.sampled_from(
    ["left", "RIGHT", "both", "hand", "'", "'s", ".", " ", "/", "(", ")", "-", "3", "é", "w/", "x"]
    + [key for key, _ in expansions("hospital")]
)


@given(st.one_of(st.lists(pieces, max_size=12).map("".join), st.text(), st.text("lrtefb .'/()")))
@settings(max_examples=500, deadline=None)
def test_no_side_comes_of_a_clause_that_is_passed_over(clause: str) -> None:
    if tells_side().search(fold(clause)) is None:
        words = normal(clause, "injury").split()
        assert {"left", "right", "both", "bilateral"}.isdisjoint(words)


swap = str.maketrans({"\x01": "left", "\x02": "right"})
parts = st.sampled_from(["hand", "knee", "ankle", "eye", "shoulder", "foot", "elbow"])


@given(parts, parts, st.sampled_from(["cut his", "fractured the", "injured her"]))
@settings(deadline=None)
def test_mirrored_text_gives_the_mirrored_side(one: str, two: str, verb: str) -> None:
    codes = {"hand": "5.4", "knee": "6.2", "ankle": "6.3", "eye": "1.3", "shoulder": "5.1"}
    code = codes.get(one, "5.4")
    text = f"{verb} LEFT {one}; his RIGHT {two} was not touched"
    mirrored = text.replace("LEFT", "\x01").replace("RIGHT", "LEFT").replace("\x01", "RIGHT")
    mirror = {"1": "2", "2": "1", "3": "3", None: None}
    assert side_of_body(mirrored, code) == mirror[side_of_body(text, code)]


def test_diagnosis_codes() -> None:
    assert diagnosis_codes("S62.3", "body-part") == {"5.4"}
    assert diagnosis_codes("s62.30xA", "body-part") == {"5.4"}
    assert diagnosis_codes("S6230", "body-part") == {"5.4"}
    assert diagnosis_codes("S62.3; S00.1", "body-part") == {"5.4", "1.3"}
    assert diagnosis_codes("A00, Z99", "body-part") == frozenset()
    assert diagnosis_codes("sprain", "body-part") == frozenset()
    assert diagnosis_codes("", "injury-type") == frozenset()


def test_diagnosis_needs_a_crosswalk() -> None:
    with pytest.raises(SchemeError):
        diagnosis_codes("S62.3", "isco-08")


@pytest.mark.parametrize(
    ("text", "several"),
    [
        ("Employees #1 and #2 were working on a roof. Both fell.", True),
        ("Two workers fell from a scaffold and were hospitalized.", True),
        ("Employee #1 died and Employee #2 was hospitalized.", True),
        ("The employee and a coworker were lifting a beam. The employee was injured.", False),
        ("EE cut two fingers.", False),
        ("He fell two meters and was hospitalized.", False),
    ],
)
def test_several(text: str, several: bool) -> None:
    assert several_injured(text) is several
