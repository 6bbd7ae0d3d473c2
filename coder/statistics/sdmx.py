"""Tables in SDMX-CSV 2.0, the exchange format of statistical offices."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from coder.figures.tables import Row
from coder.statistics.cases import frequency
from coder.statistics.dimensions import NOT_CODED, NOT_STATED, TOTAL
from coder.statistics.figures import MEASURES, SUPPRESSED

if TYPE_CHECKING:
    from coder.statistics.run import Table

AGENCY: Final = "NARRACODER"
VERSION: Final = "1.0"
#: SDMX's usual codes for what is no code of the classification.
SPECIAL: Final = {TOTAL: "_T", NOT_CODED: "_U", NOT_STATED: "_X"}
#: Components of every table; one of the table's own dimensions takes none of these names.
BEFORE: Final = ("FREQ", "REF_AREA", "ACCIDENT", "OUTCOME")
AFTER: Final = ("MEASURE", "TIME_PERIOD")
VALUE: Final = "OBS_VALUE"
ATTRIBUTES: Final = (
    "OBS_STATUS", "CONF_STATUS", "UNIT_MEASURE", "UNIT_MULT", "DECIMALS", "SE_SAMPLING",
    "SE_CODING", "SE", "LOWER_BOUND", "UPPER_BOUND", "REVISION", "PREVIOUS_VALUE",
)  # fmt: skip
_DECIMALS: Final = {(m.outcome, m.name): m.decimals for m in MEASURES}


@dataclass(frozen=True, slots=True)
class Layout:
    """What a table and its parts are called in SDMX.

    `name` is its part of all identifiers; `component` maps a dimension to its identifier, `codes`
    a dimension to the identifiers of its values. Without `dated` the table has no periods, and
    neither FREQ nor TIME_PERIOD.
    """

    name: str
    component: Mapping[str, str]
    codes: Mapping[str, Mapping[str, str]]
    dated: bool

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The identifiers of all dimensions, in the order of the columns."""
        every = (*BEFORE, *self.component.values(), *AFTER)
        return tuple(d for d in every if self.dated or d not in ("FREQ", "TIME_PERIOD"))


def layout_of(table: Table, titles: Mapping[str, Mapping[str, str]]) -> Layout:
    """The identifiers of a table; `titles` has the values of its dimensions."""
    taken = {*BEFORE, *AFTER, VALUE, *ATTRIBUTES, "STRUCTURE", "STRUCTURE_ID", "ACTION"}
    return Layout(
        concept(table.name),
        _distinct(table.dimensions, concept, taken),
        {d: _distinct((*titles[d], TOTAL), identifier, set()) for d in table.dimensions},
        any(row["period"] for row in table.rows),
    )


def identifier(text: str) -> str:
    """`text` as an SDMX identifier: letters, digits, `_`, `@`, `$` and `-` only.

    A point becomes `_`: `8.05` is `8_05`.
    """
    return SPECIAL.get(text) or re.sub(r"[^A-Za-z0-9_@$-]", "_", text)


def concept(name: str) -> str:
    """A column's name as an SDMX concept: upper case, without signs, not starting with a digit."""
    found = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
    return f"D_{found}" if found[:1].isdigit() or not found else found


def _distinct(texts: Iterable[str], name: Callable[[str], str], taken: set[str]) -> dict[str, str]:
    """Each text with its identifier; one that is taken gets a number."""
    found: dict[str, str] = {}
    for text in texts:
        wanted, number = name(text), 2
        while wanted in taken:
            wanted, number = f"{name(text)}_{number}", number + 1
        taken.add(wanted)
        found[text] = wanted
    return found


def sdmx_rows(table: Table, titles: Mapping[str, Mapping[str, str]], area: str) -> list[Row]:
    """The rows of a table as SDMX-CSV 2.0 observations.

    STRUCTURE, STRUCTURE_ID and ACTION, then the dimensions, OBS_VALUE and the attributes, as
    `structure_xml` defines them. OBS_STATUS is of the code list CL_OBS_STATUS: A normal, E
    estimated, Q suppressed, M for a value that cannot exist. UNIT_MULT is 0: values are per the
    unit they name. Source: SDMX Technical Working Group, SDMX-CSV 2.0 field guide.
    """
    layout = layout_of(table, titles)
    return [_row(row, layout, area) for row in table.rows]


def _row(row: Row, layout: Layout, area: str) -> Row:
    period, value = str(row["period"]), row["value"]
    missing = not isinstance(value, float) or value != value
    dimensions = {
        "FREQ": frequency(period),
        "REF_AREA": area,
        "ACCIDENT": capitals(row["accident"]),
        "OUTCOME": capitals(row["outcome"]),
        **{own: layout.codes[d][str(row[d])] for d, own in layout.component.items()},
        "MEASURE": capitals(row["measure"]),
        "TIME_PERIOD": period,
    }
    return {
        "STRUCTURE": "dataflow",
        "STRUCTURE_ID": f"{AGENCY}:DF_{layout.name}({VERSION})",
        "ACTION": "R",
        **{name: dimensions[name] for name in layout.dimensions},
        VALUE: value,
        "OBS_STATUS": "M" if missing and row["status"] != SUPPRESSED else row["status"],
        "CONF_STATUS": "C" if row["status"] == SUPPRESSED else "F",
        "UNIT_MEASURE": capitals(row["unit"]),
        "UNIT_MULT": 0,
        "DECIMALS": _DECIMALS[str(row["outcome"]), str(row["measure"])],
        "SE_SAMPLING": row["se_sampling"],
        "SE_CODING": row["se_coding"],
        "SE": row["se"],
        "LOWER_BOUND": row["low"],
        "UPPER_BOUND": row["high"],
        "REVISION": capitals(row.get("revision", "")),
        "PREVIOUS_VALUE": row.get("previous", ""),
    }


def capitals(text: object) -> str:
    """A word of the tables as a code: "non-fatal" is NON_FATAL."""
    return re.sub(r"[^A-Z0-9]+", "_", str(text).upper())
