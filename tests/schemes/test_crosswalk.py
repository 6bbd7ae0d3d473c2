"""Every link points to a code, every source code is accounted for, and both ways agree."""

from __future__ import annotations

import csv
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.errors import SchemeError
from coder.resources import shipped
from coder.schemes import list_crosswalks, list_schemes, load_crosswalk, load_scheme

PAIRS = [
    ("icd-10", "body-part"),
    ("icd-10", "injury-type"),
    ("icse-18", "icse-93"),
    ("ilo-1962-accident", "injury-mode"),
    ("imis-body", "body-part"),
    ("imis-event", "injury-mode"),
    ("imis-nature", "injury-type"),
    ("imis-source", "material-agency"),
    ("isco-88", "isco-08"),
    ("isic-3.1", "isic-3"),
    ("isic-4", "isic-3.1"),
    ("isic-4", "isic-5"),
    ("msha-accident", "injury-mode"),
    ("msha-body", "body-part"),
    ("msha-nature", "injury-type"),
    ("msha-source", "material-agency"),
    ("neiss-body", "body-part"),
    ("neiss-nature", "injury-type"),
    ("oiics-2.01-body", "body-part"),
    ("oiics-2.01-event", "injury-mode"),
    ("oiics-2.01-nature", "injury-type"),
    ("oiics-2.01-source", "material-agency"),
]
REVISIONS = [
    ("isco-88", "isco-08"),
    ("isic-4", "isic-3.1"),
    ("isic-3.1", "isic-3"),
    ("isic-4", "isic-3"),
]
REASONS = ("not an injury: ", "not determinable: ", "no counterpart")


