"""A model folder that is taught again and again: the current model, and all before it.

`NAME` is the current model. `NAME.versions` beside it holds every model that was current, in
folders `0001-<first digits of the manifest's hash>`, `0002-…`; they are models like any other.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from coder.errors import ModelError, OutputError
from coder.model.files import digest
from coder.model.model import read_manifest

_DIGITS = 12


@dataclass(frozen=True)
class Version:
    """A model that is or was current."""

    name: str
    folder: Path
    current: bool


def store_of(folder: Path) -> Path:
    """Where the versions of a model folder lie."""
    return folder.with_name(folder.name + ".versions")


def versions(folder: Path) -> list[Version]:
    """All versions of a model folder, oldest first; none when it was never taught."""
    found = sorted(path for path in store_of(folder).glob("[0-9]*-*") if path.is_dir())
    now = _mark(folder) if (folder / "manifest.json").is_file() else ""
    return [Version(path.name, path, path.name.endswith(f"-{now}")) for path in found]


def promote(fresh: Path, folder: Path, before: Path | None = None) -> Version:
    """Make the model in `fresh` the current one of `folder`; `fresh` itself goes away.

    The model that was current, in `folder` or else in `before`, is kept as a version. Raises
    ModelError when `fresh` is no model, OutputError when something cannot be written.
    """
    read_manifest(fresh)
    try:
        old = folder if (folder / "manifest.json").is_file() else before
        if old is not None:
            _keep(old, folder)
        kept = _keep(fresh, folder)
        _swap(fresh, folder)
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {error.strerror}", folder=str(folder)) from error
    return Version(kept.name, kept, True)


def restore(folder: Path, name: str | None = None) -> Version:
    """Make an earlier version current again, by default the one before the current.

    `name` is a version's name, its number or the start of its hash. The one that was current
    stays among the versions. Raises ModelError when there is no such version.
    """
    known = versions(folder)
    chosen = _chosen(folder, known, name)
    try:
        if (folder / "manifest.json").is_file():
            _keep(folder, folder)
        copy = folder.with_name(folder.name + ".part")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(chosen.folder, copy)
        _swap(copy, folder)
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {error.strerror}", folder=str(folder)) from error
    return Version(chosen.name, chosen.folder, True)


def _chosen(folder: Path, known: list[Version], name: str | None) -> Version:
    if not known:
        raise ModelError(f"{folder.name} has no earlier versions", model=folder.name)
    if name is None:
        place = next((i for i, one in enumerate(known) if one.current), len(known))
        if place == 0:
            raise ModelError(f"{folder.name} is at its first version already", model=folder.name)
        return known[place - 1]
    wanted = name.zfill(4) + "-" if name.isdigit() and len(name) <= 4 else ""
    found = [
        one
        for one in known
        if name == one.name
        or (wanted and one.name.startswith(wanted))
        or (len(name) >= 6 and one.name.partition("-")[2].startswith(name))
    ]
    if len(found) != 1:
        names = ", ".join(one.name for one in known)
        raise ModelError(f"{folder.name} has no one version '{name}'; there are: {names}")
    return found[0]


def _mark(folder: Path) -> str:
    return digest(folder / "manifest.json")[:_DIGITS]


def _keep(model: Path, folder: Path) -> Path:
    """Copy a model among the versions of `folder`, unless it is there; the copy's folder."""
    mark, home = _mark(model), store_of(folder)
    home.mkdir(parents=True, exist_ok=True)
    there = versions(folder)
    for one in there:
        if one.name.endswith(f"-{mark}"):
            return one.folder
    number = 1 + max((int(one.name.partition("-")[0]) for one in there), default=0)
    final = home / f"{number:04d}-{mark}"
    part = home / "part"
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(model, part)
    part.replace(final)
    return final


def _swap(fresh: Path, folder: Path) -> None:
    """Put `fresh` in the place of `folder`. A copy of both lies among the versions."""
    aside = folder.with_name(folder.name + ".old")
    shutil.rmtree(aside, ignore_errors=True)
    if folder.exists():
        folder.replace(aside)
    fresh.replace(folder)
    shutil.rmtree(aside, ignore_errors=True)
