"""A scheme without a model of its own, reached through a crosswalk from one that has one.

Shipped revisions lie in `training_data/schemes`, `crosswalks` and `index`. One's own is a folder:

    scheme.csv                    code, title, parent
    <base>_<name>.csv             source_code, target_code, note; or <name>_<base>.csv
    index.csv                     term, code (may be absent: titles alone then tell codes apart)
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coder.errors import SchemeError
from coder.schemes.crosswalk import (
    UNCHECKED,
    Crosswalk,
    crosswalk_of,
    has_crosswalk,
    load_crosswalk,
)
from coder.schemes.index import IndexTerm
from coder.schemes.scheme import Scheme
from coder.schemes.shipped import TITLES, load_scheme

SCHEME, INDEX = "scheme.csv", "index.csv"


@dataclass(frozen=True)
class Revision:
    """A scheme and its crosswalk from the leaves of `base`.

    `terms` is the revision's own index, None when it is shipped (or there is none).
    """

    name: str
    scheme: Scheme
    base: Scheme
    crosswalk: Crosswalk
    terms: tuple[IndexTerm, ...] | None = None

    def targets(self, leaf: str) -> tuple[tuple[str, str], ...]:
        """The leaves that a leaf of the base may be, each with the note of its link."""
        found: dict[str, str] = {}
        for link in self.crosswalk.targets(leaf):
            for below in self.scheme.leaves_under(link.target):
                found.setdefault(below, link.note)
        return tuple(found.items())

    def is_checked(self, leaf: str) -> bool:
        """Whether the links of a leaf of the base may be followed without a person."""
        links = self.crosswalk.targets(leaf)
        return bool(links) and not any(link.note.startswith(UNCHECKED) for link in links)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over scheme versions, links and index terms: all that decides its codes."""
        links = [(leaf, self.targets(leaf)) for leaf in self.base.leaves]
        parts = (self.scheme.version_hash, self.base.version_hash, repr(links), repr(self.terms))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def shipped_revision(name: str, bases: Sequence[str]) -> Revision | None:
    """The shipped revision of the first of `bases` that has a crosswalk to it, else None."""
    for base in bases:
        if base != name and name in TITLES and base in TITLES and has_crosswalk(base, name):
            crosswalk = load_crosswalk(base, name)
            return Revision(name, load_scheme(name), load_scheme(base), crosswalk)
    return None


def is_revision_folder(folder: Path) -> bool:
    """Whether a folder holds a revision: a scheme, and not a model's manifest."""
    return (folder / SCHEME).is_file() and not (folder / "manifest.json").exists()


def read_revision(folder: Path, name: str | None = None) -> Revision:
    """The revision in a folder of CSV files; its name is the folder's unless given.

    Raises SchemeError for a missing crosswalk, a code that either scheme lacks, a family that the
    name does not tell, naming file and row.
    """
    name = name or folder.resolve().name
    scheme = Scheme.from_csv(folder / SCHEME, name)
    base, path, turned = _crosswalk_file(folder, name)
    if name.partition("-")[0] != base.partition("-")[0]:
        family = base.partition("-")[0]
        raise SchemeError(
            f"a revision of {base} is read like it only under a name such as {family}-{name}: "
            "rename the folder",
            scheme=name,
        )
    triples = _links(path, load_scheme(base), scheme, turned)
    crosswalk = crosswalk_of(load_scheme(base), scheme, triples)
    return Revision(name, scheme, load_scheme(base), crosswalk, _terms(folder, scheme))


def _crosswalk_file(folder: Path, name: str) -> tuple[str, Path, bool]:
    for base in TITLES:
        for file, turned in ((f"{base}_{name}.csv", False), (f"{name}_{base}.csv", True)):
            if (folder / file).is_file():
                return base, folder / file, turned
    raise SchemeError(
        f"{folder.name} has no crosswalk to a shipped scheme: name it <scheme>_{name}.csv, with "
        "the columns source_code, target_code",
        scheme=name,
    )


def _links(path: Path, base: Scheme, scheme: Scheme, turned: bool) -> list[tuple[str, str, str]]:
    """(base code, revision code, note) of every row."""
    found = []
    for number, row in _rows(path, ("source_code", "target_code")):
        pair = (row["source_code"], row["target_code"])
        from_base, to_own = pair[::-1] if turned else pair
        if not (from_base and to_own):
            continue  # a code without counterpart keeps its row
        try:
            source, target = base.normalise(from_base), scheme.normalise(to_own)
        except SchemeError as error:
            raise SchemeError(
                f"{path.name} row {number}: {error.message}", file=path.name, row=number
            ) from error
        note = row.get("note", "")
        found += [(leaf, target, note) for leaf in base.leaves_under(source)]
    return found


def _terms(folder: Path, scheme: Scheme) -> tuple[IndexTerm, ...]:
    path = folder / INDEX
    if not path.is_file():
        return ()
    terms = []
    for number, row in _rows(path, ("term", "code")):
        if row["code"] not in scheme:
            raise SchemeError(
                f"{path.name} row {number}: {scheme.name} has no code {row['code'][:20]}",
                file=path.name,
                row=number,
            )
        terms.append(IndexTerm(row["term"], row["code"], row.get("source", "")))
    return tuple(terms)


def _rows(path: Path, needed: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SchemeError(f"{path.name} cannot be read as UTF-8 text", file=path.name) from error
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [cell.strip().lower() for cell in next(reader, [])]
    if missing := [column for column in needed if column not in header]:
        raise SchemeError(f"{path.name} lacks the column {', '.join(missing)}", file=path.name)
    rows = []
    for number, cells in enumerate(reader, start=2):
        if cells and len(cells) < len(header):
            raise SchemeError(
                f"{path.name} row {number} has {len(cells)} cells, not {len(header)}",
                file=path.name,
                row=number,
            )
        if any(cells):
            row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
            rows.append((number, row))
    return rows
