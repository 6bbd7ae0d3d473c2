"""From the codes of one scheme to the codes of another: every target, and how sure it is."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from coder.errors import SchemeError
from coder.resources import shipped
from coder.schemes import icd10
from coder.schemes.scheme import Scheme
from coder.schemes.shipped import TITLES, load_scheme

ALIASES = {
    "oiics-nature": "oiics-2.01-nature",
    "oiics-body": "oiics-2.01-body",
    "oiics-event": "oiics-2.01-event",
    "oiics-source": "oiics-2.01-source",
    "icd10": "icd-10",
    "icd-10-cm": "icd-10",
}
# Two revisions with no table of their own go through a third.
_THROUGH = {
    ("isic-4", "isic-3"): "isic-3.1",
    ("isic-3", "isic-4"): "isic-3.1",
    ("isic-5", "isic-3.1"): "isic-4",
    ("isic-3.1", "isic-5"): "isic-4",
    ("isic-5", "isic-3"): "isic-4",
    ("isic-3", "isic-5"): "isic-4",
}
UNCHECKED = "unchecked"  # a note that begins so: nothing is coded by this link without a person
_COLUMNS = ["source_code", "source_title", "target_code", "partial", "note"]


@dataclass(frozen=True, slots=True)
class Link:
    """One target of a source code.

    `partial` says that the source code has several targets, so that this one is only possible.
    """

    source: str
    target: str
    partial: bool
    note: str


class Crosswalk:
    """Links from the codes of `source` to the codes of `target`.

    A target may be a coarse code ("2"): it means one of the codes below it. A source code that
    is listed without a target is no injury, or its place cannot be told; its note says which.
    """

    def __init__(
        self,
        source: str,
        target: str,
        links: Mapping[str, Sequence[Link]],
        titles: Mapping[str, str] | None = None,
        target_titles: Mapping[str, str] | None = None,
        schemes: tuple[Scheme, Scheme] | None = None,
    ) -> None:
        self.source = source
        self.target = target
        self._links = {code: tuple(to) for code, to in links.items()}
        self._titles = dict(titles or {})
        self._target_titles = dict(target_titles or {})
        own = schemes or (None, None)
        self._scheme = own[0] or (load_scheme(source) if source in TITLES else None)
        self._target_scheme = own[1] or (load_scheme(target) if target in TITLES else None)

    @property
    def codes(self) -> tuple[str, ...]:
        """The source codes that the crosswalk lists, with or without a target, in file order."""
        return tuple(self._links)

    def title(self, code: str) -> str:
        """The title of a source code, "" when the crosswalk does not know one."""
        return self._titles.get(self.find(code), "")

    def target_title(self, code: str) -> str:
        """The title of a target code, "" when neither its scheme nor the crosswalk knows one."""
        if self._target_scheme is not None and code in self._target_scheme:
            return self._target_scheme[code].title
        return self._target_titles.get(code, "")

    @property
    def schemes(self) -> tuple[Scheme | None, Scheme | None]:
        """The schemes of the source and target codes, None for a coding system without one."""
        return self._scheme, self._target_scheme

    def find(self, raw: object) -> str:
        """The listed source code that `raw` means.

        ICD-10 codes go to the longest listed code they begin with. A code of a shipped scheme is
        normalised as `Scheme.normalise` does; other codes lose blanks and ".0", and may lack
        leading zeros. Raises SchemeError when nothing listed is meant.
        """
        if self.source == "icd-10":
            found = icd10.longest_prefix(raw, self._links)
            if found is None:
                raise self._unknown(raw)
            return found
        if self._scheme is not None:
            return self._scheme.normalise(raw)
        text = str(raw).strip().upper()
        for form in (text, text.removesuffix(".0"), text.lstrip("0") or "0"):
            if form in self._links:
                return form
        raise self._unknown(raw)

    def _unknown(self, raw: object) -> SchemeError:
        text = str(raw).strip()[:20]
        nearest = process.extractOne(text, self._links.keys(), scorer=fuzz.ratio, score_cutoff=60)
        hint = f"; the nearest code is {nearest[0]}" if nearest else ""
        return SchemeError(
            f"{self.source} has no code {text!r}{hint}", scheme=self.source, code=text
        )

    def targets(self, code: object) -> tuple[Link, ...]:
        """All links of a source code; empty for a code that is listed without a target.

        A coarser code of a scheme gets the targets of all codes below it, lifted to its own
        level. Raises SchemeError for an unknown code.
        """
        found = self.find(code)
        if found in self._links:
            links = tuple(link for link in self._links[found] if link.target)
            if self.source == "icd-10" and self.target == "injury-type":
                kind = icd10.fracture_kind(code) if [x.target for x in links] == ["2"] else None
                if kind:
                    return (Link(found, kind, False, "open or closed told by the code"),)
            return links
        return self._lifted(found)

    def _lifted(self, code: str) -> tuple[Link, ...]:
        if self._scheme is None:
            return ()
        level = self._scheme[code].level
        reached: dict[str, None] = {}
        for leaf in self._scheme.leaves_under(code):
            for link in self._links.get(leaf, ()):
                if link.target:
                    reached[_lift(self._target_scheme, link.target, level)] = None
        return tuple(Link(code, target, len(reached) > 1, "") for target in reached)

    def note(self, code: object) -> str:
        """Why a listed code has no target, or the first note of its links; "" without one."""
        return next((link.note for link in self._links.get(self.find(code), ()) if link.note), "")

    def convert(self, code: object) -> tuple[str, ...]:
        """The target codes of a source code, in file order: all of them."""
        return tuple(link.target for link in self.targets(code))


def _lift(scheme: Scheme | None, code: str, level: int) -> str:
    return code if scheme is None else scheme.ancestor(code, level)


def list_crosswalks() -> list[tuple[str, str]]:
    """The (source, target) pairs that have a file; each also works backwards."""
    names = sorted(path.stem for path in shipped("training_data", "crosswalks").glob("*_*.csv"))
    return [(name.split("_")[0], name.split("_")[1]) for name in names]


def has_crosswalk(source: str, target: str) -> bool:
    """Whether `load_crosswalk` has a way from `source` to `target`."""
    pairs = list_crosswalks()
    return bool({(source, target), (target, source)} & set(pairs)) or (source, target) in _THROUGH


def crosswalk_of(
    source: Scheme, target: Scheme, triples: Iterable[tuple[str, str, str]]
) -> Crosswalk:
    """A crosswalk of one's own, from (source code, target code, note)."""
    links = _grouped(dict.fromkeys(triples))
    return Crosswalk(source.name, target.name, links, schemes=(source, target))


