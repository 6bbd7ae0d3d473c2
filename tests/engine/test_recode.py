"""Old codes to new ones: one target, a split that the text settles, and all that is neither."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pytest

from coder.engine.recode import Recoder
from coder.errors import SchemeError
from tests.schemes.made_up import made_up

SEVERAL = {"1211", "1212", "1219", "1221", "1222", "1330", "1346"}  # of ISCO-88 1317


@lru_cache(maxsize=1)
def recoder() -> Recoder:
    return Recoder.load("isco-88", "isco-08", "old", ("title",))


def recoded(old: str, title: str = "") -> dict[str, object]:
    table = pa.table({"old": [old], "title": [title]})
    row = recoder().code_table(table).to_pylist()[0]
    return {name.removeprefix("isco-08_"): value for name, value in row.items()}


def test_one_target_needs_no_text() -> None:
    found = recoded("7212")
    assert (found["code"], found["status"], found["confidence"]) == ("7212", "auto", 1.0)
    assert found["title"] == "Welders and Flame Cutters"


def test_the_text_settles_a_split() -> None:
    found = recoded("2131", "Database designer")
    assert (found["code"], found["status"]) == ("2521", "auto")
    assert str(found["evidence"]).startswith("2521: index: ")
    assert found["candidates"] is None


@pytest.mark.parametrize("title", ["", "n/a", "manager", "blorpish"])
def test_what_the_text_leaves_open_lists_every_target(title: str) -> None:
    found = recoded("1317", title)
    assert (found["code"], found["status"]) == (None, "review")
    assert set(str(found["candidates"]).split("|")) == SEVERAL
    assert "1317 of isco-88 became 7 codes" in str(found["reason"])
    assert ("no text" in str(found["reason"])) == (title in ("", "n/a"))


@pytest.mark.parametrize(
    ("old", "status", "words"),
    [
        ("", "uncodable", "no old code"),
        ("  ", "uncodable", "no old code"),
        ("xyz", "review", "not a code of isco-88"),
        ("2642", "review", "not a code of isco-88, but of isco-08"),
        ("3139", "review", "the official table has no row for this code"),
    ],
)
def test_what_cannot_be_recoded_says_why(old: str, status: str, words: str) -> None:
    found = recoded(old, "journalist")
    assert (found["status"], found["code"]) == (status, None)
    assert words in str(found["reason"])


def test_spreadsheet_codes_are_understood() -> None:
    assert recoded("7212.0")["code"] == "7212"
    assert recoded("110")["status"] == "review"  # 0110 became three


def test_a_coarse_code_stays_coarse() -> None:
    found = recoded("75")
    assert found["code"] is None
    assert found["reason"] == "not a code of isco-88, but of isco-08"
    assert all(len(code) == 2 for code in str(recoded("71")["candidates"]).split("|"))


def test_unchecked_correspondences_go_to_a_person() -> None:
    one = Recoder.load("isic-4", "isic-5", "old", ("title",))
    sure, open_code = one.recode(["0112", "1103"], ["growing of rice", "brewing of beer"])
    assert (str(sure.status), sure.shares[0][0]) == ("auto", "0112")
    assert str(open_code.status) == "review"
    assert open_code.shares[0][0] == "1103"  # the better one first, all the same


def test_records_do_not_depend_on_their_company() -> None:
    old, titles = ["1317", "2131", "7212"], ["human resources", "web designer", "x"]
    together = recoder().recode(old, titles)
    assert together == [recoder().recode([c], [t])[0] for c, t in zip(old, titles, strict=True)]


def test_to_and_from_a_folder(tmp_path: Path) -> None:
    folder = str(made_up(tmp_path))
    there = Recoder.load("isco-08", folder, "old")
    assert [str(o.status) for o in there.recode(["7213", "7212"], ["", "gas welder"])] == [
        "auto"
    ] * 2
    back = Recoder.load(folder, "isco-08", "old")
    assert back.recode(["9001"], [""])[0].shares == (("7212", 1.0),)
    assert {c for c, _ in back.recode(["9003"], [""])[0].shares} == {"7213", "7214"}
    with pytest.raises(SchemeError, match="crosswalk to isco-08 only"):
        Recoder.load("isco-88", folder, "old")


@pytest.mark.parametrize(("source", "target"), [("isco-8", "isco-08"), ("isco-08", "isic-4")])
def test_unknown_ways_are_errors(source: str, target: str) -> None:
    with pytest.raises(SchemeError):
        Recoder.load(source, target, "old")
