"""Whose occupation and whose activity: sentences written for this test."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.evidence import (
    Cue,
    is_title,
    named_activity,
    named_occupation,
    occupation_evidence,
    prepare_records,
    vagueness,
)
from coder.evidence.phrases import pairs
from coder.resources import shipped
from coder.schemes import load_scheme
from coder.text import Role


@pytest.mark.parametrize(
    ("text", "words", "cue"),
    [
        ("A roofer fell while a crane operator lowered the load.", "roofer", Cue.SUBJECT),
        ("Employee #1, a foreman employed by Nobody Builders, fell.", "foreman", Cue.APPOSITION),
        ("On May 2, Employee #1 a 25-year-old male tile setter slipped.", None, Cue.APPOSITION),
        ("The victim, a carpenter, was cut by a saw.", "carpenter", Cue.APPOSITION),
        ("The injured worker was the lead electrician on site.", None, Cue.APPOSITION),
        ("EE (electrician) was changing a fuse.", "electrician", Cue.APPOSITION),
        ("The plumber (employee) was burned by a torch.", "plumber", Cue.APPOSITION),
        ("The worker was employed as a truck driver and slipped.", "truck driver", Cue.EMPLOYED_AS),
        ("An employee was working as a journeyman pipe fitter.", None, Cue.EMPLOYED_AS),
        ("Occupation: baker. Burned hand on oven.", "baker", Cue.LABEL),
        ("Two painters were overcome by fumes.", "painter", Cue.SUBJECT),
        ("Mechanic was removing a wheel and pinched his finger.", "mechanic", Cue.SUBJECT),
        ("At 9 a.m. on June 3, 2012, a nurse slipped on a wet floor.", "nurse", Cue.SUBJECT),
        ("Employee was operating a bulldozer when it rolled.", "bulldozer operator", Cue.OPERATED),
    ],
)
def test_own_occupation(text: str, words: str | None, cue: Cue) -> None:
    found = occupation_evidence(text)
    assert found is not None
    assert found.cue is cue
    if words is None:
        assert found.words in {"tile setter", "lead electrician", "journeyman pipe fitter"}
    else:
        assert found.words == words == named_occupation(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Employee cut his hand on a knife.",
        "The employee was struck by a truck driver.",
        "EE told the foreman that his back hurt.",
        "His supervisor, a carpenter, drove the employee to the clinic.",
        "The employee and a coworker, a welder, were lifting a pipe.",
        "An employee was hit by the painter's ladder.",
        "The crane operator swung the load, and it struck an employee on the head.",
        "A coworker was operating a forklift and ran over the employee's foot.",
        "Employee #1 fell. Employee #2, a roofer, called for help.",
        "The worker was treated by a physician and a nurse.",
        "Repaired the continuous miner; a rock fell on his foot.",
        "The loader was moving when it struck the victim.",
        "Worker slipped on ice.",
    ],
)
def test_nobody_elses_occupation(text: str) -> None:
    assert named_occupation(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Worker of Nobody Inc., a construction company specializing in bridge repair, fell.",
            "construction bridge repair",
        ),
        ("The worker was employed by a roofing contractor.", "roofing contractor"),
        ("Employee #1 with Midland Masonry Inc. was lifting a block.", "masonry contractor"),
        ("An employee of a tree service company fell.", "tree service"),
        ("The employee slipped at a sawmill.", "sawmill"),
        ("He cut his thumb in a poultry processing plant.", "poultry processing plant"),
        ("The employee cut his hand.", None),
        ("He was treated at a hospital.", None),
        ("A contractor's scaffold at the paper mill collapsed.", None),
        ("", None),
    ],
)
def test_activity(text: str, words: str | None) -> None:
    assert named_activity(text) == words


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_named_functions_are_total(text: str) -> None:
    for found in (named_occupation(text), named_activity(text)):
        assert found is None or found.strip() == found != ""


@given(st.sampled_from(sorted(set(pairs("operated").values()))))
@settings(deadline=None)
def test_apposition_names_any_operator(occupation: str) -> None:
    assert named_occupation(f"Employee #1, a {occupation}, was injured.") == occupation


def test_prepare_records_reads_titles_and_narratives_row_by_row() -> None:
    texts = [
        "Welder, gas",
        "A roofer fell while a crane operator lowered the load.",
        "Employee cut his hand.",
        "",
        "idem",
        "fell from ladder",
    ]
    got = prepare_records({Role.NARRATIVE: texts}, "isco-08")
    assert [p.main for p in got] == ["gas welder", "roofer", "", "", "", ""]
    assert [p.absent for p in got] == [
        None,
        None,
        "names no occupation",
        "empty",
        "placeholder",
        "names no occupation",
    ]
    assert [p.absent for p in prepare_records({Role.NARRATIVE: texts}, "body-part")] == [
        None,
        None,
        None,
        "empty",
        "placeholder",
        None,
    ]


def test_prepare_records_prefers_the_field_to_the_narrative() -> None:
    columns = {
        Role.TITLE: ["baker", "n/a", "n/a"],
        Role.NARRATIVE: ["A roofer fell.", "A roofer fell.", "He fell."],
    }
    got = prepare_records(columns, "isco-08")
    assert [p.main for p in got] == ["baker", "roofer", ""]
    assert got[2].absent == "names no occupation"


def test_prepare_records_activity_and_context() -> None:
    text = "Employee #1, a laborer employed by a roofing contractor, fell."
    isic = prepare_records({Role.NARRATIVE: [text]}, "isic-4")[0]
    assert (isic.main, isic.context) == ("roofing contractor", "laborer")
    isco = prepare_records({Role.NARRATIVE: [text]}, "isco-08")[0]
    assert (isco.main, isco.context) == ("laborer", "roofing contractor")
    assert prepare_records({Role.NARRATIVE: ["He fell."]}, "isic-4")[0].absent == (
        "names no activity"
    )


def test_is_title() -> None:
    assert is_title("Assistant, grocery: filling shelf")
    assert not is_title("fell off ladder")
    assert not is_title("one two three four five six seven eight nine")


@pytest.mark.parametrize(
    ("text", "scheme", "expected"),
    [
        ("Teacher", "isco-08", ("23", 2)),
        ("teachers", "isco-08", ("23", 2)),
        ("Senior Manager", "isco-08", ("1", 1)),
        ("worker", "isco-08", (None, 0)),
        ("worker", "isco-88", (None, 0)),
        ("Driver", "isco-08", ("83", 2)),
        ("factory", "isic-4", ("C", 1)),
        ("business", "isic-4", (None, 0)),
        ("primary school teacher", "isco-08", None),
        ("roofer", "isco-08", None),
        ("", "isco-08", None),
        ("worker", "body-part", None),
    ],
)
def test_vagueness(text: str, scheme: str, expected: tuple[str | None, int] | None) -> None:
    found = vagueness(text, scheme)
    assert (None if found is None else (found.code, found.level)) == expected


def test_vague_table_names_codes_of_the_scheme() -> None:
    with shipped("training_data", "evidence", "vague.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            assert row["missing"]
            if row["code"]:
                assert load_scheme(row["scheme"])[row["code"]].level == int(row["level"])
            else:
                assert row["level"] == "0"
