"""Whom and what the cases cover, as far as a file shows it (paragraphs 7 and 8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coder.errors import SchemeError
from coder.figures.tables import Row
from coder.schemes import Scheme, list_schemes, load_scheme
from coder.statistics.cases import Cases
from coder.statistics.dimensions import Dimension
from coder.statistics.options import Options

WORKERS, ACTIVITIES = "status in employment (paragraph 7)", "economic activity (paragraph 8)"
_FAMILIES = {"icse": WORKERS, "isic": ACTIVITIES}
#: "Workers not classifiable by status" are no workers that a source could leave out.
_NO_GROUP = {("icse-93", "6")}


def covered(cases: Cases, dimensions: Sequence[Dimension], options: Options) -> Row:
    """What `metadata.json` says of coverage: groups without a case, and what the user left out.

    Per classification of workers or activities: its groups (level 1), and those that no decided
    case is in. Under disclosure control only classifications that the tables publish are looked
    at, since a group without a case is a figure too.
    """
    groups: list[Row] = []
    for name, scheme in _schemes(cases, options):
        if options.disclosure.active and name not in {d.column for d in dimensions}:
            continue
        seen = {_top(scheme, cell.strip()) for cell in cases.table[name].unique().to_pylist()}
        tops = [
            code
            for code, entry in scheme.codes.items()
            if entry.level == 1 and (scheme.name, code) not in _NO_GROUP
        ]
        missing = [f"{code} {scheme[code].title}" for code in tops if code not in seen]
        of = _FAMILIES[scheme.name.split("-")[0]]
        groups.append(
            {"of": of, "scheme": scheme.name, "groups": len(tops), "without_cases": missing}
        )
    stated = {row["of"] for row in groups}
    return {
        "groups": groups,
        "not_stated": [of for of in _FAMILIES.values() if of not in stated],
        "not_covered": list(options.not_covered),
    }


def gaps(coverage: Row) -> list[str]:
    """Coverage as divergences from the standard (paragraph 22)."""
    groups, left_out = coverage["groups"], coverage["not_covered"]
    assert isinstance(groups, list)
    assert isinstance(left_out, list)
    found = [f"Not covered: {name} (paragraphs 7 and 8)." for name in left_out]
    for row in groups:
        if row["without_cases"]:
            found.append(
                f"No case is in these groups of {row['scheme']}, {row['of']}: "
                f"{'; '.join(row['without_cases'])}. They had none, or are not covered."
            )
    return found


def _schemes(cases: Cases, options: Options) -> Iterator[tuple[str, Scheme]]:
    """Columns with codes of workers or activities."""
    mapped = {f"{name}_code": name for name in list_schemes()} | dict(options.codes)
    for name in cases.table.column_names:
        scheme = mapped.get(name, "")
        if scheme.split("-")[0] in _FAMILIES:
            yield name, load_scheme(scheme)


def _top(scheme: Scheme, cell: str) -> str | None:
    """The code's group; None for an empty cell, and for a code that no table was made of."""
    try:
        return scheme.ancestor(scheme.normalise(cell), 1) if cell else None
    except SchemeError:
        return None
