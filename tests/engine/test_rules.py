"""Schemes coded by rules: reachable by name, the same decisions, and no accuracy that is proven."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from coder import Coder
from coder.batch.columns import FACT_COLUMNS
from coder.engine import SHIPPED
from coder.engine.facts import FACTS, columns_of_facts, facts_table
from coder.engine.rules import RULES
from coder.errors import InputError, PolicyError, SchemeError

TOKEN = "ZXQTOKEN"


@pytest.fixture(scope="module")
def engine() -> Coder:
    return Coder.load(schemes=list(RULES))


def test_rules_are_no_part_of_what_is_loaded_by_default() -> None:
    assert not set(RULES) & set(SHIPPED)


def test_a_number_of_workers_is_coded(engine: Coder) -> None:
    found = engine.code({"employees": "12"}, ["size-class"])["size-class"]
    assert (found.status, found.code, found.level) == ("auto", "3", 1)
    assert found.confidence == pytest.approx(0.99)
    assert found.suggestions[0].evidence == ("12",)


def test_what_is_stated_below_the_target_goes_to_a_person_with_its_words(engine: Coder) -> None:
    found = engine.code("He fell from a ladder.", ["deviation"])["deviation"]
    assert (found.status, found.suggestions[0].code) == ("review", "50")
    assert found.suggestions[0].evidence == ("fell from",)
    lower = Coder.load(schemes=["deviation"], target_accuracy=0.80)
    assert lower.code("He fell from a ladder.")["deviation"].code == "50"


def test_a_coarse_status_is_coded_at_its_level(engine: Coder) -> None:
    found = engine.code({"employment_status": "employee"}, ["icse-18", "icse-93"])
    assert (found["icse-18"].code, found["icse-18"].level) == ("D", 1)
    assert (found["icse-93"].code, found["icse-93"].status) == ("1", "auto")


@pytest.mark.parametrize("scheme", RULES)
def test_a_text_that_says_nothing_is_uncodable(engine: Coder, scheme: str) -> None:
    assert engine.code("n/a", [scheme])[scheme].status == "uncodable"


def test_one_record_and_a_table_get_the_same_answer(engine: Coder) -> None:
    texts = ["He fell from a ladder.", "Lifting a crate he strained his back.", "", "Gas leaked."]
    table = engine.code_table(pa.table({"narrative": texts}), ["deviation", "location"])
    for i, text in enumerate(texts):
        alone = engine.code({"narrative": text}, ["deviation"])["deviation"]
        assert table["deviation_status"][i].as_py() == alone.status
        assert table["deviation_confidence"][i].as_py() == pytest.approx(alone.confidence)


def test_rules_say_in_the_manifest_that_nothing_is_proven(engine: Coder) -> None:
    manifest = engine.manifest()
    assert "not measured" in manifest["models"]["size-class"]["rules"]
    assert manifest["policies"]["size-class"]["promised_share"] == 0


def test_a_policy_tuned_on_rules_is_used_and_one_of_other_rules_refused(
    engine: Coder, tmp_path: Path
) -> None:
    policy = engine._rules["size-class"].policy
    path = tmp_path / "policy.json"
    policy.save(path)
    assert Coder.load(schemes=["size-class"], policies=[path]).code({"size": "7"})
    replace(policy, by="region").save(path)
    assert Coder.load(schemes=["size-class"], policies=[path]).group_columns == ("region",)
    text = path.read_text().replace(policy.model, "0" * 64)
    path.write_text(text)
    with pytest.raises(PolicyError, match="made for the model 000000000000"):
        Coder.load(schemes=["size-class"], policies=[path])


def test_a_scheme_that_is_not_loaded_is_an_error(engine: Coder) -> None:
    with pytest.raises(SchemeError, match="no model for body-part is loaded"):
        engine.code("text", ["body-part"])


def test_the_documented_fact_columns_are_the_ones_made() -> None:
    assert [(c.name, c.type) for c in FACT_COLUMNS] == list(
        zip(FACTS.names, FACTS.types, strict=True)
    )


def test_facts_come_from_columns_and_text() -> None:
    table = pa.table(
        {
            "narrative": ["Hit by a car while cycling to work.", "He was killed.", "n/a"],
            "accident_date": ["2024-03-01", "2024-03-01", None],
            "return_date": ["2024-03-05", "", ""],
        }
    )
    found = facts_table(table)
    assert found["commuting"].to_pylist() == ["yes", "no", None]
    assert found["fatal"].to_pylist() == ["no", "yes", None]
    assert found["days_lost"].to_pylist() == [3, None, None]
    assert found["persons_injured"].to_pylist() == [1, 1, None]


def test_facts_need_a_narrative() -> None:
    with pytest.raises(InputError, match="no usable text column"):
        columns_of_facts(["id", "job_title", "tasks", "accident_date"])


def test_no_narrative_in_an_error() -> None:
    bad = pa.table({"job_title": [TOKEN], "tasks": [TOKEN], "accident_date": [TOKEN]})
    with pytest.raises(InputError) as error:
        facts_table(bad)
    assert TOKEN not in error.value.message
    told = facts_table(pa.table({"narrative": [TOKEN], "accident_date": [TOKEN]}))
    assert TOKEN not in str(told["facts_review"].to_pylist())
