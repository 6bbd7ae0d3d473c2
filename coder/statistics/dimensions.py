"""What a table is broken down by: columns of the file, and codes with their uncertainty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from coder.errors import InputError, SchemeError
from coder.measures.arrays import BoolArray, FloatArray, IntArray
from coder.schemes import Scheme, list_schemes, load_scheme
from coder.statistics.bands import band_names, banded
from coder.statistics.cases import Cases, column
from coder.statistics.options import SPREAD, Options

TOTAL: Final = "total"
NOT_CODED: Final = "not coded"
NOT_STATED: Final = "not stated"
AUTO, REVIEW, UNCODABLE = "auto", "review", "uncodable"
#: Schemes that describe the worker or the enterprise: their rates need workers of each code.
REFERENCE_GROUPS: Final = ("isco", "isic", "icse", "size")
#: Columns that `coder code --facts` writes about the accident; the rest may describe the worker.
ABOUT_THE_ACCIDENT: Final = frozenset(
    ("transport_mode", "transport_role", "counterpart_mode", "persons_injured", "violence",
     "violence_by")
)  # fmt: skip
#: Columns that every table has: a dimension of the same name could not stand beside them.
TAKEN: Final = frozenset(
    ("period", "accident", "outcome", "measure", "value", "se_sampling", "se_coding", "se", "low",
     "high", "unit", "status", "revision", "previous")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chances:
    """What the machine-coded records may be instead: the coding uncertainty of a dimension.

    row       records with a probability, shape (m,)
    value     their possible values, shape (m, k)
    weight    the probabilities, shape (m, k), rows add up to 1
    top       the values' codes at level 1, numbered, shape (m, k)
    """

    row: IntArray
    value: IntArray
    weight: FloatArray
    top: IntArray

    def draw(self, rng: np.random.Generator, systematic: float) -> IntArray:
        """One value per record of `row`, drawn with its probability.

        Before, the odds of each code of level 1 are multiplied by exp(systematic z), z standard
        normal and the same for all records: what the model gets wrong in one file it gets wrong
        alike in every record. The same generator draws the same codes at every level.
        """
        weight = self.weight
        if systematic > 0:
            factor = np.exp(systematic * rng.standard_normal(int(self.top.max()) + 1))
            weight = weight * factor[self.top]
        upto = np.cumsum(weight, axis=1)
        place = (upto < rng.random((len(self.row), 1)) * upto[:, -1:]).sum(axis=1)
        place = np.minimum(place, self.value.shape[1] - 1)
        return np.asarray(self.value[np.arange(len(self.row)), place])


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way to break the cases down.

    `values` are its codes, the last one the rest: cases without a code or a statement, which
    have a row of their own, so that every total is the file's. `index` is each case's value.
    """

    name: str
    column: str
    scheme: Scheme | None
    level: int
    values: tuple[str, ...]
    titles: tuple[str, ...]
    index: IntArray
    status: tuple[str, ...]
    chances: Chances | None
    characteristic: bool

    @property
    def rest(self) -> int:
        return len(self.values) - 1


def read_dimension(
    spec: str, cases: Cases, options: Options, file: str, also: Iterable[str] = ()
) -> Dimension:
    """The dimension that `spec` names: a column, `scheme` or `scheme:level`.

    `also` are values of a plain column that no case need have (groups of the denominators).

    Raises InputError for an unknown column, one that is named as a column of the tables, codes
    that the scheme does not have (naming the revision that has them), and a level that it does
    not have.
    """
    name, _, level = spec.partition(":")
    if name in TAKEN:
        raise InputError(
            f"--by {name}: the tables have a column '{name}' of their own; rename that of {file}",
            column=name,
        )
    table = cases.table
    mapped = dict(options.codes)
    if f"{name}_code" in table.column_names:
        return _coded(spec, name, f"{name}_code", name, level, cases, options, file)
    if name in mapped:
        return _coded(spec, name, name, mapped[name], level, cases, options, file)
    if level:
        raise InputError(
            f"{file} has no column '{name}_code' to take level {level} of; its columns: "
            f"{', '.join(table.column_names)}",
            file=file,
        )
    cells = column(table, name, file)
    starts = dict(options.bands).get(name)
    if starts is not None:
        cells = banded(cells, starts, name, cases.row, file)
    order = band_names(starts) if starts else ()
    found = sorted({*filter(None, cells), *filter(None, also)} - set(order), key=_natural)
    values = (*order, *found)
    number = {value: i for i, value in enumerate(values)} | {"": len(values)}
    index = np.array([number[cell] for cell in cells], np.int64)
    kind = name in options.characteristics or name in ABOUT_THE_ACCIDENT
    every = (*values, NOT_STATED)
    return Dimension(name, name, None, 0, every, every, index, (), None, kind)


