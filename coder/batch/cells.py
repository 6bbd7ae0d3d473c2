"""Cells as a spreadsheet may safely open them, and tables as CSV bytes, column by column."""

from __future__ import annotations

import json
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

# what a spreadsheet takes for a formula (OWASP, "CSV Injection"), full-width signs included
_FORMULA: Final = "^(?:[ \u00a0]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])"
_NUMBER: Final = r"^[+-]?(?:\d+(?:[.,]\d+)*|[.,]\d+)(?:[eE][+-]?\d+)?%?$"


def texts(column: pa.ChunkedArray) -> pa.Array:
    """A column of any type as text; null is "". Nested values are JSON."""
    kind = column.type
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # pyarrow < 18 for an empty column
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], kind)
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        array = pa.array([_json(value) for value in array.to_pylist()], pa.string())
    return pc.fill_null(array.cast(pa.string()), "")


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)


def safe_texts(column: pa.ChunkedArray) -> pa.Array:
    """As `texts`, with an apostrophe before each text that a spreadsheet would execute.

    Texts that begin with `=`, `+`, `-`, `@` (also full-width, also after spaces), tab or line
    end are marked; plain numbers such as -3.5 and +4 are not, nor are columns of numbers.
    """
    array = texts(column)
    return neutralised(array) if _may_hold_formulas(column.type) else array


def neutralised(array: pa.Array) -> pa.Array:
    """The apostrophe rule of `safe_texts` for an array of texts."""
    risky = pc.match_substring_regex(array, _FORMULA)
    if not pc.any(risky).as_py():
        return array
    risky = pc.and_(risky, pc.invert(pc.match_substring_regex(array, _NUMBER)))
    marked = pc.binary_join_element_wise("'", array, "")
    return pc.if_else(risky, marked, array)


def _may_hold_formulas(kind: pa.DataType) -> bool:
    numeric = pa.types.is_primitive(kind) or pa.types.is_decimal(kind)
    return not numeric


def csv_header(names: list[str]) -> bytes:
    """The header line of a table with these columns."""
    row = pa.table({str(place): [name] for place, name in enumerate(names)})
    return csv_lines(row)


def csv_lines(table: pa.Table) -> bytes:
    """The table's rows as CSV: UTF-8, comma, LF, quotes only where a cell needs them.

    A cell is quoted when it holds a comma, a quote, CR or LF, or is the only, empty, cell of its
    row. The standard library's writer leaves a lone CR unquoted when lines end in LF, and takes
    some ten times as long.
    """
    return csv_bytes(csv_rows(table, alone=table.num_columns == 1))


def csv_rows(table: pa.Table, *, alone: bool = False) -> pa.Array:
    """Each row's cells as in `csv_lines`, with commas between them and no line end.

    `alone` says that a row has one cell, which then needs quotes where it is empty.
    """
    columns = [_quoted(safe_texts(column), alone) for column in table.columns]
    return pc.binary_join_element_wise(*columns, ",") if len(columns) > 1 else columns[0]


def csv_bytes(rows: pa.Array) -> bytes:
    """Rows as `csv_rows` makes them, each with a line end."""
    if not len(rows):
        return b""
    every = pa.ListArray.from_arrays([0, len(rows)], rows)
    out: bytes = pc.binary_join(every, "\n")[0].as_buffer().to_pybytes()
    return out + b"\n"


def _quoted(array: pa.Array, alone: bool) -> pa.Array:
    needs = pc.match_substring_regex(array, '^$|[",\r\n]' if alone else '[",\r\n]')
    if not pc.any(needs).as_py():
        return array
    doubled = pc.replace_substring(array, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise('"', doubled, '"', ""), array)
