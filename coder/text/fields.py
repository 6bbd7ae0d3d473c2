"""Which column plays which role for which scheme, by name or by the user's word."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from coder.errors import InputError
from coder.resources import shipped


class Role(StrEnum):
    """What a text field is about."""

    NARRATIVE = "narrative"
    TITLE = "title"
    TASKS = "tasks"
    INDUSTRY = "industry"
    DIAGNOSIS = "diagnosis"
    SIZE = "size"
    EMPLOYMENT = "employment"


@dataclass(frozen=True, slots=True)
class FieldMap:
    """The columns of an input that a scheme reads, in the user's spelling.

    columns  role -> column names, in the order in which their texts are joined
    lone     the input has one text column only, so each row decides what its text is
    """

    scheme: str
    columns: Mapping[Role, tuple[str, ...]]
    lone: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All columns of the map, each once."""
        return tuple(dict.fromkeys(name for names in self.columns.values() for name in names))

    def texts(self, values: Mapping[str, Sequence[str]]) -> dict[Role, list[str]]:
        """Role -> one text per row; several columns of a role are joined by ". ".

        values: column name -> its cells, all of one length; a missing cell is "".
        """
        out: dict[Role, list[str]] = {}
        for role, names in self.columns.items():
            cells = [values[name] for name in names]
            if len(cells) == 1:
                out[role] = list(cells[0])
            else:
                rows = zip(*cells, strict=True)
                out[role] = [". ".join(filter(None, (t.strip() for t in row))) for row in rows]
        return out


