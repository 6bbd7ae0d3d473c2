"""The engine's face: one record, a table, and the rules beside the model."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pytest

from coder import Coder
from coder.engine import SHIPPED
from coder.engine.loading import nothing_automatic
from coder.errors import InputError, ModelError, PolicyError, SchemeError
from tests.model.helpers import shipped_encoder, trained


@lru_cache(maxsize=1)
def engine() -> Coder:
    return Coder.load()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    model, _ = trained()
    model.save(tmp_path / "animals", "card")
    return tmp_path / "animals"


def cases(**columns: list[str | None]) -> pa.Table:
    return pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})


def test_a_lone_text_serves_all_schemes() -> None:
    found = engine().code("roofer fell from a ladder and broke his left wrist")
    assert set(found) == set(SHIPPED)
    part, kind = found["body-part"], found["injury-type"]
    assert part.suggestions[0].code == "5.3"
    assert part.side == "2"
    assert kind.suggestions[0].code.startswith("2.")
    assert found["isco-08"].suggestions[0].code == "7121"


def test_a_misspelled_title_is_read_as_what_it_means() -> None:
    best = engine().suggest("electrisian", "isco-08")[0]
    assert best.code in {"7411", "7412"}
    found = {one.code: one for one in engine().suggest("teecher primary skool", "isco-08")}
    assert "index: Teacher, primary school" in found["2341"].evidence
    assert not any("index" in words for words in found["2342"].evidence)


@pytest.mark.parametrize("text", ["", "  ", "n/a", "idem", "???", "-"])
def test_nothing_to_say_is_uncodable_everywhere(text: str) -> None:
    record = {"narrative": text, "job_title": text, "industry": text}
    for decision in engine().code(record).values():
        assert decision.status == "uncodable"
        assert decision.code is None
        assert decision.suggestions == ()
        assert decision.confidence == 0


@pytest.mark.parametrize("text", ["worker", "teacher", "engineer", "supervisor"])
def test_a_vague_title_gets_no_unit_group(text: str) -> None:
    decision = engine().code({"job_title": text}, ["isco-08"])["isco-08"]
    assert decision.level is None or decision.level < 4


def test_a_narrative_without_an_occupation_gets_no_isco_code() -> None:
    decision = engine().code({"narrative": "slipped on ice and hurt his knee"}, ["isco-08"])
    assert decision["isco-08"].status == "uncodable"


def test_a_diagnosis_code_is_evidence() -> None:
    table = cases(narrative=["hurt at work", ""], diagnosis=["S62.6", "T26.1"])
    p, signals = engine().probabilities(table, "body-part")
    assert [p.codes[c] for c in p.values.argmax(axis=1)] == ["5.6", "1.3"]
    assert signals.absent == [None, None]


def test_a_diagnosis_that_contradicts_the_text_is_a_conflict() -> None:
    record = {"narrative": "fractured his left ankle when he fell", "diagnosis": "S05.1"}
    decision = engine().code(record, ["body-part"])["body-part"]
    assert decision.status == "review"
    assert decision.reason is not None
    assert decision.reason.startswith("conflict")


def test_the_table_is_pure_and_agrees_with_single_records() -> None:
    texts = ["cut his thumb with a knife", "n/a", "burnt both hands on hot oil", "cut his thumb"]
    table = cases(id=["a", "b", "c", "d"], narrative=texts)
    coded = engine().code_table(table, ["body-part", "injury-type"])
    assert coded.select(["id", "narrative"]).equals(table)
    assert coded.equals(engine().code_table(table, ["body-part", "injury-type"]))
    turned = engine().code_table(table.take([3, 2, 1, 0]), ["body-part", "injury-type"])
    assert coded.equals(turned.take([3, 2, 1, 0]).combine_chunks())
    for row, text in enumerate(texts):
        one = engine().code({"narrative": text}, ["body-part"])["body-part"]
        assert coded["body-part_status"][row].as_py() == one.status
        assert coded["body-part_code"][row].as_py() == one.code
        assert coded["body-part_confidence"][row].as_py() == one.confidence
    assert coded["body-part_side"].to_pylist() == [None, None, "3", None]


def test_columns_are_those_of_the_file_contract() -> None:
    coded = engine().code_table(cases(job_title=["welder", None]), ["isco-08"])
    kept = ["code", "title", "level", "confidence", "status", "suggestions"]
    names = [*kept, "reason", "candidates", "evidence"]
    assert coded.column_names == ["job_title", *(f"isco-08_{name}" for name in names)]
    first = coded["isco-08_suggestions"][0].as_py().split("|")
    assert len(first) == 5
    assert first[0].startswith("7212:0.")
    values = [float(one.split(":")[1]) for one in first]
    assert values == sorted(values, reverse=True)


def test_redaction_masks_the_table_that_comes_back() -> None:
    token = "jane.planted@example.org"
    table = cases(narrative=[f"contact {token}, she cut her hand"])
    coded = engine().code_table(table, ["body-part"], redact=True)
    assert token not in str(coded.to_pydict())


def test_codes_that_do_not_go_together_go_to_a_person() -> None:
    record = {"job_title": "subsistence rice farmer", "industry": "commercial bank branch"}
    found = engine().code(record, ["isco-08", "isic-4"])
    assert not all(one.status == "auto" and one.level == 4 for one in found.values())


def test_a_table_without_text_says_what_there_is() -> None:
    with pytest.raises(InputError, match="age"):
        engine().code_table(cases(age=["4"], year=["2020"]), ["body-part"])
    both = pa.Table.from_arrays([pa.array(["x"]), pa.array(["y"])], ["narrative", "narrative"])
    with pytest.raises(InputError, match="twice"):
        engine().code_table(both, ["body-part"])


def test_names_that_are_not_loaded() -> None:
    with pytest.raises(SchemeError, match="shipped: "):
        Coder.load(schemes=["nace-9"])
    with pytest.raises(SchemeError, match="loaded: "):
        engine().suggest("welder", "isco-88")
    with pytest.raises(ModelError, match="no folder"):
        Coder.load(models={"mine": "nowhere"}, schemes=["mine"])


def test_an_own_model_without_policy_leaves_all_to_people(own: Path) -> None:
    mine = Coder.load(models={"animals": own}, schemes=["animals"])
    decision = mine.code("a puppy with a bone", ["animals"])["animals"]
    assert decision.status == "review"
    assert decision.candidates[0] == "11"
    assert mine.manifest()["policies"]["animals"]["promised_share"] == 0


def test_a_policy_of_another_scheme_is_refused(own: Path) -> None:
    model, _ = trained()
    nothing_automatic(model, 0.9).save(own.parent / "policy.json")
    with pytest.raises(PolicyError, match="not coded here"):
        Coder.load(schemes=["body-part"], policies=[own.parent / "policy.json"])


def test_a_policy_by_group_holds_for_single_records_too(own: Path) -> None:
    model, _ = trained()
    by_zoo = replace(nothing_automatic(model, 0.9), by="zoo")
    by_zoo.save(own.parent / "policy.json")
    mine = Coder.load({"animals": own}, [own.parent / "policy.json"], ["animals"])
    record = {"description": "a puppy with a bone", "zoo": "north"}
    table = cases(**{name: [cell] for name, cell in record.items()})
    one = mine.code(record, ["animals"])["animals"]
    assert (
        one.status == mine.code_table(table, ["animals"])["animals_status"][0].as_py() == "review"
    )
    assert mine.group_columns == ("zoo",)


def test_an_encoder_that_travels_carries_no_text() -> None:
    encoder = shipped_encoder()
    encoder.encode(["planted token xq7"])
    assert b"xq7" not in pickle.dumps(encoder)


def test_importing_coder_loads_neither_torch_nor_a_web_framework() -> None:
    code = (
        "import sys, coder; coder.Coder; "
        "print([m for m in ('torch', 'fastapi', 'sklearn', 'scipy.stats') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
