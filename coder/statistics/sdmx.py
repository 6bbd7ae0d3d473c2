"""Tables in SDMX-CSV 2.0, the exchange format of statistical offices."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from coder.figures.tables import Row
from coder.statistics.cases import frequency
from coder.statistics.dimensions import NOT_CODED, NOT_STATED, TOTAL
from coder.statistics.figures import MEASURES, SUPPRESSED

if TYPE_CHECKING:
    from coder.statistics.run import Table

AGENCY: Final = "NARRACODER"
#: SDMX's usual codes for what is no code of the classification.
SPECIAL: Final = {TOTAL: "_T", NOT_CODED: "_U", NOT_STATED: "_X"}
_MULTIPLIER: Final = {(m.outcome, m.name): m.multiplier for m in MEASURES}
_UNIT: Final = {m.unit: re.sub(r"[^A-Z0-9]+", "_", m.unit.upper()) for m in MEASURES}
_DECIMALS: Final = {(m.outcome, m.name): m.decimals for m in MEASURES}


def identifier(text: str) -> str:
    """`text` as an SDMX identifier: letters, digits, `_`, `@`, `$` and `-` only.

    A point becomes `_`: `8.05` is `8_05`.
    """
    return SPECIAL.get(text) or re.sub(r"[^A-Za-z0-9_@$-]", "_", text)


def concept(name: str) -> str:
    """A column's name as an SDMX concept: upper case, without signs, not starting with a digit."""
    found = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
    return f"D_{found}" if found[:1].isdigit() or not found else found


def sdmx_rows(table: Table, area: str) -> list[Row]:
    """The rows of a table as SDMX-CSV 2.0 observations.

    STRUCTURE, STRUCTURE_ID and ACTION, then the dimensions, TIME_PERIOD, OBS_VALUE and the
    attributes. OBS_STATUS is of the code list CL_OBS_STATUS: A normal, E estimated, Q suppressed,
    M for a value that cannot exist. UNIT_MULT is 0: values are per the unit they name. Source:
    SDMX Technical Working Group, SDMX-CSV 2.0 field guide.
    """
    flow = f"{AGENCY}:DF_{concept(table.name)}(1.0)"
    return [_row(row, table, flow, area) for row in table.rows]


def _row(row: Row, table: Table, flow: str, area: str) -> Row:
    period = str(row["period"])
    value = row["value"]
    missing = not isinstance(value, float) or value != value
    status = "M" if missing and row["status"] != SUPPRESSED else row["status"]
    key = (str(row["outcome"]), str(row["measure"]))
    return {
        "STRUCTURE": "dataflow",
        "STRUCTURE_ID": flow,
        "ACTION": "R",
        "FREQ": frequency(period) if period else "A",
        "REF_AREA": area,
        "ACCIDENT": str(row["accident"]).upper(),
        "OUTCOME": identifier(str(row["outcome"]).upper().replace("-", "_")),
        **{concept(name): identifier(str(row[name])) for name in table.dimensions},
        "MEASURE": str(row["measure"]).upper(),
        "TIME_PERIOD": period,
        "OBS_VALUE": value,
        "OBS_STATUS": status,
        "CONF_STATUS": "C" if row["status"] == SUPPRESSED else "F",
        "UNIT_MEASURE": _UNIT[str(row["unit"])],
        "UNIT_MULT": 0,
        "DECIMALS": _DECIMALS[key],
        "SE_SAMPLING": row["se_sampling"],
        "SE_CODING": row["se_coding"],
        "SE": row["se"],
        "LOWER_BOUND": row["low"],
        "UPPER_BOUND": row["high"],
        "REVISION": str(row.get("revision", "")).upper(),
        "PREVIOUS_VALUE": row.get("previous", ""),
    }