@lru_cache(maxsize=1)
def _names() -> Mapping[str, Role]:
    """Column name without case, blanks and "_" -> role: training_data/text/column_names.csv."""
    path = shipped("training_data", "text", "column_names.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return MappingProxyType({row["name"]: Role(row["role"]) for row in csv.DictReader(file)})


_MAIN: Mapping[str, Role] = MappingProxyType(
    {
        "injury-type": Role.NARRATIVE,
        "body-part": Role.NARRATIVE,
        "isco": Role.TITLE,
        "isic": Role.INDUSTRY,
        "injury-mode": Role.NARRATIVE,
        "material-agency": Role.NARRATIVE,
        "deviation": Role.NARRATIVE,
        "specific-activity": Role.NARRATIVE,
        "location": Role.NARRATIVE,
        "size-class": Role.SIZE,
        "icse-93": Role.EMPLOYMENT,
        "icse-18": Role.EMPLOYMENT,
    }
)
# columns that are no free text: an input with these and one text column has a lone text column
_NO_TEXT = frozenset((Role.DIAGNOSIS, Role.SIZE, Role.EMPLOYMENT))
# what a scheme family reads; the first roles named make it usable
_READS: Mapping[Role, tuple[Role, ...]] = MappingProxyType(
    {
        Role.NARRATIVE: (Role.NARRATIVE, Role.DIAGNOSIS),
        Role.TITLE: (Role.TITLE, Role.TASKS, Role.INDUSTRY, Role.NARRATIVE),
        Role.INDUSTRY: (Role.INDUSTRY, Role.TITLE, Role.TASKS, Role.NARRATIVE),
        Role.SIZE: (Role.SIZE, Role.NARRATIVE),
        Role.EMPLOYMENT: (Role.EMPLOYMENT, Role.TITLE, Role.NARRATIVE),
    }
)
_ENOUGH: Mapping[Role, tuple[Role, ...]] = MappingProxyType(
    {
        Role.NARRATIVE: (Role.NARRATIVE,),
        Role.TITLE: (Role.TITLE, Role.TASKS, Role.NARRATIVE),
        Role.INDUSTRY: (Role.INDUSTRY, Role.NARRATIVE),
        Role.SIZE: (Role.SIZE, Role.NARRATIVE),
        Role.EMPLOYMENT: (Role.EMPLOYMENT, Role.TITLE, Role.NARRATIVE),
    }
)
_NEVER_TEXT = re.compile(
    r"(?:^|[_\W])(?:id|ids|no|nr|num|number|code|codes|cd|date|dt|year|yr|month|day|time|age|sex|"
    r"gender|count|weight|lat|lon|latitude|longitude|zip|postcode|url|index|key|uuid|row|gold|"
    r"label|status|group|fold|split)(?:[_\W\d]|$)|^unnamed",
    re.IGNORECASE,
)
_CAMEL_TAIL = re.compile(r"(?<=[a-z])(?:Id|ID|Code|Date|Year|Number|No)$")
_TAIL_NUMBER = re.compile(r"\d+$")


def main_role(scheme: str) -> Role | None:
    """The role whose text a scheme codes; None for a user's scheme, which reads all text."""
    return _MAIN.get(scheme) or _MAIN.get(scheme.partition("-")[0])


def _key(column: str) -> str:
    return re.sub(r"[\W_]+", "", column.casefold())


def role_of(column: str) -> Role | None:
    """The role that a column's name tells, or None. Case, spaces, "_" and a final number are
    ignored: "Job Title", "JOB_TITLE" and "narrative_1" are known."""
    key = _key(column)
    return _names().get(key) or _names().get(_TAIL_NUMBER.sub("", key))


def may_hold_text(column: str) -> bool:
    """False for columns whose name says id, code, date, year, number and the like."""
    if role_of(column) is not None:
        return True
    return not (_NEVER_TEXT.search(column) or _CAMEL_TAIL.search(column))


def resolve_fields(
    columns: Sequence[str], scheme: str, override: Sequence[str] | None = None
) -> FieldMap:
    """Which of `columns` the scheme reads, and as what.

    Without `override` the names decide, and an input with a single text column lends it to every
    scheme. With `override` the first column named is the scheme's main text, the others are
    context by their name (tasks when the name says nothing).
    Raises InputError, which lists the columns found, when nothing fits or a column is missing.
    """
    if override:
        return _overridden(columns, scheme, override)
    named: dict[Role, list[str]] = {}
    for column in columns:
        if (role := role_of(column)) is not None:
            named.setdefault(role, []).append(column)
    texts = [c for c in columns if may_hold_text(c) and role_of(c) not in _NO_TEXT]
    main = main_role(scheme)
    if main is None:
        used = [c for role in Role if role not in _NO_TEXT for c in named.get(role, [])]
        used = used or texts[:1] if len(texts) == 1 or used else []
        if used:
            return FieldMap(scheme, MappingProxyType({Role.NARRATIVE: tuple(used)}))
        raise _no_column(columns, scheme)
    if any(role in named for role in _ENOUGH[main]):
        found = {role: tuple(named[role]) for role in _READS[main] if role in named}
        lone = len(texts) == 1 and set(found) == {Role.NARRATIVE}
        return FieldMap(scheme, MappingProxyType(found), lone)
    if len(texts) == 1:
        only: dict[Role, tuple[str, ...]] = {Role.NARRATIVE: (texts[0],)}
        if main is Role.NARRATIVE and Role.DIAGNOSIS in named:
            only[Role.DIAGNOSIS] = tuple(named[Role.DIAGNOSIS])
        return FieldMap(scheme, MappingProxyType(only), lone=True)
    raise _no_column(columns, scheme)


def _overridden(columns: Sequence[str], scheme: str, override: Sequence[str]) -> FieldMap:
    for name in override:
        if name not in columns:
            raise InputError(
                f"column '{name}' for {scheme} is not in the input; found: {_listed(columns)}",
                column=name,
                scheme=scheme,
            )
    main = main_role(scheme) or Role.NARRATIVE
    chosen: dict[Role, list[str]] = {main: [override[0]]}
    for name in override[1:]:
        role = main if main_role(scheme) is None else role_of(name) or _context(main)
        chosen.setdefault(_context(main) if role is main is not Role.NARRATIVE else role, [])
        chosen[_context(main) if role is main is not Role.NARRATIVE else role].append(name)
    return FieldMap(scheme, MappingProxyType({r: tuple(c) for r, c in chosen.items()}))


def _context(main: Role) -> Role:
    return Role.NARRATIVE if main is Role.NARRATIVE else Role.TASKS


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(columns[:30])
    return shown + (f" and {len(columns) - 30} more" if len(columns) > 30 else "")


def _no_column(columns: Sequence[str], scheme: str) -> InputError:
    return InputError(
        f"no usable text column for {scheme}; found: {_listed(columns)} "
        f"(name one with --text {scheme}=COLUMN)",
        scheme=scheme,
        columns=tuple(columns),
    )
