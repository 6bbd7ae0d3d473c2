"""The shipped classifications are complete trees, and Scheme behaves as a value."""

from __future__ import annotations

import pickle
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.errors import SchemeError
from coder.schemes import Code, Scheme, list_schemes, load_scheme

COUNTS = {
    "isco-08": (10, 43, 130, 436),
    "isco-88": (10, 28, 116, 390),
    "isic-5": (22, 87, 258, 463),
    "isic-4": (21, 88, 238, 419),
    "isic-3.1": (17, 62, 161, 298),
    "isic-3": (17, 60, 159, 292),
    "injury-type": (9, 24),
    "body-part": (9, 40),
    "injury-mode": (10,),
    "material-agency": (22,),
    "deviation": (10,),
    "specific-activity": (9,),
    "location": (4,),
    "icse-93": (6,),
    "icse-18": (5, 10),
    "size-class": (12,),
}
# Annex A of the 16th ICLS resolution, written from its printed list.
ANNEX_A = {
    "A": "01 02", "B": "05", "C": "10 11 12 13 14",
    "D": "15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37",
    "E": "40 41", "F": "45", "G": "50 51 52", "H": "55", "I": "60 61 62 63 64", "J": "65 66 67",
    "K": "70 71 72 73 74", "L": "75", "M": "80", "N": "85", "O": "90 91 92 93", "P": "95",
    "Q": "99",
}  # fmt: skip
ANNEX_E = (
    "1 1.1 1.2 2 2.1 2.2 2.3 3 3.1 3.2 4 5 6 6.1 6.2 6.3 6.4 7 7.1 7.2 8 8.01 8.02 8.03 8.04 "
    "8.05 8.06 8.07 8.08 8.09 8.10 8.19 10"
)
ANNEX_F = (
    "1 1.1 1.2 1.3 1.4 1.5 1.7 1.8 1.9 2 2.1 2.8 2.9 3 3.1 3.8 3.9 4 4.1 4.2 4.3 4.4 4.7 4.8 4.9 "
    "5 5.1 5.2 5.3 5.4 5.5 5.6 5.7 5.8 5.9 6 6.1 6.2 6.3 6.4 6.5 6.7 6.8 6.9 7 7.1 7.8 9 10"
)
scheme_names = st.sampled_from(list(COUNTS))


@st.composite
def scheme_and_code(draw: st.DrawFn) -> tuple[Scheme, str]:
    scheme = load_scheme(draw(scheme_names))
    return scheme, draw(st.sampled_from(list(scheme.codes)))


def test_every_shipped_scheme_is_listed_and_counted() -> None:
    assert sorted(list_schemes()) == sorted(COUNTS)


@pytest.mark.parametrize("name", COUNTS)
def test_counts_at_each_level(name: str) -> None:
    scheme = load_scheme(name)
    found = Counter(entry.level for entry in scheme.codes.values())
    assert tuple(found[level] for level in scheme.levels) == COUNTS[name]


@pytest.mark.parametrize("name", COUNTS)
def test_titles_are_clean(name: str) -> None:
    for entry in load_scheme(name).codes.values():
        assert entry.title == " ".join(entry.title.split())
        assert entry.title
        assert "_x000D_" not in entry.title


def test_isic_3_holds_annex_a() -> None:
    scheme = load_scheme("isic-3")
    printed = {section: tuple(divisions.split()) for section, divisions in ANNEX_A.items()}
    ours = {c: scheme.children(c) for c, entry in scheme.codes.items() if entry.level == 1}
    assert ours == printed
    assert scheme["B"].title == "Fishing"
    assert scheme["33"].title.startswith("Manufacture of medical, precision and optical")


def test_annexes_e_and_f_are_complete() -> None:
    assert list(load_scheme("injury-type").codes) == ANNEX_E.split()
    assert list(load_scheme("body-part").codes) == ANNEX_F.split()
    assert load_scheme("body-part")["5.6"].title == "Other finger(s)"
    assert load_scheme("injury-type")["8.10"].title == "Effects of electric current"


