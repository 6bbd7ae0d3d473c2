"""From gold to a policy: the rules for gold, groups and levels."""

import numpy as np
import pytest

from coder.decide import Gold, Signals, Status, decide, tune
from coder.decide.tuning import alphas
from coder.errors import InputError, PolicyError
from coder.schemes import load_scheme
from tests.decide.helpers import rows, sample, tree


def test_the_levels_share_the_error_that_is_allowed() -> None:
    for levels in ([1], [1, 2], [1, 2, 3, 4], [2, 4]):
        shares = alphas(levels, 0.95)
        assert sum(shares.values()) == pytest.approx(0.05)
        assert set(shares) == set(levels)
        assert max(shares, key=lambda level: (shares[level], level)) == max(levels)


def test_the_policy_keeps_its_promise_on_new_records() -> None:
    scheme = load_scheme("body-part")
    p, codes = sample(scheme, 3000, 1)
    policy = tune(p, codes, 0.9).policy
    new, truth = sample(scheme, 3000, 2)
    done = decide(new, policy)
    auto = np.flatnonzero(done.status == Status.AUTO)
    right = [scheme.ancestor(truth[i], int(done.level[i])) == done.code[i] for i in auto]
    assert np.mean(right) >= 0.9
    assert len(auto) / 3000 == pytest.approx(policy.promised_share, abs=0.03)


def test_what_the_policy_reports_is_what_decide_does_to_the_gold() -> None:
    scheme = load_scheme("injury-type")
    p, codes = sample(scheme, 2000, 3, sharpness=2.0)
    result = tune(p, codes, 0.85)
    done = decide(p, result.policy)
    levels = result.policy.groups["*"].levels
    assert set(levels) == {1, 2}
    fine = levels[2]
    assert fine is not None
    assert fine.accuracy >= fine.lower_bound >= 0.85
    sure = p.at_level(2).values.max(1) >= fine.threshold
    assert sure.sum() == fine.n
    assert set(done.status[sure]) == {Status.AUTO}
    assert (done.status == Status.AUTO).mean() == pytest.approx(result.policy.promised_share)


def test_two_gold_codes_count_as_right_if_either_is_met() -> None:
    gold = Gold.of(tree(), [{"A1", "B1"}, "A1", {"A1", "A2"}])
    best = np.array([3, 3, 1])  # B1, B1, A2
    right, counted = gold.agreement(2, tree().leaves, best)
    assert right.tolist() == [True, False, True]
    assert counted.all()


def test_a_coarse_gold_code_counts_only_where_it_reaches() -> None:
    gold = Gold.of(tree(), ["A", "C", {"A", "B1"}, "A2"])
    best = np.zeros(4, np.intp)
    assert gold.agreement(2, tree().leaves, best)[1].tolist() == [False, True, False, True]
    right, counted = gold.agreement(1, ("A", "B", "C"), best)
    assert counted.all()
    assert right.tolist() == [True, False, True, True]


def test_a_gold_code_not_in_the_scheme_is_named_with_its_place() -> None:
    with pytest.raises(InputError, match=r"gold row 2: tree has no code 'Z9'"):
        Gold.of(tree(), ["A1", "Z9"])
    with pytest.raises(InputError, match=r"g\.csv row 7: tree has no code 'Z9'"):
        Gold.of(tree(), ["Z9"], ["g.csv row 7"])
    with pytest.raises(InputError, match="gold row 1 has no code"):
        Gold.of(tree(), [frozenset()])


def test_codes_are_read_as_spreadsheets_leave_them() -> None:
    gold = Gold.of(load_scheme("injury-type"), ["8.1", " 2.1 "])
    assert gold.kinds == (frozenset({"8.01"}), frozenset({"2.1"}))


def test_small_gold_is_refused() -> None:
    p, codes = sample(tree(), 99, 1)
    with pytest.raises(InputError, match="99 usable records; at least 100"):
        tune(p, codes)


@pytest.mark.parametrize(
    "settings",
    [{"target": 1.0}, {"confidence": 0.3}, {"levels": [3]}, {"minimum_level": 3}, {"by": "x"}],
)
def test_settings_without_meaning_are_refused(settings: dict[str, object]) -> None:
    p, codes = sample(tree(), 100, 1)
    with pytest.raises(PolicyError):
        tune(p, codes, **settings)  # type: ignore[arg-type]  # wrong on purpose


