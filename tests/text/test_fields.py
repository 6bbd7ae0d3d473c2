"""Which columns are read for which scheme, and what a model reads of them."""

from __future__ import annotations

import pytest

from coder.errors import InputError
from coder.text import Prepared, Role, nothing_to_say, prepare, resolve_fields, role_of

FULL = ["ID", "Event Date", "Job Title", "duties", "INDUSTRY", "narrative_1", "ICD10", "Naics Code"]


@pytest.mark.parametrize(
    ("column", "role"),
    [
        ("job_title", Role.TITLE),
        ("JobTitle", Role.TITLE),
        ("Occupation", Role.TITLE),
        ("occ_title", Role.TITLE),
        ("tasks", Role.TASKS),
        ("duties", Role.TASKS),
        ("employer_activity", Role.INDUSTRY),
        ("NAICS title", Role.INDUSTRY),
        ("Abstract Text", Role.NARRATIVE),
        ("event_description", Role.NARRATIVE),
        ("Narrative_1", Role.NARRATIVE),
        ("ICD-10", Role.DIAGNOSIS),
        ("OCCUPATION_CD", None),
        ("mine_id", None),
    ],
)
def test_roles_by_name(column: str, role: Role | None) -> None:
    assert role_of(column) is role


def test_every_scheme_finds_its_columns() -> None:
    injury = resolve_fields(FULL, "body-part")
    assert injury.columns == {Role.NARRATIVE: ("narrative_1",), Role.DIAGNOSIS: ("ICD10",)}
    work = resolve_fields(FULL, "isco-08")
    assert work.columns[Role.TITLE] == ("Job Title",)
    assert work.columns[Role.TASKS] == ("duties",)
    assert work.columns[Role.INDUSTRY] == ("INDUSTRY",)
    industry = resolve_fields(FULL, "isic-4")
    assert industry.columns[Role.INDUSTRY] == ("INDUSTRY",)
    assert not work.lone


@pytest.mark.parametrize("scheme", ["injury-type", "isco-08", "isic-4", "my-scheme"])
def test_a_lone_text_column_serves_all(scheme: str) -> None:
    found = resolve_fields(["case_id", "CaseId", "what was said"], scheme)
    assert found.names == ("what was said",)


def test_no_usable_column_lists_what_was_found() -> None:
    with pytest.raises(InputError) as caught:
        resolve_fields(["id", "job_title", "industry"], "body-part")
    assert "job_title" in caught.value.message
    assert "--text body-part=" in caught.value.message
    with pytest.raises(InputError):
        resolve_fields(["id", "year", "code"], "isco-08")
    with pytest.raises(InputError):
        resolve_fields([], "isco-08")


def test_override_names_the_main_column_first() -> None:
    found = resolve_fields(["a", "b", "industry"], "isco-08", ["a", "b", "industry"])
    assert found.columns == {Role.TITLE: ("a",), Role.TASKS: ("b",), Role.INDUSTRY: ("industry",)}
    assert resolve_fields(["a"], "body-part", ["a"]).columns == {Role.NARRATIVE: ("a",)}
    with pytest.raises(InputError, match="column 'z'"):
        resolve_fields(["a"], "isco-08", ["z"])


def test_texts_join_the_columns_of_a_role() -> None:
    found = resolve_fields(["a", "b"], "body-part", ["a", "b"])
    assert found.texts({"a": ["x", ""], "b": ["y ", "z"]}) == {Role.NARRATIVE: ["x. y", "z"]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \t\n", "empty"),
        ("\u200b", "empty"),
        ("-", "no words"),
        ("12/3", "no words"),
        ("?", "no words"),
        ("a", "no words"),
        ("N/A", "placeholder"),
        ("Idem.", "placeholder"),
        ("same as above", "placeholder"),
        ("XXX", "placeholder"),
        ("no sabe", "placeholder"),
        ("Néant", "placeholder"),
        ("não se aplica", "placeholder"),
        ("UNKNOWN", "placeholder"),
        ("fell", None),
        ("do carpentry", None),
        ("no guard on the saw", None),
        ("ox", None),
    ],
)
def test_nothing_to_say(text: str, reason: str | None) -> None:
    assert nothing_to_say(text) == reason


def test_prepare_keeps_fields_apart() -> None:
    record = {
        Role.TITLE: "Welder, gas",
        Role.TASKS: "joins pipes",
        Role.INDUSTRY: "ship yard",
        Role.NARRATIVE: "fell off a ladder",
    }
    assert prepare(record, "isco-08") == Prepared("gas welder", "joins pipes ship yard", None)
    assert prepare(record, "isic-4") == Prepared("ship yard", "gas welder joins pipes", None)
    assert prepare(record, "body-part") == Prepared("fell off a ladder", "", None)


def test_prepare_says_why_there_is_nothing() -> None:
    assert prepare({Role.TITLE: "idem", Role.TASKS: "welds pipes"}, "isco-08").main == "welds pipes"
    assert prepare({Role.TITLE: "n/a"}, "isco-08") == Prepared("", "", "placeholder")
    assert prepare({}, "isic-4") == Prepared("", "", "empty")
    assert prepare({Role.NARRATIVE: "?", Role.TITLE: "x"}, "my-scheme").absent == "no words"
    assert prepare({Role.NARRATIVE: "fell", Role.TITLE: "-"}, "my-scheme").main == "fell"
