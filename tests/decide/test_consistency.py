"""Codes that do not go together."""

from pathlib import Path

import pytest

from coder.decide.consistency import load_tables, pair_flags, phrase_flags
from coder.errors import InputError


def flagged(first: tuple[str, str | None], second: tuple[str, str | None]) -> bool:
    found = pair_flags({first[0]: [first[1]], second[0]: [second[1]]})
    assert [row for row, _ in found[first[0]]] == [row for row, _ in found[second[0]]]
    return bool(found[first[0]])


@pytest.mark.parametrize(
    ("kind", "part"), [("4", "3.1"), ("2.1", "1.3"), ("5", "5.6"), ("6.1", "1.4"), ("8.03", "6.5")]
)
def test_injuries_that_cannot_be_there(kind: str, part: str) -> None:
    assert flagged(("injury-type", kind), ("body-part", part))


@pytest.mark.parametrize(
    ("kind", "part"),
    [("4", "5.6"), ("2.1", "1.4"), ("5", "1.1"), ("1.1", "3.9"), ("8.10", "5.4"), ("4", None)],
)
def test_injuries_that_can(kind: str, part: str | None) -> None:
    assert not flagged(("injury-type", kind), ("body-part", part))


@pytest.mark.parametrize(
    ("job", "industry"), [("6111", "6419"), ("6", "K"), ("0310", "0111"), ("8111", "8510")]
)
def test_jobs_that_are_not_in_that_industry(job: str, industry: str) -> None:
    assert flagged(("isco-08", job), ("isic-4", industry))


@pytest.mark.parametrize(
    ("job", "industry"), [("6111", "0111"), ("6113", "8130"), ("0310", "8422"), ("2341", "8510")]
)
def test_jobs_that_are(job: str, industry: str) -> None:
    assert not flagged(("isco-08", job), ("isic-4", industry))


def test_a_coarse_decision_is_not_judged_by_a_finer_entry() -> None:
    assert not flagged(("injury-type", "2"), ("body-part", "1"))


def test_one_scheme_alone_is_never_flagged() -> None:
    assert pair_flags({"body-part": ["3.1", None]}) == {"body-part": []}


def test_phrases_that_name_another_part() -> None:
    texts = ["He has a FRACTURED TOOTH.", "He has a fractured tooth.", "fractured toothpick", "-"]
    found = phrase_flags("body-part", texts, ["6.4", "1.4", "6.4", None])
    assert [row for row, _ in found] == [0]
    assert "tooth" in found[0][1]


def test_a_phrase_allows_the_coarser_code_above_its_own() -> None:
    texts = ["suffered frostbite"] * 3
    found = phrase_flags("injury-type", texts, ["6", "6.4", "6.1"])
    assert found == []
    texts = ["he was treated for heat exhaustion"] * 3
    found = phrase_flags("injury-type", texts, ["8", "8.02", "6.1"])
    assert [row for row, _ in found] == [2]


def test_the_shipped_tables_name_codes_that_exist_and_give_reasons() -> None:
    tables = load_tables()
    assert {(table.first, table.second) for table in tables.pairs} == {
        ("injury-type", "body-part"),
        ("isco-08", "isic-4"),
    }
    for table in tables.pairs:
        assert all(reason for reason in table.pairs.values())
        assert table.expanded
    assert {table.scheme for table in tables.phrases} == {"injury-type", "body-part"}


def test_a_table_with_an_unknown_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("injury-type,body-part,reason\n4,99,no\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"x\.csv row 2: body-part has no code '99'"):
        load_tables(tmp_path)
    (tmp_path / "x.csv").rename(tmp_path / "phrases.csv")
    with pytest.raises(InputError, match=r"phrases\.csv lacks the column"):
        load_tables(tmp_path)