@pytest.mark.parametrize(
    ("name", "leaves"), [("isco-08", 436), ("isic-4", 419), ("injury-type", 27), ("body-part", 42)]
)
def test_leaves_are_the_codes_without_children(name: str, leaves: int) -> None:
    scheme = load_scheme(name)
    assert len(scheme.leaves) == leaves
    assert all(not scheme.children(leaf) for leaf in scheme.leaves)


def test_a_major_group_without_parts_is_a_leaf() -> None:
    assert {"4", "5", "10"} <= set(load_scheme("injury-type").leaves)
    assert {"9", "10"} <= set(load_scheme("body-part").leaves)


@given(scheme_and_code())
def test_the_tree_holds_together(drawn: tuple[Scheme, str]) -> None:
    scheme, code = drawn
    path = scheme.path(code)
    assert path[-1] == code
    assert [scheme[c].level for c in path] == list(range(1, len(path) + 1))
    for above, below in pairwise(path):
        assert below in scheme.children(above)
        assert scheme.parent(below) == above
    for level in scheme.levels:
        assert scheme.ancestor(code, level) == path[min(level, len(path)) - 1]
    below = scheme.leaves_under(code)
    assert all(code in scheme.path(leaf) for leaf in below)
    assert len(below) == sum(code in scheme.path(leaf) for leaf in scheme.leaves)


@given(scheme_names)
def test_leaves_under_the_top_are_all_leaves(name: str) -> None:
    scheme = load_scheme(name)
    tops = [code for code, entry in scheme.codes.items() if entry.level == 1]
    assert [leaf for top in tops for leaf in scheme.leaves_under(top)] == list(scheme.leaves)


@given(scheme_and_code(), st.sampled_from(["{}", " {} ", "\t{}\n"]))
def test_printed_codes_normalise_to_themselves(drawn: tuple[Scheme, str], form: str) -> None:
    scheme, code = drawn
    assert scheme.normalise(form.format(code)) == code


@pytest.mark.parametrize(
    ("name", "raw", "code"),
    [
        ("isco-08", 7212, "7212"),
        ("isco-08", 7212.0, "7212"),
        ("isco-08", "7212.0", "7212"),
        ("isco-08", "110", "0110"),
        ("isco-08", 310, "0310"),
        ("isic-4", "A0111", "0111"),
        ("isic-4", "a", "A"),
        ("isic-4", 111, "0111"),
        ("isic-5", "C10", "10"),
        ("injury-type", "8.1", "8.01"),
        ("injury-type", "8.10", "8.10"),
        ("injury-type", "8.9", "8.09"),
        ("injury-type", 10.0, "10"),
        ("injury-type", "1.0", "1"),
        ("body-part", 5.6, "5.6"),
    ],
)
def test_normalise_repairs_what_spreadsheets_do(name: str, raw: object, code: str) -> None:
    assert load_scheme(name).normalise(raw) == code


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("injury-type", 8.1),  # 8.01 or 8.10: the number has lost it
        ("injury-type", "8.2.1"),
        ("injury-type", "9"),
        ("body-part", "8"),
        ("isco-08", "7219999"),
        ("isco-08", ""),
        ("isco-08", None),
        ("isic-4", "C0111"),  # a section that the class is not in
        ("isic-4", "0"),
    ],
)
def test_normalise_refuses_what_it_cannot_know(name: str, raw: object) -> None:
    with pytest.raises(SchemeError):
        load_scheme(name).normalise(raw)


def test_an_unknown_code_names_the_nearest() -> None:
    with pytest.raises(SchemeError, match=r"isco-08 has no code '7219'; the nearest code is 721"):
        load_scheme("isco-08")["7219"]


def test_search_forgives_misspellings() -> None:
    found = [entry.code for entry in load_scheme("isco-08").search("weldres and flame cuters")]
    assert found[0] == "7212"