def load_crosswalk(source: str, target: str) -> Crosswalk:
    """The crosswalk from `source` to `target`, in either direction of its file, cached.

    isic-4 and isic-3 are joined through isic-3.1. Raises SchemeError, listing what there is.
    """
    names = [name.strip().lower() for name in (source, target)]
    return _load(ALIASES.get(names[0], names[0]), ALIASES.get(names[1], names[1]))


@lru_cache(maxsize=64)
def _load(source: str, target: str) -> Crosswalk:
    pairs = list_crosswalks()
    if (source, target) in pairs:
        rows = _rows(source, target)
        titles = {row[0]: row[1] for row in rows}
        return Crosswalk(source, target, _grouped((r[0], r[2], r[4]) for r in rows), titles)
    if (target, source) in pairs:
        rows = _rows(target, source)
        turned = ((r[2], r[0], r[4]) for r in rows if r[2])
        titles = {row[0]: row[1] for row in rows}
        return Crosswalk(source, target, _grouped(turned), target_titles=titles)
    if (source, target) in _THROUGH:
        return _chain(source, _THROUGH[source, target], target)
    known = ", ".join(f"{a} to {b}" for a, b in pairs)
    raise SchemeError(
        f"there is no crosswalk from {source} to {target}; there are (also backwards): {known}",
        source=source,
        target=target,
    )


def _rows(source: str, target: str) -> list[list[str]]:
    path = shipped("training_data", "crosswalks", f"{source}_{target}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        if next(reader, None) != _COLUMNS:
            raise SchemeError(f"crosswalk {path.name} is damaged: install narracoder again")
        return list(reader)


def _grouped(triples: Iterable[tuple[str, str, str]]) -> dict[str, list[Link]]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for source, target, note in triples:
        groups.setdefault(source, []).append((target, note))
    return {
        source: [Link(source, target, len(links) > 1, note) for target, note in links]
        for source, links in groups.items()
    }


def _chain(source: str, middle: str, target: str) -> Crosswalk:
    first, second = _load(source, middle), _load(middle, target)
    triples: list[tuple[str, str, str]] = []
    for code in first.codes:
        reached: dict[str, str] = {}
        for link in first.targets(code):
            for onward in second.targets(link.target):
                doubt = any(one.note.startswith(UNCHECKED) for one in (link, onward))
                way = f"through {middle} {link.target}"
                reached.setdefault(onward.target, f"{UNCHECKED}: {way}" if doubt else way)
        triples.extend((code, to, note) for to, note in reached.items())
        if not reached:
            triples.append((code, "", f"no counterpart through {middle}"))
    return Crosswalk(source, target, _grouped(triples))