def _natural(value: str) -> tuple[float, str]:
    try:
        return float(value), value
    except ValueError:
        return np.inf, value


def _coded(
    spec: str,
    name: str,
    column_name: str,
    scheme_name: str,
    level_text: str,
    cases: Cases,
    options: Options,
    file: str,
) -> Dimension:
    scheme = load_scheme(scheme_name)
    level = _level(scheme, level_text)
    cells = column(cases.table, column_name, file)
    place, values = _places(scheme, level)
    found = {cell: _found(scheme, cell) for cell in set(filter(None, cells))}
    _refuse_unknown(scheme, found, cells, cases, column_name, file)
    at = {cell: place.get(code or "", len(values)) for cell, code in found.items()}
    index = np.array([at.get(cell, len(values)) for cell in cells], np.int64)
    status = _status(cases.table, name, cells, file)
    chances = _chances(cases, name, scheme, place, index, status, options, file)
    titles = tuple(scheme[code].title for code in values)
    worker = scheme.name.startswith(REFERENCE_GROUPS)
    kind = not worker or spec in options.characteristics or name in options.characteristics
    return Dimension(
        spec, column_name, scheme, level, (*values, NOT_CODED), (*titles, NOT_CODED), index,
        status, chances, kind,
    )  # fmt: skip


def _level(scheme: Scheme, text: str) -> int:
    if not text:
        return 1
    if not text.isdigit() or int(text) not in scheme.levels:
        raise InputError(
            f"{scheme.name} has the levels {', '.join(map(str, scheme.levels))}, not '{text}'"
        )
    return int(text)


def _places(scheme: Scheme, level: int) -> tuple[Mapping[str, int], tuple[str, ...]]:
    """Code → place of its ancestor at `level`; a leaf above that level is itself.

    A coarser code with children says nothing at `level` and has no place.
    """
    leaves = set(scheme.leaves)
    values = tuple(
        code
        for code, entry in scheme.codes.items()
        if entry.level == level or (entry.level < level and code in leaves)
    )
    number = {value: i for i, value in enumerate(values)}
    found = {code: scheme.ancestor(code, level) for code in scheme.codes}
    return {code: number[up] for code, up in found.items() if up in number}, values


def _found(scheme: Scheme, cell: str) -> str | None:
    try:
        return scheme.normalise(cell)
    except SchemeError:
        return None


def _refuse_unknown(
    scheme: Scheme,
    found: Mapping[str, str | None],
    cells: Sequence[str],
    cases: Cases,
    name: str,
    file: str,
) -> None:
    unknown = {cell for cell, code in found.items() if code is None}
    if not unknown:
        return
    rows = [int(cases.row[i]) for i, cell in enumerate(cells) if cell in unknown]
    other = _other_revision(scheme, unknown)
    why = (
        f"they are codes of {other}: two revisions in one column; convert them with "
        f"'coder schemes convert --from {other} --to {scheme.name}'"
        if other
        else "correct them, or leave the cell empty where there is no code"
    )
    raise InputError(
        f"{file} row {rows[0]}, column '{name}': {len(rows)} cells are no codes of "
        f"{scheme.name}; {why}",
        file=file,
        row=rows[0],
        column=name,
    )


def _other_revision(scheme: Scheme, unknown: set[str]) -> str | None:
    family = scheme.name.split("-")[0]
    for name in list_schemes():
        if name != scheme.name and name.split("-")[0] == family:
            other = load_scheme(name)
            if all(_found(other, cell) is not None for cell in unknown):
                return name
    return None


def _status(table: pa.Table, name: str, cells: Sequence[str], file: str) -> tuple[str, ...]:
    """auto, review, uncodable, or anything else for a code that a person gave."""
    if f"{name}_status" in table.column_names:
        return tuple(column(table, f"{name}_status", file))
    return tuple("decided" if cell else "" for cell in cells)


