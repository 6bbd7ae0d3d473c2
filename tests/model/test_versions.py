"""Models that replace each other: nothing is lost, anything can come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.errors import ModelError
from coder.model.versions import promote, restore, versions

FILES = ("manifest.json", "weights.safetensors")


def made(folder: Path, number: int) -> Path:
    """A folder that looks like a model."""
    folder.mkdir(parents=True)
    text = (
        '{"format": 1, "scheme": "s", "scheme_version": "", "encoder": {}, "codes": [], '
        f'"files": {{}}, "number": {number}}}'
    )
    (folder / FILES[0]).write_text(text)
    (folder / FILES[1]).write_text(str(number))
    return folder


def content(folder: Path) -> str:
    return (folder / FILES[1]).read_text()


def test_every_model_stays_and_can_be_restored(tmp_path: Path) -> None:
    live, shipped = tmp_path / "live", made(tmp_path / "shipped", 0)
    for number in (1, 2):
        promote(made(tmp_path / "fresh", number), live, before=shipped)
        assert not (tmp_path / "fresh").exists()
    assert content(live) == "2"
    assert content(shipped) == "0"
    known = versions(live)
    assert [content(one.folder) for one in known] == ["0", "1", "2"]
    assert [one.current for one in known] == [False, False, True]
    restore(live)
    assert content(live) == "1"
    restore(live)
    assert content(live) == "0"
    with pytest.raises(ModelError, match="first version"):
        restore(live)
    restore(live, "3")
    assert content(live) == "2"
    restore(live, known[1].name)
    assert content(live) == "1"
    assert [content(one.folder) for one in versions(live)] == ["0", "1", "2"]


def test_a_model_put_there_by_hand_is_kept_as_well(tmp_path: Path) -> None:
    live = tmp_path / "live"
    promote(made(tmp_path / "fresh", 1), live)
    for name in FILES:
        (live / name).unlink()
    live.rmdir()
    made(live, 7)
    restore(live, "1")
    assert [content(one.folder) for one in versions(live)] == ["1", "7"]


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no earlier versions"):
        restore(tmp_path / "live")
    promote(made(tmp_path / "fresh", 1), tmp_path / "live")
    with pytest.raises(ModelError, match="no one version '9'"):
        restore(tmp_path / "live", "9")
    with pytest.raises(ModelError, match="no model"):
        promote(tmp_path / "nothing", tmp_path / "live")
    assert content(tmp_path / "live") == "1"