def test_a_target_out_of_reach_sends_everything_to_review_and_says_so() -> None:
    rng = np.random.default_rng(0)
    p, _ = sample(tree(), 500, 1)
    guesses = [tree().leaves[i] for i in rng.integers(6, size=500)]
    result = tune(p, guesses, 0.95)
    assert set(result.policy.groups["*"].levels.values()) == {None}
    assert result.policy.promised_share == 0
    assert any("no threshold can be promised" in remark for remark in result.remarks)
    assert set(decide(p, result.policy).status) == {Status.REVIEW}


def test_groups_have_their_own_thresholds() -> None:
    p, codes = sample(tree(), 4000, 1)
    rng = np.random.default_rng(1)
    groups = np.where(np.arange(4000) % 2, "good", "bad").tolist()
    # the second survey's coders are right three times of four at best
    codes = [
        code if group == "good" or rng.random() < 0.75 else "C"
        for code, group in zip(codes, groups, strict=True)
    ]
    policy = tune(p, codes, 0.9, groups=groups, by="survey").policy
    assert policy.groups["good"].share > 0.3
    assert policy.groups["bad"].share == 0
    done = decide(p, policy, groups=groups)
    assert set(done.status[np.array(groups) == "bad"]) == {Status.REVIEW}


def test_small_groups_are_judged_together_and_unknown_ones_go_to_review() -> None:
    p, codes = sample(tree(), 1000, 1, sharpness=6)
    groups = ["large"] * 700 + [f"small {i % 5}" for i in range(300)]
    result = tune(p, codes, 0.9, groups=groups, by="source")
    assert set(result.policy.groups) == {"large", "*"}
    assert result.policy.groups["*"].n == 300
    assert result.policy.pooled == tuple(f"small {i}" for i in range(5))
    assert any("judged together" in remark for remark in result.remarks)
    assert "auto" in decide(p, result.policy, groups=["small 3"] * 1000).status
    assert set(decide(p, result.policy, groups=["new"] * 1000).status) == {Status.REVIEW}


def test_small_groups_too_few_even_together() -> None:
    p, codes = sample(tree(), 500, 1, sharpness=6)
    groups = ["large"] * 450 + ["small"] * 50
    policy = tune(p, codes, 0.9, groups=groups, by="source").policy
    assert set(decide(p, policy, groups=["small"] * 500).status) == {Status.REVIEW}


def test_records_that_are_never_automatic_are_not_counted_as_such() -> None:
    p, codes = sample(tree(), 1000, 1, sharpness=6)
    conflict = np.arange(1000) < 500
    signals = Signals([None] * 1000, np.zeros(1000), conflict, np.zeros(1000, np.bool_))
    codes = ["C" if bad else code for bad, code in zip(conflict, codes, strict=True)]
    policy = tune(p, codes, 0.9, signals=signals).policy
    assert 0.3 < policy.promised_share <= 0.5


def test_only_the_levels_asked_for() -> None:
    p, codes = sample(tree(), 500, 1, sharpness=6)
    policy = tune(p, codes, 0.8, levels=[1]).policy
    assert set(policy.groups["*"].levels) == {1}
    assert set(decide(p, policy).code) <= {"A", "B", "C", None}


def test_coarse_gold_still_tunes_the_coarse_level() -> None:
    p, codes = sample(tree(), 600, 1, sharpness=6)
    codes = [tree().ancestor(code, 1) for code in codes]
    result = tune(p, codes, 0.8)
    coarse = result.policy.groups["*"].levels[1]
    assert coarse is not None
    assert any("coarser than level 2" in remark for remark in result.remarks)


def test_the_curve_falls_into_place() -> None:
    p, codes = sample(tree(), 1000, 1)
    for level in (1, 2):
        points = [point for point in tune(p, codes).curve if point.level == level]
        assert [point.n for point in points] == sorted({point.n for point in points})
        last = points[-1]
        assert last.share == pytest.approx(last.n / 1000)
        assert all(point.low <= point.accuracy <= point.high for point in points)


def test_the_order_of_the_gold_changes_no_threshold() -> None:
    p, codes = sample(tree(), 800, 4)
    order = np.random.default_rng(0).permutation(800)
    turned = tune(p.take(order), [codes[i] for i in order]).policy
    assert turned.groups == tune(p, codes).policy.groups


def test_probabilities_and_gold_must_match() -> None:
    with pytest.raises(InputError, match="must be as many"):
        tune(rows({"A1": 1.0}), ["A1", "A2"])


def test_a_level_that_has_nothing_left_to_code_is_no_remark() -> None:
    rng = np.random.default_rng(0)
    best = [tree().leaves[i] for i in rng.integers(6, size=400)]
    result = tune(rows(*({code: 1.0} for code in best)), best, 0.9)
    assert result.policy.promised_share == 1
    assert result.remarks == ()