def test_a_scheme_cannot_be_changed() -> None:
    scheme = load_scheme("injury-type")
    with pytest.raises(AttributeError):
        scheme.name = "other"
    with pytest.raises(TypeError):
        scheme.codes["99"] = scheme["1"]  # type: ignore[index]  # the point of the test


@pytest.mark.parametrize("name", ["isco-08", "body-part"])
def test_a_scheme_survives_pickling(name: str) -> None:
    scheme = load_scheme(name)
    copy = pickle.loads(pickle.dumps(scheme))
    assert copy == scheme
    assert hash(copy) == hash(scheme)
    assert copy.leaves == scheme.leaves
    assert list(copy.codes) == list(scheme.codes)


def test_loading_twice_gives_the_same_object() -> None:
    assert load_scheme("isco-08") is load_scheme(" ISCO-08 ")


def entries(*rows: tuple[str, str, int, str | None]) -> list[Code]:
    return [Code(*row) for row in rows]


def test_the_version_hash_ignores_order_and_sees_every_field() -> None:
    rows = entries(("1", "One", 1, None), ("1.1", "Part", 2, "1"), ("2", "Two", 1, None))
    base = Scheme("x", "X", rows).version_hash
    assert len(base) == 64
    assert Scheme("y", "Y", reversed(rows)).version_hash == base
    renamed = [*rows[:2], Code("2", "Two!", 1, None)]
    assert Scheme("x", "X", renamed).version_hash != base
    moved = [rows[0], Code("1.1", "Part", 2, "2"), rows[2]]
    assert Scheme("x", "X", moved).version_hash != base


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no codes"),
        ([("1", "A", 1, None), ("1", "B", 1, None)], "occurs twice"),
        ([("1", "A", 2, "0")], "unknown parent"),
        ([("1", "A", 1, None), ("2", "B", 3, "1")], "has level 3"),
        ([("1", "A", 2, None)], "has level 2"),
    ],
)
def test_contradictory_codes_are_refused(
    rows: list[tuple[str, str, int, str | None]], words: str
) -> None:
    with pytest.raises(SchemeError, match=words):
        Scheme("x", "X", entries(*rows))


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "own.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_an_own_scheme_from_csv(tmp_path: Path) -> None:
    text = "\ufeffCode,Title,Parent\nB,Boats,\nB1,Rafts,B\n\nA,Airships,\n"
    scheme = load_scheme(write(tmp_path, text))
    assert (scheme.name, list(scheme.codes), scheme.leaves) == (
        "own",
        ["B", "B1", "A"],
        ("B1", "A"),
    )
    assert load_scheme(str(tmp_path / "own.csv")) is scheme
    assert load_scheme(write(tmp_path, text + "C,Canoes,\n")) != scheme


def test_a_flat_own_scheme_needs_no_parent_column(tmp_path: Path) -> None:
    assert load_scheme(write(tmp_path, "code,title\n1,One\n2,Two\n")).levels == (1,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "needs the columns code, title and parent; it has: none"),
        ("id,name\n1,One\n", "it has: id, name"),
        ("code,title,parent\n", "has no codes"),
        ("code,title,parent\n1,One,\n,Two,\n", "row 3 lacks its code"),
        ("code,title,parent\n1,One,9\n", "unknown parent 9"),
        ("code,title,parent\n1,One,2\n2,Two,1\n", "its own ancestor"),
        ("code,title,parent\n1,One,1\n", "its own ancestor"),
        ("code,title,parent\n1,One,\n1,Two,\n", "occurs twice"),
        ("code,title,parent,level\n1,One,,2\n", "row 2: code 1 says level 2"),
    ],
)
def test_a_broken_own_scheme_says_why(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SchemeError, match=words):
        load_scheme(write(tmp_path, text))


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemeError, match="is not UTF-8"):
        load_scheme(write(tmp_path, "code,title\n1,Ö\n", "latin-1"))


def test_an_unknown_scheme_names_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(SchemeError, match=r"did you mean isco-08\?.*body-part"):
        load_scheme("isco08")
    with pytest.raises(SchemeError, match="there is no scheme file"):
        load_scheme(tmp_path / "gone.csv")
