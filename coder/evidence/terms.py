"""The index of a scheme, made ready for lookup and kept beside the index itself.

Bringing 65,000 terms into `normal` form takes two seconds, so the result is a shipped file,
training_data/evidence/<scheme>.lookup.csv.gz, written by `python -m coder.evidence`. Its
first line names what it was made from; a file made from another index is not used.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import overload

from coder.errors import SchemeError
from coder.evidence.words import order_key
from coder.resources import shipped
from coder.schemes import IndexTerm, load_index
from coder.text import Domain, domain_of, normal

SCHEMES = ("isco-08", "isco-88", "isic-4")
_FORMAT = "1"
# how much a source's word counts when several codes share a term; others count 1
_WEIGHT = {
    "official title": 6.0,
    "ILO index": 5.0,
    "ESCO preferred": 3.0,
    "ESCO alternative": 2.0,
    "O*NET occupation": 2.0,
    "SOC 2010": 2.0,
    "SOC 2018": 2.0,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One normal form of the index.

    form   the `normal` form; key: its `order_key`; term: as the weightiest source prints it
    codes  the codes that share the form, with their share of the sources' weight (sums to 1),
           largest first
    """

    form: str
    key: str
    term: str
    codes: tuple[tuple[str, float], ...]


class Entries(Sequence[Entry]):
    """The entries of a lookup file, each read from its line when it is asked for: of 65,000 lines
    a single title needs a few, and the first suggestion must not wait for the others.

    Form and key come first in a line and are never quoted: they hold no comma.
    """

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, row: int) -> Entry: ...
    @overload
    def __getitem__(self, row: slice) -> Entries: ...
    def __getitem__(self, row: int | slice) -> Entry | Entries:
        return Entries(self._lines[row]) if isinstance(row, slice) else _entry(self._lines[row])

    def forms(self) -> list[str]:
        """The `form` of every entry, in order."""
        return [line[: line.index(",")] for line in self._lines]

    def keys(self) -> list[str]:
        """The `key` of every entry, in order."""
        return [key or form for form, key, _ in (line.split(",", 2) for line in self._lines)]


@lru_cache(maxsize=8)
def load_entries(scheme: str) -> Entries:
    """The entries of a scheme's index, by form; empty when the scheme has no index."""
    if _index_path(scheme) is None:
        return Entries([])
    path = shipped("training_data", "evidence", f"{scheme}.lookup.csv.gz")
    if path.is_file():
        first, *lines = gzip.decompress(path.read_bytes()).decode("utf-8").split("\n")
        if first == _head(scheme):
            return Entries(lines[:-1])  # the last line ends, too
    return entries_of(build_entries(scheme, load_index(scheme)))


def entries_of(entries: Iterable[Entry]) -> Entries:
    """The same entries as a lookup file would hold them."""
    return Entries([_line(entry) for entry in entries])


def build_entries(
    scheme: str, terms: tuple[IndexTerm, ...], domain: Domain | None = None
) -> tuple[Entry, ...]:
    """The entries made from `terms` themselves, sorted by form."""
    domain = domain or domain_of(scheme)
    weights: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    printed: dict[str, tuple[float, str]] = {}
    for term in terms:
        form = normal(term.term, domain)
        if not form:
            continue
        weight = _WEIGHT.get(term.source, 1.0)
        weights[form][term.code] += weight
        if form not in printed or weight > printed[form][0]:
            printed[form] = (weight, term.term)
    return tuple(
        Entry(form, order_key(form), printed[form][1], _shares(weights[form]))
        for form in sorted(weights)
    )


def _shares(weights: dict[str, float]) -> tuple[tuple[str, float], ...]:
    total = sum(weights.values())
    ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return tuple((code, round(weight / total, 4)) for code, weight in ranked)


def _entry(line: str) -> Entry:
    form, key, term, codes = next(csv.reader([line]))
    if ":" in codes:
        pairs = (pair.split(":") for pair in codes.split("|"))
        return Entry(form, key or form, term, tuple((code, float(share)) for code, share in pairs))
    return Entry(form, key or form, term, ((codes, 1.0),))


def _line(entry: Entry) -> str:
    codes = "|".join(f"{code}:{share}" for code, share in entry.codes)
    if len(entry.codes) == 1:
        codes = entry.codes[0][0]
    out = io.StringIO()
    key = "" if entry.key == entry.form else entry.key
    csv.writer(out, lineterminator="").writerow([entry.form, key, entry.term, codes])
    return out.getvalue()


def _head(scheme: str) -> str:
    return f"made from,{_fingerprint(scheme)}"


def _index_path(scheme: str) -> Path | None:
    folder = shipped("training_data", "index")
    return next(
        (p for end in ("csv.gz", "csv") if (p := folder / f"{scheme}.{end}").is_file()), None
    )


def _fingerprint(scheme: str) -> str:
    digest = hashlib.sha256(_FORMAT.encode())
    if path := _index_path(scheme):
        digest.update(path.read_bytes())
    digest.update(shipped("training_data", "text", "abbreviations.csv").read_bytes())
    return digest.hexdigest()


def write_entries(scheme: str, folder: Path) -> Path:
    """Writes <scheme>.lookup.csv.gz into `folder`; the same index gives the same bytes.

    Raises SchemeError when the scheme has no index.
    """
    terms = load_index(scheme)
    if not terms:
        raise SchemeError(f"{scheme} has no index", scheme=scheme)
    lines = [_head(scheme), *map(_line, build_entries(scheme, terms)), ""]
    path = folder / f"{scheme}.lookup.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode("utf-8"), 9, mtime=0))
    return path
