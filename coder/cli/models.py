"""`coder models`: which models there are, what they are made of, and whether they are intact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from coder.errors import CoderError, ModelError
from coder.resources import shipped


@click.group()
def models() -> None:
    """List, show and verify models."""


@models.command(name="list")
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="A table to read, or JSON.",
)
def list_(folder: Path | None, output: str) -> None:
    """List the shipped models: name, scheme, codes, size, encoder.

    With DIR, a model that coder train --from-review has taught: its versions, oldest first.
    """
    if folder is not None:
        _list_versions(folder, output)
        return
    found = [_facts(folder) for folder in _shipped_models()]
    if output == "json":
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    if not found:
        click.echo("this installation ships no models")
        return
    width = max(len(str(one["name"])) for one in found)
    click.echo(f"{'name':<{width}}  {'codes':>6}  {'MB':>6}  encoder")
    for one in found:
        click.echo(
            f"{one['name']:<{width}}  {one['codes']:>6,}  {one['bytes'] / 1e6:>6.1f}  "
            f"{one['encoder']}"
        )


@models.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.argument("version", required=False)
def restore(folder: Path, version: str | None) -> None:
    """Make an earlier VERSION of the model in DIR current again. Default: the one before.

    VERSION is a name that coder models list DIR shows, or its number. Nothing is lost: what was
    current stays among the versions.
    """
    from coder.model.versions import restore as put_back

    done = put_back(folder, version)
    click.echo(f"{folder} is now version {done.name}")


@models.command()
@click.argument("model")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The model card, or the manifest as JSON.",
)
def show(model: str, output: str) -> None:
    """Show the card of MODEL, a shipped model's name or a folder."""
    from coder.model.model import read_manifest

    folder = _folder(model)
    manifest = read_manifest(folder)
    if output == "json":
        click.echo(json.dumps(manifest, ensure_ascii=False, indent=2))
        return
    card = folder / "README.md"
    if not card.is_file():
        raise ModelError(f"model {folder.name} has no card (README.md)", model=folder.name)
    click.echo(card.read_text(encoding="utf-8").rstrip())


@models.command()
@click.argument("names", nargs=-1, metavar="[MODEL]...")
def verify(names: tuple[str, ...]) -> None:
    """Check the files of MODELs against their hashes. Default: all that are shipped.

    A model is intact when its files are those that were written, its scheme is the version that
    it was trained on, and its encoder is there. Ends with status 1 when one is not.
    """
    from coder.model.model import Model

    folders = [_folder(name) for name in names] or list(_shipped_models())
    if not folders:
        raise ModelError("this installation ships no models: name a folder")
    failed = 0
    for folder in folders:
        try:
            intact = Model.load(folder)
            click.echo(f"ok      {folder.name}  {intact.hash[:16]}")
        except CoderError as error:
            failed += 1
            click.echo(f"failed  {error.message}")
    if failed:
        raise ModelError(f"{failed} of {len(folders)} models cannot be used")


def _list_versions(folder: Path, output: str) -> None:
    from coder.model.versions import versions

    found = [
        {"version": one.name, "current": one.current, **_learned(one.folder)}
        for one in versions(folder)
    ]
    if output == "json":
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    elif not found:
        raise ModelError(f"{folder.name} has no earlier versions", model=folder.name)
    for one in found if output == "text" else ():
        now = "current" if one["current"] else ""
        click.echo(f"{one['version']}  {one['decisions']:>7,} decisions  {now}".rstrip())


def _learned(folder: Path) -> dict[str, Any]:
    from coder.model.model import read_manifest

    training = read_manifest(folder).get("training", {})
    return {"decisions": training.get("sources", {}).get("review", 0)}


def _shipped_models() -> Iterator[Path]:
    yield from sorted(path.parent for path in shipped("models").glob("*/manifest.json"))


def _folder(name: str) -> Path:
    """A shipped model by name, or the folder of that path."""
    named = shipped("models", name)
    if "/" not in name and named.is_dir():
        return named
    if Path(name).is_dir():
        return Path(name)
    there = ", ".join(folder.name for folder in _shipped_models()) or "none"
    raise ModelError(f"no model '{name}': shipped are {there}; or name a folder", model=name)


def _facts(folder: Path) -> dict[str, Any]:
    from coder.model.model import read_manifest

    manifest = read_manifest(folder)
    return {
        "name": folder.name,
        "scheme": manifest["scheme"],
        "scheme_version": manifest["scheme_version"],
        "codes": len(manifest["codes"]),
        "bytes": sum(path.stat().st_size for path in folder.iterdir() if path.is_file()),
        "encoder": manifest["encoder"].get("name"),
    }
