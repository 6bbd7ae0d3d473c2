"""A statistical classification: its codes, and the tree they hang on."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from rapidfuzz import fuzz, process, utils

from coder.errors import SchemeError


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of a scheme. `level` counts from 1, the coarsest; `parent` is None at level 1."""

    code: str
    title: str
    level: int
    parent: str | None


class Scheme:
    """A versioned classification. Immutable, hashable and picklable.

    `codes` maps each code to its entry in the official order, `levels` is (1, 2, …, deepest),
    `leaves` are the codes without children, whatever their level, in the official order.
    `version_hash` is the SHA-256 (64 hex digits) over the sorted (code, title, level, parent):
    two schemes with the same hash mean the same thing by every code.

    Raises SchemeError when the codes contradict each other: a code twice, an unknown parent, a
    level that is not its parent's plus one.
    """

    __slots__ = (
        "_children", "_unpadded", "codes", "leaves", "levels", "name", "title", "version_hash",
    )  # fmt: skip

    _children: dict[str, tuple[str, ...]]
    _unpadded: dict[str, str]
    codes: Mapping[str, Code]
    levels: tuple[int, ...]
    leaves: tuple[str, ...]
    name: str
    title: str
    version_hash: str

    def __init__(self, name: str, title: str, codes: Iterable[Code]) -> None:
        entries: dict[str, Code] = {}
        children: dict[str, list[str]] = {}
        for entry in codes:
            if entry.code in entries:
                raise SchemeError(f"scheme {name}: code {entry.code} occurs twice", scheme=name)
            entries[entry.code] = entry
            if entry.parent is not None:
                children.setdefault(entry.parent, []).append(entry.code)
        if not entries:
            raise SchemeError(f"scheme {name} has no codes", scheme=name)
        _check_tree(name, entries)
        put = super().__setattr__
        put("name", name)
        put("title", title)
        put("codes", MappingProxyType(entries))
        put("_children", {parent: tuple(below) for parent, below in children.items()})
        put("levels", tuple(range(1, max(e.level for e in entries.values()) + 1)))
        put("leaves", tuple(code for code in entries if code not in children))
        put("version_hash", _digest(entries.values()))
        put("_unpadded", _unpadded(entries))

    def __setattr__(self, attribute: str, value: object) -> None:
        raise AttributeError(f"a Scheme cannot be changed: {attribute}")

    def __reduce__(self) -> tuple[type[Scheme], tuple[str, str, tuple[Code, ...]]]:
        return Scheme, (self.name, self.title, tuple(self.codes.values()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scheme):
            return NotImplemented
        return (self.name, self.version_hash) == (other.name, other.version_hash)

    def __hash__(self) -> int:
        return hash((self.name, self.version_hash))

    def __repr__(self) -> str:
        return f"Scheme({self.name!r}, {len(self.codes)} codes, {len(self.leaves)} leaves)"

    def __contains__(self, code: object) -> bool:
        return code in self.codes

    def __getitem__(self, code: str) -> Code:
        """The entry of `code`. Raises SchemeError for an unknown code, naming the nearest."""
        try:
            return self.codes[code]
        except KeyError:
            raise self._unknown(code) from None

    def _unknown(self, raw: object) -> SchemeError:
        text = str(raw).strip()[:20]
        nearest = process.extractOne(text, self.codes.keys(), scorer=fuzz.ratio, score_cutoff=50)
        hint = f"; the nearest code is {nearest[0]}" if nearest else ""
        return SchemeError(f"{self.name} has no code {text!r}{hint}", scheme=self.name, code=text)

    def parent(self, code: str) -> str | None:
        """The code one level up, or None at level 1."""
        return self[code].parent

    def children(self, code: str) -> tuple[str, ...]:
        """The codes directly below, in the official order; empty for a leaf."""
        return self._children.get(self[code].code, ())

    def leaves_under(self, code: str) -> tuple[str, ...]:
        """The leaves in the subtree of `code`; a leaf holds itself."""
        below = self.children(code)
        if not below:
            return (code,)
        return tuple(leaf for child in below for leaf in self.leaves_under(child))

    def path(self, code: str) -> tuple[str, ...]:
        """The codes from level 1 down to `code` itself."""
        entry = self[code]
        above = self.path(entry.parent) if entry.parent is not None else ()
        return (*above, code)

    def ancestor(self, code: str, level: int) -> str:
        """The code at `level` above `code`; `code` itself when it is not finer than `level`.

        Raises SchemeError for an unknown code or a level below 1.
        """
        if level < 1:
            raise SchemeError(f"levels of {self.name} start at 1, not {level}", scheme=self.name)
        path = self.path(code)
        return path[min(level, len(path)) - 1]

    def normalise(self, raw: object) -> str:
        """The code as the scheme prints it, from what a spreadsheet made of it.

        Accepts surrounding blanks, a number (7212 or 7212.0), a lost leading zero where only one
        code can be meant ("110" is "0110" in isco-08), the unpadded second part of a dotted code
        ("8.1" is "8.01" in injury-type), and a section letter before an ISIC code ("A0111").
        Raises SchemeError otherwise. A *number* 8.1 is refused where 8.10 is a code as well,
        because the spreadsheet has lost the difference.
        """
        if isinstance(raw, float) and f"{raw}0" in self.codes:
            raise SchemeError(
                f"the number {raw} can be two codes of {self.name}; store codes as text",
                scheme=self.name,
            )
        text = str(raw).strip().upper()
        for form in (str(raw).strip(), text, text.removesuffix(".0")):
            if form in self.codes:
                return form
            if form in self._unpadded:
                return self._unpadded[form]
        rest = text[1:]
        if rest in self.codes and text[:1] == self.path(rest)[0] and len(self.path(rest)) > 1:
            return rest
        raise self._unknown(raw)

    def search(self, query: str, limit: int = 10) -> list[Code]:
        """The codes whose titles are nearest to `query`, best first; misspellings are tolerated."""
        titles = {code: entry.title for code, entry in self.codes.items()}
        found = process.extract(
            query, titles, scorer=fuzz.WRatio, processor=utils.default_process, limit=limit,
            score_cutoff=55,
        )  # fmt: skip
        return [self.codes[code] for _, _, code in found]

    @classmethod
    def from_csv(
        cls, path: str | Path, name: str | None = None, title: str | None = None
    ) -> Scheme:
        """Read a scheme from a CSV with the columns code, title, parent and, optionally, level.

        UTF-8, with or without a byte order mark. An absent `parent` column makes a flat list.
        Raises SchemeError, naming file and row, when the file cannot be read or is no tree.
        """
        path = Path(path)
        name = name or path.stem
        rows = _read_rows(path)
        parents = {row["code"]: row.get("parent") or None for row in rows}
        codes = []
        for number, row in enumerate(rows, start=2):
            level = _depth(row["code"], parents, path)
            if row.get("level") and row["level"] != str(level):
                raise SchemeError(
                    f"{path.name} row {number}: code {row['code']} says level {row['level']}, but "
                    f"its parents make it level {level}",
                    file=path.name,
                    row=number,
                )
            codes.append(Code(row["code"], row["title"], level, parents[row["code"]]))
        return cls(name, title or name, codes)


def _read_rows(path: Path) -> list[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise SchemeError(f"scheme file {path.name}: {reason}", file=path.name) from error
    except UnicodeDecodeError as error:
        raise SchemeError(f"scheme file {path.name} is not UTF-8", file=path.name) from error
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [column.strip().lower() for column in next(reader, [])]
    if "code" not in header or "title" not in header:
        raise SchemeError(
            f"scheme file {path.name} needs the columns code, title and parent; it has: "
            f"{', '.join(header) or 'none'}",
            file=path.name,
        )
    rows = []
    for number, cells in enumerate(reader, start=2):
        row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        if not any(row.values()):
            continue
        if not row.get("code") or not row.get("title"):
            raise SchemeError(
                f"{path.name} row {number} lacks its code or its title", file=path.name, row=number
            )
        rows.append(row)
    return rows


def _depth(code: str, parents: Mapping[str, str | None], path: Path) -> int:
    seen = [code]
    parent = parents[code]
    while parent is not None:
        if parent not in parents:
            raise SchemeError(
                f"{path.name}: code {seen[-1]} has the unknown parent {parent}", file=path.name
            )
        if parent in seen:
            raise SchemeError(f"{path.name}: code {code} is its own ancestor", file=path.name)
        seen.append(parent)
        parent = parents[parent]
    return len(seen)


def _check_tree(name: str, entries: Mapping[str, Code]) -> None:
    for entry in entries.values():
        above = 0
        if entry.parent is not None:
            if entry.parent not in entries:
                raise SchemeError(
                    f"scheme {name}: code {entry.code} has the unknown parent {entry.parent}",
                    scheme=name,
                )
            above = entries[entry.parent].level
        if entry.level != above + 1:
            raise SchemeError(
                f"scheme {name}: code {entry.code} has level {entry.level}, its parent {above}",
                scheme=name,
            )


def _digest(entries: Iterable[Code]) -> str:
    rows = sorted((e.code, e.title, str(e.level), e.parent or "") for e in entries)
    text = "\n".join("\t".join(row) for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()


def _unpadded(entries: Mapping[str, Code]) -> dict[str, str]:
    """What a code becomes without its zeros, where only one code can be meant."""
    forms: dict[str, set[str]] = {}
    for code in entries:
        head, dot, tail = code.partition(".")
        short = f"{head}.{tail.lstrip('0')}" if dot else head.lstrip("0")
        if short != code and short not in entries:
            forms.setdefault(short, set()).add(code)
    return {short: codes.pop() for short, codes in forms.items() if short and len(codes) == 1}
