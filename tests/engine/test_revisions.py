"""Revisions beside the current schemes: merges, splits, what neither decides, and a made-up one."""

from __future__ import annotations

import pickle
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from coder import Coder
from coder.decide import Policy, decide
from coder.decide.policy import EVERYONE, Group, Rule
from coder.engine.revisions import derive
from coder.engine.signals import see
from coder.errors import PolicyError, SchemeError
from coder.model.probabilities import Probabilities
from coder.schemes import read_revision
from coder.text import Role
from tests.schemes.made_up import NAME, made_up

TITLES = [
    "flame cutter",
    "gas welder",
    "welding robot operator",
    "blacksmith",
    "shop assistant",
    "n/a",
]
PROBABLE = 0.5


@lru_cache(maxsize=1)
def engine() -> Coder:
    return Coder.load(schemes=["isco-08", "isco-88", "isic-3", "isic-3.1", "isic-5"])


def bold(policy: Policy) -> Policy:
    """The same policy, daring codes of the finest level from PROBABLE on, and none coarser."""
    levels = {4: Rule(PROBABLE, 1, 1.0, 1.0, 1.0)}
    return replace(policy, groups={EVERYONE: Group(1, levels)})


def daring(base: Coder, folder: Path) -> Coder:
    """An engine of isco-08 and the made-up revision under a bold policy."""
    model, policy = base._models["isco-08"], bold(base._policies["isco-08"])
    one = derive(read_revision(folder), model.hash, policy)
    return Coder({"isco-08": model}, {"isco-08": policy}, {NAME: one}, ["isco-08", NAME])


def test_each_revision_has_decisions_of_its_own() -> None:
    table = pa.table({"job_title": ["nurse", "welder"], "industry": ["hospital", "shipyard"]})
    out = engine().code_table(table)
    for name in engine().schemes:
        scheme = engine().scheme(name)
        assert scheme.name == name
        for cell in out[f"{name}_suggestions"].to_pylist():
            assert all(pair.split(":")[0] in scheme.leaves for pair in cell.split("|"))
        codes = [code for code in out[f"{name}_code"].to_pylist() if code]
        assert all(code in scheme for code in codes)


def test_a_code_with_one_counterpart_keeps_its_probability() -> None:
    # ISCO-08 7212 is ISCO-88 7212 and nothing else, in both directions
    (old,) = [s for s in engine().suggest("welder", "isco-88") if s.code == "7212"]
    (new,) = [s for s in engine().suggest("welder", "isco-08") if s.code == "7212"]
    assert old.probability == pytest.approx(new.probability, abs=1e-6)
    assert "welder" in old.evidence


def test_probabilities_are_moved_and_not_made() -> None:
    for name, base in (("isco-88", "isco-08"), ("isic-3.1", "isic-4")):
        table = pa.table({"job_title": TITLES, "industry": TITLES})
        p, _ = engine().probabilities(table, name)
        before = engine()._derived[name]
        q = see({Role.TITLE: TITLES, Role.INDUSTRY: TITLES}, engine()._models[base]).probabilities
        held = np.array([bool(before.links[code]) for code in q.codes])
        kept = q.values[:, held].sum(axis=1)
        assert p.values.sum(axis=1) == pytest.approx(kept, abs=1e-4)


def test_one_record_is_coded_as_in_a_table() -> None:
    records = [{"job_title": t, "industry": "retail of books"} for t in TITLES]
    table = pa.Table.from_pylist(records)
    together = engine().code_table(table)
    for i, record in enumerate(records):
        alone = engine().code_table(table.slice(i, 1))
        assert alone.equals(together.slice(i, 1))
        for name, one in engine().code(record).items():
            assert one.code == together[f"{name}_code"][i].as_py()
            assert one.status == together[f"{name}_status"][i].as_py()


def test_a_revision_without_its_base_says_the_same() -> None:
    alone = Coder.load(schemes=["isco-88"])
    table = pa.table({"job_title": TITLES})
    assert alone.schemes == ("isco-88",)
    both = engine().code_table(table, ["isco-08", "isco-88"])
    for column in alone.code_table(table).column_names[1:]:
        assert alone.code_table(table)[column].equals(both[column]), column
    with pytest.raises(SchemeError, match="no model for isco-08 is loaded"):
        alone.code("welder", ["isco-08"])


