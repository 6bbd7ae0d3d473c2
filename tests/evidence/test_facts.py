"""What a narrative tells of a case: paragraphs 5, 11, 12 and 13, and Convention 190."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.evidence.facts import text_facts
from coder.evidence.persons import persons_injured


def test_paragraph_5a_travel_in_the_course_of_work_is_occupational() -> None:
    found = text_facts("The parcel driver was hit by a car while delivering to a client.")
    assert found.occupational == "occupational"
    assert found.mode is None


def test_paragraph_5a_violence_is_an_occupational_accident_and_goes_to_a_person() -> None:
    found = text_facts("A patient punched the nurse in the face.")
    assert (found.occupational, found.violence, found.violence_by) == (
        "occupational", "physical", "client",
    )  # fmt: skip
    assert any("Convention 190" in doubt for doubt in found.doubts)


@pytest.mark.parametrize(
    "text",
    [
        "Hit by a car while walking home from work.",  # (i) the residence
        "Slipped on the way to the canteen in town where she takes her lunch.",  # (ii) meals
        "Going to collect her wages at the pay office she fell.",  # (iii) remuneration
        "On the way to the vocational training centre he fell off his bicycle.",  # training
        "He was driving to work when he skidded on ice.",  # either direction
        "Killed in a road accident on his way home.",
    ],
)
def test_paragraph_5b_commuting(text: str) -> None:
    assert text_facts(text).occupational == "commuting"


@pytest.mark.parametrize(
    "text",
    [
        "Walking to his work area he slipped on oil.",
        "Fell in the company car park before her shift.",
        "She works from home and tripped over a cable.",
        "He was treated and returned to work the same day.",
        "He was called out to a breakdown on the motorway and was hit by a car.",
    ],
)
def test_paragraph_5b_is_not_met_by_what_only_sounds_like_it(text: str) -> None:
    assert text_facts(text).occupational == "occupational"


def test_commuting_and_work_in_one_text_go_to_a_person() -> None:
    found = text_facts("On his way to work he stopped to deliver a parcel to a customer and fell.")
    assert found.occupational == "occupational"
    assert found.doubts == ("commuting and something else named (paragraph 5 b)",)


def test_paragraph_5_neither_goes_to_a_person() -> None:
    found = text_facts("Broke his leg skiing on vacation.")
    assert found.occupational == "neither"
    assert found.doubts == ("not occupational by its text (paragraph 5 a)",)


@pytest.mark.parametrize(
    ("text", "disease"),
    [
        ("Silicosis diagnosed after twenty years of stone cutting.", True),
        ("Dermatitis from repeated contact with cement.", True),
        ("Sudden hearing loss when a tyre burst.", False),
        ("Cement splashed in his eye.", False),
    ],
)
def test_paragraph_5c_a_disease_comes_from_exposure_over_time(text: str, disease: bool) -> None:
    assert text_facts(text).disease is disease


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Cycling to work she was hit by a car.", ("bicycle", "driver", "car")),
        ("Passenger in a car on the way to work; a truck hit them.", ("car", "passenger", "lorry")),
        ("Walking home from work, bitten by a dog.", ("foot", "pedestrian", "animal")),
        ("On the bus to work she fell.", ("bus", "passenger", None)),
    ],
)
def test_paragraph_11_transport_of_a_commuter(
    text: str, wanted: tuple[str | None, str | None, str | None]
) -> None:
    found = text_facts(text)
    assert (found.mode, found.role, found.counterpart) == wanted


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Three employees were burned when the tank exploded.", 3),
        ("Employee #1 and Employee #2 were both injured.", 2),
        ("Employee #1 was injured. Employee #2 was not injured.", 1),
        ("The operator and his helper were hurt.", 2),
        ("One worker died and another was injured.", 2),
        ("The blast killed one worker and injured three.", 4),
        ("Four killed in mine explosion.", 4),
        ("Injured three fingers of the left hand.", 1),
        ("One of three workers on the scaffold fell.", 1),
        ("His arm and his leg were injured.", 1),
        ("Three fingers of the worker were crushed.", 1),
    ],
)
def test_paragraph_12_each_injured_person_is_a_case(text: str, number: int) -> None:
    assert persons_injured(text) == number
    doubted = any("paragraph 12" in doubt for doubt in text_facts(text).doubts)
    assert doubted == (number > 1)


@pytest.mark.parametrize(
    ("text", "fatal"),
    [
        ("He fell and was killed.", True),
        ("He died of his burns three weeks later.", True),
        ("She was pronounced dead at the scene.", True),
        ("He died on the spot.", True),
        ("Dead body of the worker found in the tank.", True),
        ("He died of the injury two years later.", False),  # more than one year
        ("He was nearly killed.", False),
        ("The engine died and the truck rolled over his foot.", False),
        ("A dead branch fell on her arm.", False),
        ("There were no fatalities.", False),
        ("The nurse was hurt while washing a patient who had died.", False),
        ("A customer threatened to kill her.", False),
    ],
)
def test_paragraph_13_death_in_the_text(text: str, fatal: bool) -> None:
    assert text_facts(text).fatal is fatal


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("Rider delivering food for an app company fell.", True),
        ("Ride-hailing driver was hit by a car.", True),
        ("Fell from the loading platform.", False),
        ("Platform worker on the oil rig slipped.", False),
    ],
)
def test_digital_platform_work_is_flagged(text: str, platform: bool) -> None:
    found = text_facts(text)
    assert found.platform is platform
    assert any("platform" in doubt for doubt in found.doubts) == platform


@pytest.mark.parametrize("text", ["", "n/a", "idem", "123"])
def test_a_text_that_says_nothing_tells_no_fact(text: str) -> None:
    found = text_facts(text)
    assert found.occupational is found.fatal is found.persons is None
    assert found.doubts == ()


@given(st.text(max_size=300))
def test_no_text_breaks_the_rules_and_no_doubt_repeats_it(text: str) -> None:
    found = text_facts(text + " ZXQTOKEN")
    assert not any("ZXQTOKEN" in doubt for doubt in found.doubts)