def rows(source: str, target: str) -> list[dict[str, str]]:
    path = shipped("training_data", "crosswalks", f"{source}_{target}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_crosswalks_are_the_announced_ones() -> None:
    assert list_crosswalks() == PAIRS


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_every_target_exists_and_every_gap_has_its_reason(source: str, target: str) -> None:
    scheme = load_scheme(target)
    found = rows(source, target)
    for row in found:
        if row["target_code"]:
            assert row["target_code"] in scheme, row
        else:
            assert row["note"].startswith(REASONS), row
        assert row["source_title"], row
    links = [(row["source_code"], row["target_code"]) for row in found]
    assert len(set(links)) == len(links)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_partial_marks_the_codes_with_several_targets(source: str, target: str) -> None:
    targets = defaultdict(set)
    for row in rows(source, target):
        targets[row["source_code"]].add(row["target_code"])
    for row in rows(source, target):
        several = len(targets[row["source_code"]]) > 1
        assert row["partial"] == str(int(several)), row
        assert not (several and "" in targets[row["source_code"]]), row


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_no_target_repeats_what_another_target_of_the_code_covers(source: str, target: str) -> None:
    scheme = load_scheme(target)
    crosswalk = load_crosswalk(source, target)
    for code in crosswalk.codes:
        found = crosswalk.convert(code)
        for one in found:
            assert not set(scheme.path(one)[:-1]) & set(found), (code, found)


@pytest.mark.parametrize(("source", "target"), REVISIONS)
def test_revisions_cover_the_finest_codes_of_both_sides(source: str, target: str) -> None:
    forward, back = load_crosswalk(source, target), load_crosswalk(target, source)
    gaps = {
        "isco-88": {"3139"},  # the ILO table has no row for it
        "isic-3.1": {"9600", "9700"},  # new in Rev.3.1
        "isic-4": {"9810", "9820"} if target == "isic-3" else set(),
    }
    assert {c for c in load_scheme(source).leaves if not forward.convert(c)} == gaps[source]
    reached = {to for c in load_scheme(source).leaves for to in forward.convert(c)}
    assert reached == set(load_scheme(target).leaves)
    assert all(back.convert(leaf) for leaf in load_scheme(target).leaves)


@given(st.data())
def test_back_and_forth_returns_to_the_code(data: st.DataObject) -> None:
    source, target = data.draw(st.sampled_from([*REVISIONS, *PAIRS]))
    if source == "icd-10":
        return  # its codes are prefixes, not a list
    forward, back = load_crosswalk(source, target), load_crosswalk(target, source)
    code = data.draw(st.sampled_from(forward.codes))
    for link in forward.targets(code):
        assert code in back.convert(link.target)
        assert link.partial == (len(forward.targets(code)) > 1)


@given(st.data())
def test_a_coarse_code_converts_to_what_its_parts_convert_to(data: st.DataObject) -> None:
    source, target = data.draw(st.sampled_from(REVISIONS))
    scheme, goal = load_scheme(source), load_scheme(target)
    crosswalk = load_crosswalk(source, target)
    code = data.draw(st.sampled_from([c for c in scheme.codes if c not in scheme.leaves]))
    level = scheme[code].level
    wanted = {
        goal.ancestor(to, level)
        for leaf in scheme.leaves_under(code)
        for to in crosswalk.convert(leaf)
    }
    assert set(crosswalk.convert(code)) == wanted


@pytest.mark.parametrize(
    ("source", "target", "code", "codes"),
    [
        ("isco-88", "isco-08", "7212", {"7212"}),
        ("isco-88", "isco-08", 110, {"0110", "0210", "0310"}),
        ("isco-88", "isco-08", "1317", {"1211", "1212", "1219", "1221", "1222", "1330", "1346"}),
        ("isco-08", "isco-88", "7212", {"7212"}),
        ("isic-4", "isic-3.1", "0111", {"0111"}),
        ("isic-4", "isic-3", "0113", {"0111", "0112"}),
        ("isic-4", "isic-3", "A", {"A", "B", "D"}),  # B: fishing; D: the farrier of 0162
        # the same part of the body lies elsewhere in the source than in Annex F
        ("msha-body", "body-part", "450", {"5.1"}),
        ("oiics-body", "body-part", "341", {"6.1"}),
        ("oiics-body", "body-part", 4420.0, {"5.5", "5.6"}),
        ("imis-body", "body-part", "05", {"4.1", "4.2"}),
        ("neiss-body", "body-part", "0", {"4.2", "4.3", "7.1"}),
        # the annex text decides
        ("oiics-nature", "injury-type", "1212", {"3.1"}),
        ("oiics-nature", "injury-type", "1232", {"3.2"}),
        ("oiics-nature", "injury-type", "131", {"4", "1.2"}),
        ("oiics-nature", "injury-type", "185", {"5"}),
        ("oiics-nature", "injury-type", "325", {"7.2"}),
        ("msha-nature", "injury-type", "100", {"4"}),
        ("msha-nature", "injury-type", "260", {"3.2"}),
        ("imis-nature", "injury-type", "10", {"8.10"}),
        ("imis-nature", "injury-type", "14", {"8.09"}),
        ("neiss-nature", "injury-type", "48", {"6.3"}),
    ],
)
def test_known_conversions(source: str, target: str, code: object, codes: set[str]) -> None:
    assert set(load_crosswalk(source, target).convert(code)) == codes


@pytest.mark.parametrize(
    ("source", "code", "reason"),
    [
        ("msha-nature", "370", "not determinable"),
        ("msha-nature", "340", "not an injury"),
        ("imis-nature", "8", "not an injury"),
        ("imis-nature", "21", "not determinable"),
        ("oiics-nature", "18", "not determinable"),
        ("oiics-nature", "2", "not an injury"),
    ],
)
def test_codes_without_target_say_why(source: str, code: str, reason: str) -> None:
    crosswalk = load_crosswalk(source, "injury-type")
    assert crosswalk.convert(code) == ()
    assert crosswalk.note(code).startswith(reason)


def test_backwards_from_an_annex_to_a_source() -> None:
    crosswalk = load_crosswalk("body-part", "msha-body")
    assert crosswalk.convert("5.5") == ("340",)
    assert crosswalk.target_title("340") == "FINGER(S)/THUMB"
    assert crosswalk.convert("7.1") == ("600",)


def test_titles_of_both_sides() -> None:
    crosswalk = load_crosswalk("msha-body", "body-part")
    assert crosswalk.title("520") == "ANKLE"
    assert crosswalk.target_title("6.3") == "Ankle"


def test_an_unknown_code_is_an_error() -> None:
    with pytest.raises(SchemeError, match="msha-body has no code '519'"):
        load_crosswalk("msha-body", "body-part").convert("519")
    with pytest.raises(SchemeError, match="isco-88 has no code '7777'"):
        load_crosswalk("isco-88", "isco-08").convert("7777")


def test_an_unknown_crosswalk_lists_what_there_is() -> None:
    with pytest.raises(SchemeError, match=r"from isco-08 to isic-4; .*isco-88 to isco-08"):
        load_crosswalk("isco-08", "isic-4")


def test_chain_note_names_the_middle() -> None:
    links = load_crosswalk("isic-4", "isic-3").targets("0111")
    assert [link.note for link in links] == ["through isic-3.1 0111"]


def test_schemes_of_crosswalks_are_loaded_once() -> None:
    assert load_crosswalk("OIICS-nature", "injury-type") is load_crosswalk(
        "oiics-2.01-nature", "injury-type"
    )
    assert set(list_schemes()) >= {target for _, target in list_crosswalks()}
