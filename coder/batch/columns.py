"""The columns that coding adds: name, type, meaning, example. Files and docs follow this list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from coder.errors import CoderError

AUTO, REVIEW, UNCODABLE = "auto", "review", "uncodable"
STATUSES: Final = (AUTO, REVIEW, UNCODABLE)


@dataclass(frozen=True, slots=True)
class Column:
    """One added column; `{s}` in the name stands for the scheme."""

    name: str
    type: pa.DataType
    meaning: str
    example: str
    only_in_review: bool = False


DECISION_COLUMNS: Final = (
    Column("{s}_code", pa.string(), "the decided code; empty unless the status is auto", "7212"),
    Column("{s}_title", pa.string(), "the code's official title", "Welders and flame cutters"),
    Column("{s}_level", pa.int32(), "the code's level; 1 is the coarsest", "4"),
    Column(
        "{s}_confidence",
        pa.float64(),
        "calibrated probability that the code is right at its level, 0 to 1",
        "0.9312",
    ),
    Column("{s}_status", pa.string(), "auto, review or uncodable", "auto"),
    Column(
        "{s}_suggestions",
        pa.string(),
        "the five best leaf codes with their probabilities, best first",
        "7212:0.9312|7213:0.0204",
    ),
    Column("{s}_reason", pa.string(), "why a person is needed", "two codes close", True),
    Column(
        "{s}_candidates",
        pa.string(),
        "the codes that hold the right one with the stated probability",
        "7212|7213",
        True,
    ),
    Column("{s}_evidence", pa.string(), "the words that speak for the suggestions", "welder", True),
)
#: Added after the suggestions of `body-part` alone.
SIDE: Final = Column(
    "{s}_side", pa.string(), "side of the body: 1 right, 2 left, 3 both, if the text says it", "2"
)

#: Added once, after the columns of all schemes, when the facts of cases are asked for.
FACT_COLUMNS: Final = (
    Column(
        "occupational",
        pa.string(),
        "occupational, commuting or neither (paragraph 5); empty without a text",
        "commuting",
    ),
    Column("commuting", pa.string(), "yes or no: a commuting accident (paragraph 5 b)", "yes"),
    Column("transport_mode", pa.string(), "how the commuter travelled (11 b)", "bicycle"),
    Column("transport_role", pa.string(), "driver, passenger or pedestrian (11 c)", "driver"),
    Column("counterpart_mode", pa.string(), "who or what was met (11 d)", "car"),
    Column("fatal", pa.string(), "yes or no: death within one year (paragraph 13)", "no"),
    Column("persons_injured", pa.int64(), "a case for each of them (paragraph 12)", "1"),
    Column(
        "days_lost",
        pa.int64(),
        "calendar days from the day after the accident to the day before the return "
        "(paragraph 15); empty for fatal cases",
        "12",
    ),
    Column(
        "days_lost_basis", pa.string(), "absences, dates, days or workdays (times 7/5)", "dates"
    ),
    Column("violence", pa.string(), "physical, psychological or sexual (C190)", "physical"),
    Column("violence_by", pa.string(), "colleague, client, partner or outsider", "client"),
    Column("occupational_disease", pa.string(), "yes: perhaps no accident (5 c)", "no"),
    Column("platform_work", pa.string(), "yes: perhaps through a digital platform", "no"),
    Column("facts_review", pa.string(), "why a person looks at the facts", "violence or …"),
)
FACTS_REVIEW: Final = FACT_COLUMNS[-1].name


def added_columns(scheme: str) -> tuple[Column, ...]:
    """The columns that coding with `scheme` adds, in file order."""
    if scheme != "body-part":
        return DECISION_COLUMNS
    place = next(i for i, column in enumerate(DECISION_COLUMNS) if column.only_in_review)
    return (*DECISION_COLUMNS[:place], SIDE, *DECISION_COLUMNS[place:])


def decision_schema(
    targets: Mapping[str, str], *, review: bool = True, facts: bool = False
) -> pa.Schema:
    """Names and types of all added columns; without `review`, those of the coded file only.

    With `facts` those of the facts of cases come last.

    `targets` maps the names that the columns carry to schemes: a model of one's own may have
    another name than the scheme that it codes to.
    """
    of_schemes = [
        pa.field(column.name.format(s=name), column.type)
        for name, scheme in targets.items()
        for column in added_columns(scheme)
        if review or not column.only_in_review
    ]
    of_facts = [pa.field(column.name, column.type) for column in FACT_COLUMNS] if facts else []
    return pa.schema(of_schemes + of_facts)


def input_names(names: Sequence[str], added: Iterable[str]) -> tuple[str, ...]:
    """The input's column names as they appear in the output.

    A column that has the name of an added one is kept as `<name>_input` (again and again, until
    the name is free), so that a coded file can be coded once more and nothing is lost.
    """
    taken = set(added)
    result: list[str] = []
    for name in names:
        free = name
        while free in taken or (free != name and free in names):
            free += "_input"
        taken.add(free)
        result.append(free)
    return tuple(result)


def conform(
    table: pa.Table, targets: Mapping[str, str], rows: int, *, facts: bool = False
) -> pa.Table:
    """The added columns of an engine's answer, in order and of the documented types.

    Raises CoderError when the answer has other rows, lacks a column or has an unknown status.
    """
    schema = decision_schema(targets, facts=facts)
    missing = [name for name in schema.names if name not in table.column_names]
    if missing or table.num_rows != rows:
        raise CoderError(
            f"the engine answered {table.num_rows} of {rows} rows, without "
            f"{', '.join(missing) or 'missing columns'}"
        )
    answer = table.select(schema.names).cast(schema)
    for name in targets:
        statuses = set(answer[f"{name}_status"].unique().to_pylist())
        if not statuses <= set(STATUSES):
            raise CoderError(f"the engine gave a status of {name} that is none of {STATUSES}")
    return answer
