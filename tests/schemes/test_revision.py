"""A revision is a folder of CSV: what it must hold, and how it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.errors import SchemeError
from coder.schemes import is_revision_folder, load_crosswalk, read_revision, shipped_revision
from coder.schemes.crosswalk import UNCHECKED
from tests.schemes.made_up import CROSSWALK, NAME, made_up


def test_the_folder_is_read(tmp_path: Path) -> None:
    folder = made_up(tmp_path)
    assert is_revision_folder(folder)
    found = read_revision(folder)
    assert (found.name, found.base.name) == (NAME, "isco-08")
    assert [to for to, _ in found.targets("7212")] == ["9001", "9002"]  # a split
    assert [to for to, _ in found.targets("7213")] == ["9003"]  # a merge …
    assert [to for to, _ in found.targets("7214")] == ["9003"]
    assert found.targets("1111") == ()  # not in the crosswalk
    assert {term.code for term in found.terms or ()} == {"9001", "9002"}


def test_a_crosswalk_may_be_written_the_other_way_round(tmp_path: Path) -> None:
    folder = made_up(tmp_path)
    rows = [line.split(",") for line in CROSSWALK.splitlines()[1:]]
    turned = "\n".join(["source_code,target_code,note", *(f"{b},{a}," for a, b, _ in rows)])
    before = read_revision(folder)
    (folder / f"isco-08_{NAME}.csv").unlink()
    (folder / f"{NAME}_isco-08.csv").write_text(turned + "\n")
    after = read_revision(folder)
    for leaf in before.base.leaves:
        assert [c for c, _ in after.targets(leaf)] == [c for c, _ in before.targets(leaf)]


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        (f"isco-08_{NAME}.csv", None, "has no crosswalk to a shipped scheme"),
        (f"isco-08_{NAME}.csv", "a,b\n1,2\n", "lacks the column source_code, target_code"),
        (f"isco-08_{NAME}.csv", "source_code,target_code\n7212,9999\n", "row 2: isco-28 has no"),
        (f"isco-08_{NAME}.csv", "source_code,target_code\n77777,9001\n", "row 2: isco-08 has no"),
        (f"isco-08_{NAME}.csv", "source_code,target_code\n7212\n", "row 2 has 1 cells, not 2"),
        ("index.csv", "term,code\nwelder,1234\n", "row 2: isco-28 has no code 1234"),
        ("index.csv", b"term,code\n\xff,9001\n", "cannot be read as UTF-8"),
        ("scheme.csv", "code,title,parent\n9001,Gas welders,90\n", "unknown parent 90"),
    ],
)
def test_damage_is_named(tmp_path: Path, file: str, text: str | bytes | None, words: str) -> None:
    folder = made_up(tmp_path)
    if text is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SchemeError) as raised:
        read_revision(folder)
    assert words in raised.value.message
    assert "\n" not in raised.value.message


def test_the_name_tells_how_texts_are_read(tmp_path: Path) -> None:
    folder = made_up(tmp_path, "jobs-28")
    with pytest.raises(SchemeError, match="isco-jobs-28"):
        read_revision(folder)


@pytest.mark.parametrize(
    ("name", "base"),
    [("isco-88", "isco-08"), ("isic-3", "isic-4"), ("isic-3.1", "isic-4"), ("isic-5", "isic-4")],
)
def test_the_shipped_revisions(name: str, base: str) -> None:
    found = shipped_revision(name, ("isco-08", "isic-4", "body-part"))
    assert found is not None
    assert found.base.name == base
    reached = {to for leaf in found.base.leaves for to, _ in found.targets(leaf)}
    missing = set(found.scheme.leaves) - reached
    # Rev.5 has six classes that no class of Rev.4 comes near
    assert len(missing) == {"isco-88": 1, "isic-3": 0, "isic-3.1": 0, "isic-5": 6}[name]
    assert shipped_revision("body-part", ("isco-08",)) is None


def test_a_derived_correspondence_says_what_is_not_checked() -> None:
    found = shipped_revision("isic-5", ("isic-4",))
    assert found is not None
    checked = [leaf for leaf in found.base.leaves if found.is_checked(leaf)]
    assert len(checked) == 283
    for leaf in checked:
        ((target, _),) = found.targets(leaf)
        same = found.scheme[target].title.casefold().replace("n.e.c.", "n.e.c")
        assert same.rstrip(".") == found.base[leaf].title.casefold().replace("n.e.c.", "n.e.c")
    assert not found.is_checked("1103")  # malt liquors and malt became beer, and malt
    assert {to for to, _ in found.targets("1103")} == {"1103", "1104"}
    assert not found.is_checked("1079")  # lost coffee and tea to a class of its own


def test_doubt_travels_through_a_chain() -> None:
    through = load_crosswalk("isic-5", "isic-3.1")
    assert any(link.note.startswith(UNCHECKED) for link in through.targets("1103"))
    assert not any(link.note.startswith(UNCHECKED) for link in through.targets("0112"))