def test_a_made_up_revision_with_splits_and_merges(tmp_path: Path) -> None:
    coder = daring(engine(), made_up(tmp_path))
    found = {t: coder.code({"job_title": t}) for t in TITLES}
    # settled by the text, among the two codes that welders became
    assert found["gas welder"][NAME].code == "9001"
    assert found["welding robot operator"][NAME].code in ("9002", None)
    # merged: smiths keep what they had
    smith = found["blacksmith"]["isco-08"]
    assert smith.code in ("7221", None)
    # not settled: for review, with the codes of the split and no others
    plain = found["flame cutter"]
    assert plain["isco-08"].code == "7212"
    assert plain[NAME].status == "review"
    assert set(plain[NAME].candidates) == {"9001", "9002"}
    assert plain[NAME].sure_part == "900"
    assert plain[NAME].reason is not None
    assert "7212 of isco-08 may be 9001, 9002" in plain[NAME].reason
    assert found["n/a"][NAME].status == "uncodable"


def test_a_merge_adds_up(tmp_path: Path) -> None:
    one = daring(engine(), made_up(tmp_path))._derived[NAME]
    base = see({Role.TITLE: ["sheet metal worker"]}, engine()._models["isco-08"])
    seen = one.read(base)
    p, q = base.probabilities, seen.probabilities
    both = p.values[0, p.column["7213"]] + p.values[0, p.column["7214"]]
    assert q.values[0, q.column["9003"]] == pytest.approx(float(both), abs=1e-6)


def test_what_has_no_counterpart_goes_to_a_person(tmp_path: Path) -> None:
    coder = daring(engine(), made_up(tmp_path))
    nurse = coder.code({"job_title": "nurse"})
    assert nurse["isco-08"].code == "2221"
    assert nurse[NAME].status == "review"
    assert nurse[NAME].reason is not None
    assert nurse[NAME].reason.endswith("2221 of isco-08 has no counterpart")


def test_unchecked_links_are_never_automatic() -> None:
    base = engine()._derived["isic-5"]
    model = engine()._models["isic-4"]
    one = derive(base.revision, model.hash, bold(engine()._policies["isic-4"]))
    seen = see({Role.INDUSTRY: ["brewery", "growing of rice"]}, model)
    values = np.zeros((2, len(seen.probabilities.codes)), np.float32)
    for row, code in enumerate(("1103", "0112")):
        values[row, seen.probabilities.column[code]] = 1.0
    sure = replace(
        seen, probabilities=Probabilities(model.scheme, seen.probabilities.codes, values)
    )
    first = decide(sure.probabilities, bold(engine()._policies["isic-4"]))
    out = one.decide(one.read(sure), sure.probabilities, first)
    assert out.status.tolist() == ["review", "auto"]
    assert set(out.candidates[0]) == {"1103", "1104"}
    assert out.code[1] == "0112"


def test_the_command_takes_the_folder_like_a_model(tmp_path: Path) -> None:
    coder = Coder.load(models={NAME: made_up(tmp_path)}, schemes=["isco-08", NAME])
    assert coder.scheme(NAME).leaves == ("9001", "9002", "9003", "9501")
    assert coder.manifest()["models"][NAME]["derived_from"] == "isco-08"
    assert coder.suggest("shop assistant", NAME)[0].code == "9501"
    assert pickle.loads(pickle.dumps(coder)).suggest("gas welder", NAME)[0].code == "9001"


def test_a_policy_of_ones_own_must_fit_the_revision(tmp_path: Path) -> None:
    one = engine()._derived["isco-88"]
    path = tmp_path / "policy.json"
    one.policy.save(path)
    assert Coder.load(schemes=["isco-88"], policies=[path])._derived["isco-88"].policy
    replace(one.policy, model="other").save(path)
    with pytest.raises(PolicyError, match="not for"):
        Coder.load(schemes=["isco-88"], policies=[path])


def test_a_table_without_rows_has_the_columns_of_one_with_rows() -> None:
    empty = pa.table(
        {"job_title": pa.array([], pa.string()), "industry": pa.array([], pa.string())}
    )
    filled = pa.table({"job_title": ["welder"], "industry": ["shipyard"]})
    out = engine().code_table(empty)
    assert out.num_rows == 0
    assert out.schema == engine().code_table(filled).schema
