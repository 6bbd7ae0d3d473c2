"""Policies as files."""

import json
from pathlib import Path

import pytest

from coder.decide import Policy, PolicySet, load_policies, one_of_each, tune
from coder.errors import PolicyError
from coder.schemes import load_scheme
from tests.decide.helpers import sample, tree


@pytest.fixture(scope="module")
def made() -> list[Policy]:
    p, codes = sample(tree(), 600, 1, sharpness=6)
    groups = ["a"] * 300 + ["b"] * 290 + ["c"] * 10
    first = tune(p, codes, 0.9, model="abc", groups=groups, by="source").policy
    return [first, tune(p, codes, 0.8, model="abc").policy]


def test_a_policy_survives_its_file(made: list[Policy], tmp_path: Path) -> None:
    for policy in made:
        policy.save(tmp_path / "p.json")
        assert Policy.load(tmp_path / "p.json") == policy
        first = (tmp_path / "p.json").read_bytes()
        Policy.load(tmp_path / "p.json").save(tmp_path / "p.json")
        assert (tmp_path / "p.json").read_bytes() == first


def test_a_set_of_policies(made: list[Policy], tmp_path: Path) -> None:
    one_of_each(made).save(tmp_path / "policies.json")
    found = load_policies(tmp_path / "policies.json")
    assert found.targets == (0.8, 0.9)
    assert found.for_target(0.9) == made[0]
    with pytest.raises(PolicyError, match=r"0\.95; there are: 0\.8, 0\.9"):
        found.for_target(0.95)
    with pytest.raises(PolicyError, match="same target"):
        one_of_each([made[0], made[0]])


def test_a_single_policy_is_a_set_of_one(made: list[Policy], tmp_path: Path) -> None:
    made[1].save(tmp_path / "p.json")
    assert load_policies(tmp_path / "p.json") == PolicySet((made[1],))


def test_another_model_or_scheme_is_refused(made: list[Policy]) -> None:
    made[0].check(tree(), "abc")
    with pytest.raises(PolicyError, match="made for the model abc, not for xyz"):
        made[0].check(tree(), "xyz")
    with pytest.raises(PolicyError, match=r"made for tree .* not for body-part"):
        made[0].check(load_scheme("body-part"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a policy"),
        ("{}", "no format number"),
        ('{"format": 99}', "format 99"),
        ('{"format": 1}', "lacks 'scheme'"),
        ('{"format": 1, "policies": []}', "holds no policy"),
        ('{"format": 1, "policies": [3]}', "no format number"),
    ],
)
def test_broken_files(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(PolicyError, match=message):
        load_policies(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [("target_accuracy", 7), ("model", None), ("groups", []), ("candidates", 1), ("pooled", 3)],
)
def test_values_of_the_wrong_kind(
    key: str, value: object, made: list[Policy], tmp_path: Path
) -> None:
    data = made[0].as_dict() | {key: value}
    path = tmp_path / "p.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(PolicyError, match="damaged"):
        Policy.load(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="No such file"):
        Policy.load(tmp_path / "none.json")
