"""Back-off, reasons and what a clerk is told."""

from dataclasses import replace

import numpy as np
import pytest

from coder.decide import Policy, Reason, Signals, Status, decide, send_to_review
from coder.decide.policy import CandidateRule, Group, Rule
from coder.errors import PolicyError
from coder.schemes import load_scheme
from tests.decide.helpers import rows, sample, tree


def rule(threshold: float) -> Rule:
    return Rule(threshold, 100, 0.5, 0.97, 0.95)


def policy(fine: float | None = 0.8, coarse: float | None = 0.9, **changes: object) -> Policy:
    scheme = tree()
    levels = {2: fine and rule(fine), 1: coarse and rule(coarse)}
    made = Policy(
        scheme="tree",
        scheme_version=scheme.version_hash,
        model="m",
        target_accuracy=0.95,
        confidence=0.95,
        groups={"*": Group(100, levels)},
        candidates=CandidateRule(0.9, 20, 0.2, {}, 100, 0.9, 0.9, 2.0),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields by name


SURE = {"A1": 0.9, "B1": 0.1}
BRANCH = {"A1": 0.5, "A2": 0.45, "B1": 0.05}
SPREAD = {"A1": 0.4, "B1": 0.3, "C": 0.3}


def test_each_record_gets_the_finest_level_that_is_safe() -> None:
    done = decide(rows(SURE, BRANCH, SPREAD, {"C": 0.95, "A1": 0.05}), policy())
    assert done.status.tolist() == [Status.AUTO, Status.AUTO, Status.REVIEW, Status.AUTO]
    assert done.code.tolist() == ["A1", "A", None, "C"]
    assert done.level.tolist() == [2, 1, 0, 1]
    assert done.confidence.tolist() == pytest.approx([0.9, 0.95, 0.4, 0.95])
    assert done.reason[[0, 1, 3]].tolist() == [None] * 3


def test_a_threshold_is_reached_by_what_equals_it() -> None:
    half = {"A1": 0.5, "B1": 0.5}
    assert decide(rows(half), policy(fine=0.5)).status[0] == Status.AUTO
    assert decide(rows(half), policy(fine=0.5001)).status[0] == Status.REVIEW


def test_a_level_without_threshold_is_skipped() -> None:
    done = decide(rows(SURE, BRANCH), policy(fine=None, coarse=0.85))
    assert done.code.tolist() == ["A", "A"]
    assert done.level.tolist() == [1, 1]
    done = decide(rows(SURE, BRANCH), policy(fine=None, coarse=None))
    assert set(done.status) == {Status.REVIEW}


def test_what_is_safe_only_above_the_minimum_level_is_settled_for_the_clerk() -> None:
    done = decide(rows(SURE, BRANCH), policy(minimum_level=2))
    assert done.status.tolist() == [Status.AUTO, Status.REVIEW]
    assert done.sure_part.tolist() == [None, "A"]
    assert done.reason[1] == Reason.CLOSE


def test_candidates_that_share_a_parent_leave_a_part_that_is_sure() -> None:
    done = decide(rows(BRANCH, SPREAD), policy(coarse=None))
    assert done.candidates == [("A1", "A2"), ("A1", "B1", "C")]
    assert done.sure_part.tolist() == ["A", None]


def test_reasons() -> None:
    n = 7
    signals = Signals(
        absent=[None, None, None, None, None, None, "placeholder"],
        novelty=np.array([0, 1.0, 0.6, 0, 0, 0, 1.0]),
        conflict=np.array([1, 0, 0, 0, 0, 0, 0], np.bool_),
        several=np.array([0, 0, 0, 1, 0, 0, 0], np.bool_),
        vague=[None, None, None, None, (2, "level of school"), None, None],
    )
    p = rows(SURE, SURE, *[SPREAD] * (n - 3), SURE)
    done = decide(p, policy(), signals)
    assert done.reason.tolist() == [
        Reason.CONFLICT,
        Reason.UNFAMILIAR,
        Reason.UNFAMILIAR,
        Reason.SEVERAL,
        Reason.VAGUE,
        Reason.CLOSE,
        Reason.NO_TEXT,
    ]
    assert done.detail.tolist() == [None] * 4 + ["level of school"] + [None] * 2
    assert done.status.tolist() == [Status.REVIEW] * 6 + [Status.UNCODABLE]
    assert done.candidates[6] == ()
    assert done.confidence[6] == 0


def test_certainty_on_one_unknown_word_is_never_automatic() -> None:
    signals = replace(Signals.none(1), novelty=np.ones(1))
    done = decide(rows({"A1": 1.0}), policy(), signals)
    assert done.status[0] == Status.REVIEW
    assert done.reason[0] == Reason.UNFAMILIAR


def test_several_injuries_explain_but_do_not_forbid() -> None:
    signals = replace(Signals.none(2), several=np.ones(2, np.bool_))
    done = decide(rows(SURE, SPREAD), policy(), signals)
    assert done.status.tolist() == [Status.AUTO, Status.REVIEW]
    assert done.reason[1] == Reason.SEVERAL


def test_every_record_has_a_status_and_every_review_a_reason_and_candidates() -> None:
    scheme = load_scheme("isco-08")
    p, _ = sample(scheme, 2000, 1)
    made = policy(scheme=scheme.name, scheme_version=scheme.version_hash)
    done = decide(p, made)
    review = done.status == Status.REVIEW
    assert 0 < review.sum() < 2000
    assert all(isinstance(reason, Reason) for reason in done.reason[review])
    assert all(1 <= len(done.candidates[i]) <= 20 for i in np.flatnonzero(review))
    assert all((done.code == None) == review)  # noqa: E711 - elementwise


def test_a_record_is_decided_the_same_way_alone_and_in_a_table() -> None:
    p, _ = sample(tree(), 200, 1)
    together = decide(p, policy())
    for i in range(200):
        alone = decide(p.take(np.array([i])), policy())
        for column in ("status", "code", "level", "confidence", "reason", "sure_part"):
            assert getattr(alone, column)[0] == getattr(together, column)[i]
        assert alone.candidates[0] == together.candidates[i]


def test_no_records_are_no_problem() -> None:
    assert len(decide(rows(), policy())) == 0


def test_a_policy_for_another_scheme_version_is_refused() -> None:
    with pytest.raises(PolicyError, match="made for tree"):
        decide(rows(SURE), policy(scheme_version="0" * 64))


def test_a_policy_per_group_needs_the_groups() -> None:
    with pytest.raises(PolicyError, match="column survey"):
        decide(rows(SURE), policy(by="survey"))


def test_decisions_can_be_taken_back() -> None:
    p = rows(SURE, SURE, SPREAD)
    done = decide(p, policy())
    back = send_to_review(
        done, np.array([1, 2]), Reason.INCONSISTENT, ["no joint there", "x"], p, policy()
    )
    assert back.status.tolist() == [Status.AUTO, Status.REVIEW, Status.REVIEW]
    assert back.code.tolist() == ["A1", None, None]
    assert back.reason.tolist() == [None, Reason.INCONSISTENT, done.reason[2]]
    assert back.detail.tolist() == [None, "no joint there", None]
    assert back.candidates[1] == ("A1",)
    assert back.sure_part[1] == "A"
    assert done.status[1] == Status.AUTO, "the first decisions are unchanged"
