"""Sets of codes and mixed levels, against rules written out by hand and a slow reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.evaluate.sets import CodeSets, four_cells, resolved_truth, right_at_own_level
from coder.evaluate.tree import NONE, Tree

ROWS = [
    ("1", "one", 1, None),
    ("11", "one one", 2, "1"),
    ("111", "one one one", 3, "11"),
    ("112", "one one two", 3, "11"),
    ("12", "one two, no children", 2, "1"),
    ("2", "two", 1, None),
    ("21", "two one", 2, "2"),
    ("211", "two one one", 3, "21"),
    ("9", "nine, no children", 1, None),
]
TREE = Tree.from_rows("small", "A small scheme", ROWS)
PARENT = {code: parent for code, _, _, parent in ROWS}
LEVEL = {code: level for code, _, level, _ in ROWS}
lists = st.lists(
    st.lists(st.sampled_from([row[0] for row in ROWS]), max_size=4), min_size=1, max_size=12
)


def sets(*records: str) -> CodeSets:
    return CodeSets.of([[TREE.number[c] for c in r.split("|") if c] for r in records])


def written(found: CodeSets) -> list[str]:
    out: list[list[str]] = [[] for _ in range(found.n)]
    for row, code in zip(found.row, found.code, strict=True):
        out[row].append(TREE.codes[code])
    return ["|".join(codes) for codes in out]


def slow_up(code: str, level: int) -> str | None:
    if LEVEL[code] < level:
        return None if code in PARENT.values() else code
    while LEVEL[code] > level:
        parent = PARENT[code]
        assert parent is not None
        code = parent
    return code


@pytest.mark.parametrize(
    ("gold", "at_1", "at_2", "at_3"),
    [
        ("111", "1", "11", "111"),
        ("11", "1", "11", ""),  # coarse gold counts at its own level and above
        ("12", "1", "12", "12"),  # no children: counts below as itself
        ("9", "9", "9", "9"),
        ("111|112", "1", "11", "111|112"),
        ("11|211", "1|2", "11|21", ""),  # one code too coarse takes the record out
        ("111|11", "1", "11", ""),
        ("", "", "", ""),
    ],
)
def test_gold_at_levels(gold: str, at_1: str, at_2: str, at_3: str) -> None:
    found = [written(sets(gold).at_level(TREE, level, complete=True)) for level in (1, 2, 3)]
    assert found == [[at_1], [at_2], [at_3]]


@settings(max_examples=120, deadline=None)
@given(lists, st.sampled_from([1, 2, 3]), st.booleans())
def test_levels_equal_a_slow_reference(
    records: list[list[str]], level: int, complete: bool
) -> None:
    expected = []
    for codes in records:
        up = [slow_up(code, level) for code in codes]
        kept = [] if complete and None in up else [code for code in up if code is not None]
        expected.append("|".join(dict.fromkeys(kept)))
    given_sets = sets(*("|".join(codes) for codes in records))
    assert written(given_sets.at_level(TREE, level, complete)) == expected


def test_suggestions_add_up_along_the_tree() -> None:
    ranked = CodeSets.of([[TREE.number[c] for c in ("211", "111", "112")]], [[0.4, 0.35, 0.25]])
    top = ranked.at_level(TREE, 1)
    assert written(top) == ["1|2"]
    assert top.score == pytest.approx([0.6, 0.4])
    assert written(ranked.at_level(TREE, 3)) == ["211|111|112"]


@settings(max_examples=100, deadline=None)
@given(lists, st.data())
def test_membership_rank_and_take(records: list[list[str]], data: st.DataObject) -> None:
    gold = data.draw(st.lists(st.sampled_from(list(LEVEL)), min_size=len(records),
                              max_size=len(records)))  # fmt: skip
    unique = [list(dict.fromkeys(codes)) for codes in records]
    answer = sets(*("|".join(codes) for codes in unique))
    numbers = np.array([TREE.number[c] for c in gold])
    inside = answer.contains(numbers, len(TREE.codes))
    rank = answer.rank_of_hit(sets(*gold), len(TREE.codes))
    for i, codes in enumerate(unique):
        assert inside[i] == (gold[i] in codes)
        assert rank[i] == (codes.index(gold[i]) + 1 if gold[i] in codes else 0)
    order = data.draw(st.permutations(range(len(unique))))
    taken = answer.take(np.array(order, dtype=np.int64))
    assert written(taken) == ["|".join(unique[i]) for i in order]


def test_hits_are_counted_per_record_not_in_the_pool() -> None:
    """The trap of a pooled metric: each gold is somewhere among all candidates, none in place."""
    ranked, gold = sets("111|112", "211|9"), sets("211", "111")
    assert ranked.rank_of_hit(gold, len(TREE.codes)).tolist() == [0, 0]


def test_resolved_truth() -> None:
    gold = sets("111|112", "111|112", "9")
    predicted = np.array([TREE.number["112"], TREE.number["9"], NONE])
    truth = resolved_truth(gold, predicted, len(TREE.codes))
    assert [TREE.codes[c] for c in truth] == ["112", "111", "9"]


def test_right_at_own_level() -> None:
    cases = {  # (gold, code): (right, judged)
        ("111", "11"): (True, True),
        ("111", "112"): (False, True),
        ("11", "112"): (False, False),  # too coarse to say
        ("2", "112"): (False, False),
        ("111|211", "2"): (True, True),
        ("9", "9"): (True, True),
        ("111", ""): (False, False),
        ("", "11"): (False, False),
    }
    gold = sets(*(g for g, _ in cases))
    code = np.array([TREE.number.get(c, NONE) for _, c in cases])
    right, judged = right_at_own_level(gold, code, TREE)
    assert list(zip(right.tolist(), judged.tolist(), strict=True)) == list(cases.values())


def test_four_cells() -> None:
    gold = sets("111", "111|112", "111", "111|112", "")
    answers = sets("111", "112", "9|111", "111|112", "9")
    rows = {
        (r["gold"], r["predicted"]): r
        for r in four_cells(gold, answers, np.ones(5), len(TREE.codes))
    }
    assert rows["one", "one"] | {"n": 1, "first": 1.0, "equal": 1.0} == rows["one", "one"]
    assert rows["many", "one"] | {"first": 1.0, "equal": 0.0, "jaccard": 0.5} == rows["many", "one"]
    assert rows["one", "many"] | {"first": 0.0, "any": 1.0, "jaccard": 0.5} == rows["one", "many"]
    assert rows["many", "many"] | {"n": 1, "equal": 1.0, "jaccard": 1.0} == rows["many", "many"]
    empty = four_cells(sets(""), sets("1"), np.ones(1), len(TREE.codes))
    assert all(r["n"] == 0 and r["first"] is None for r in empty)