def _chances(
    cases: Cases,
    name: str,
    scheme: Scheme,
    place: Mapping[str, int],
    index: IntArray,
    status: Sequence[str],
    options: Options,
    file: str,
) -> Chances | None:
    """Probabilities of the automatic and undecided records; None without suggestions."""
    spread = options.undecided == SPREAD
    kept = np.array([s == AUTO for s in status], bool) & (index < len(set(place.values())))
    open_ = np.array([s in (AUTO, REVIEW) for s in status], bool)
    uncertain = open_ if spread else kept
    if not uncertain.any():
        return None
    if f"{name}_suggestions" in cases.table.column_names:
        return _suggested(cases, name, scheme, place, uncertain, file)
    if f"{name}_confidence" in cases.table.column_names:
        return _from_confidence(cases, name, index, uncertain, len(set(place.values())), file)
    return None


def _suggested(
    cases: Cases,
    name: str,
    scheme: Scheme,
    place: Mapping[str, int],
    uncertain: BoolArray,
    file: str,
) -> Chances | None:
    """From `code:probability|…`; what the list leaves out is given to it in proportion."""
    listed = column(cases.table, f"{name}_suggestions", file)
    memory: dict[str, tuple[int, int]] = {}
    rows, values, weights, tops = [], [], [], []
    for i in map(int, np.flatnonzero(uncertain)):
        if not listed[i]:
            continue
        pairs = [part.rpartition(":") for part in listed[i].split("|")]
        try:
            weight = [float(p) for _, _, p in pairs]
            both = [_placed(code, scheme, place, memory) for code, _, _ in pairs]
        except (ValueError, KeyError, SchemeError):
            raise InputError(
                f"{file} row {cases.row[i]}, column '{name}_suggestions': not a list of "
                f"code:probability|code:probability with codes of {scheme.name}",
                file=file,
                row=int(cases.row[i]),
            ) from None
        if min(weight) < 0 or sum(weight) <= 0:
            continue
        rows.append(i)
        values.append([value for value, _ in both])
        tops.append([top for _, top in both])
        weights.append(weight)
    if not rows:
        return None
    weight_of = _padded(weights, np.float64)
    weight_of /= weight_of.sum(axis=1, keepdims=True)
    return Chances(
        np.array(rows, np.int64), _padded(values, np.int64), weight_of, _padded(tops, np.int64)
    )


def _placed(
    code: str, scheme: Scheme, place: Mapping[str, int], memory: dict[str, tuple[int, int]]
) -> tuple[int, int]:
    """A suggested code's value, and the number of its code at level 1."""
    if code not in memory:
        known = scheme.normalise(code)
        order = list(scheme.codes)
        memory[code] = place[known], order.index(scheme.ancestor(known, 1))
    return memory[code]


def _padded(lists: Sequence[Sequence[float]], kind: type[np.generic]) -> np.ndarray[Any, Any]:
    """Lists of different length as the rows of an array, filled up with zeros."""
    found: np.ndarray[Any, Any] = np.zeros((len(lists), max(map(len, lists))), kind)
    for i, one in enumerate(lists):
        found[i, : len(one)] = one
    return found


def _from_confidence(
    cases: Cases, name: str, index: IntArray, uncertain: BoolArray, size: int, file: str
) -> Chances | None:
    """Without suggestions: the code with its confidence, else a code as frequent in the file."""
    cells = column(cases.table, f"{name}_confidence", file)
    rows = [i for i in np.flatnonzero(uncertain) if index[i] < size and cells[i]]
    if not rows:
        return None
    try:
        confidence = np.array([float(cells[i]) for i in rows])
    except ValueError:
        raise InputError(f"{file}, column '{name}_confidence': not a number") from None
    if ((confidence < 0) | (confidence > 1)).any():
        raise InputError(f"{file}, column '{name}_confidence': not within 0 to 1")
    own = index[rows]
    often = np.bincount(index[index < size], minlength=size).astype(np.float64)
    weight = np.tile(often, (len(rows), 1))
    place = np.arange(len(rows))
    weight[place, own] = 0.0
    left = weight.sum(axis=1, keepdims=True)
    weight *= np.divide(1 - confidence[:, None], left, where=left > 0, out=np.zeros_like(left))
    weight[place, own] = np.where(left[:, 0] > 0, confidence, 1.0)
    value = np.tile(np.arange(size), (len(rows), 1))
    return Chances(np.array(rows, np.int64), value, weight, value)
