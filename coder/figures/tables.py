"""Tables from files and to files: text columns in, the same bytes for the same rows out."""

from __future__ import annotations

import csv
import datetime
import io
import math
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from coder.errors import InputError
from coder.measures.arrays import FloatArray

Row = dict[str, object]

DIGITS = 6
#: What openpyxl raises for a workbook that is none, is cut short or contradicts itself.
_DAMAGED = (zipfile.BadZipFile, KeyError, ValueError, EOFError, IndexError)


def read_table(path: Path) -> pa.Table:
    """A CSV, Parquet or Excel file (its first sheet) as a table of text columns, blanks as "".

    Raises InputError for a missing, empty or unreadable file, naming it.
    """
    try:
        if path.suffix.lower() == ".parquet":
            table = pq.read_table(path)
        elif path.suffix.lower() == ".xlsx":
            table = _sheet(path)
        else:
            with path.open(encoding="utf-8-sig", newline="") as handle:
                names = next(csv.reader(handle), [])
            if len(set(names)) != len(names) or not names:
                raise InputError(f"{path.name}: the header is empty or repeats a column")
            table = pacsv.read_csv(
                path,
                parse_options=pacsv.ParseOptions(newlines_in_values=True),
                convert_options=pacsv.ConvertOptions(
                    column_types={name: pa.string() for name in names}, strings_can_be_null=False
                ),
            )
    except (OSError, pa.ArrowInvalid, UnicodeDecodeError, csv.Error, *_DAMAGED) as error:
        reason = "cannot be found" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise InputError(
            f"{path.name} {reason}: give a UTF-8 CSV with a header, Parquet or Excel (.xlsx)",
            file=path.name,
        ) from error
    if table.num_rows == 0:
        raise InputError(f"{path.name} has no rows", file=path.name)
    columns = [_as_text(column) for column in table.columns]
    return pa.table(dict(zip(table.column_names, columns, strict=True)))


def _sheet(path: Path) -> pa.Table:
    """The first sheet of a workbook; cells as a person sees them, 7212.0 as "7212"."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        lines = book.worksheets[0].iter_rows(values_only=True)
        names = [_cell(value) for value in next(lines, ())]
        while names and not names[-1]:
            names.pop()
        if len(set(names)) != len(names) or not names:
            raise InputError(f"{path.name}: the header is empty or repeats a column")
        rows = [[_cell(value) for value in line[: len(names)]] for line in lines]
    finally:
        book.close()
    rows = [row + [""] * (len(names) - len(row)) for row in rows if any(row)]
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    cells = [pa.array(column, pa.string()) for column in columns]
    return pa.table(dict(zip(names, cells, strict=True)))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return str(value)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return pc.fill_null(column.cast(pa.string()), "")


def need(table: pa.Table, column: str, file: str) -> pa.ChunkedArray:
    """A column by name. Raises InputError listing the columns there are."""
    if column not in table.column_names:
        raise InputError(
            f"{file} has no column '{column}'; it has: {', '.join(table.column_names)}",
            file=file,
            column=column,
        )
    return table[column]


def to_numbers(column: pa.ChunkedArray | pa.Array, name: str) -> FloatArray:
    """A text column as floats, NaN for blanks. Raises InputError with the row of a non-number."""
    text = pc.utf8_trim_whitespace(column)
    if isinstance(text, pa.ChunkedArray):
        text = text.combine_chunks()
    blank = pc.equal(text, "")
    try:
        values = pc.cast(pc.if_else(blank, None, text), pa.float64())
    except pa.ArrowInvalid as error:
        raise InputError(f"column '{name}' holds a value that is not a number") from error
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def plain(value: object) -> object:
    """JSON-ready: numpy scalars to Python, floats to six decimals, NaN and infinity to None."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, DIGITS) + 0.0 if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def table_csv(rows: Sequence[Row]) -> str:
    """Rows as CSV text; the columns are those of all rows in order of first appearance."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        cells = (plain(row.get(name)) for name in names)
        writer.writerow(["" if cell is None else cell for cell in cells])
    return buffer.getvalue()
