"""The coded file in the format asked for, written a table at a time."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Final

import pyarrow as pa
import pyarrow.compute as pc

from coder.batch.cells import csv_bytes, csv_header, csv_rows, neutralised, safe_texts
from coder.batch.store import Writer
from coder.errors import OutputError

FORMATS: Final = ("csv", "parquet", "xlsx")
#: What an Excel sheet holds, the header row included.
EXCEL_ROWS: Final = 1_048_576
EXCEL_COLUMNS: Final = 16_384
EXCEL_CHARACTERS: Final = 32_767


@dataclass(frozen=True, slots=True)
class Joined:
    """Rows of the input beside what was added to them: `own[n]` and `added[which[n]]`.

    Rows with one text share what was added, so that it is made into text once for all of them.
    """

    own: pa.Table
    added: pa.Table
    which: pa.Array

    def table(self, schema: pa.Schema) -> pa.Table:
        """The rows under the names of `schema`."""
        return pa.Table.from_arrays(
            [*self.own.columns, *self.added.take(self.which).columns], schema=schema
        )

    def csv_lines(self) -> bytes:
        """The rows as `coder.batch.cells.csv_lines` has them."""
        added = csv_rows(self.added).take(self.which)
        return csv_bytes(pc.binary_join_element_wise(csv_rows(self.own), added, ","))


def open_writer(path: Path, schema: pa.Schema, file_format: str) -> Writer[Joined]:
    """A writer for one of FORMATS."""
    if file_format == "parquet":
        return ParquetWriter(path, schema)
    if file_format == "xlsx":
        return ExcelWriter(path, schema)
    return CsvWriter(path, schema)


class CsvWriter(Writer[Joined]):
    """CSV as `coder.batch.cells.csv_lines` has it, with a header line."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._stream: IO[bytes] = path.open("wb")
        self._stream.write(csv_header(schema.names))

    def write(self, rows: Joined) -> None:
        self._stream.write(rows.csv_lines())

    def close(self) -> None:
        self._stream.close()


class ParquetWriter(Writer[Joined]):
    """Parquet (zstd); values are kept as they are, formulas included."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        import pyarrow.parquet as pq

        self._schema = schema
        self._file = pq.ParquetWriter(path, schema, compression="zstd")

    def write(self, rows: Joined) -> None:
        self._file.write_table(rows.table(self._schema))

    def close(self) -> None:
        self._file.close()


class ExcelWriter(Writer[Joined]):
    """One sheet, `coded`. Texts are text, numbers are numbers, and nothing is a formula."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        import openpyxl

        self._path, self._schema = path, schema
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet = self._book.create_sheet("coded")
        self._sheet.freeze_panes = "A2"
        self._sheet.append(neutralised(pa.array(schema.names)).to_pylist())

    def write(self, rows: Joined) -> None:
        columns = [_excel_values(column) for column in rows.table(self._schema).columns]
        for row in zip(*columns, strict=True):
            self._sheet.append(row)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:  # saving would take long, for a file that is thrown away
            self._book.close()

    def close(self) -> None:
        raw = self._path.with_name(self._path.name + ".raw")
        self._book.save(raw)
        _without_dates(raw, self._path)
        raw.unlink()


def _excel_values(column: pa.ChunkedArray) -> list[object]:
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        values: list[object] = column.to_pylist()
        return values
    from openpyxl.utils.escape import escape

    array = safe_texts(column)
    # control characters are not allowed in XML; Excel's own escape for them is _xHHHH_
    odd = pc.match_substring_regex(array, r"[\x00-\x08\x0b-\x1f]|_x[0-9A-Fa-f]{4}_")
    if pc.any(odd).as_py():
        return [escape(value) or None for value in array.to_pylist()]
    return [value or None for value in array.to_pylist()]


def _without_dates(raw: Path, path: Path) -> None:
    """Copy the workbook with fixed dates, so that the same rows make the same bytes."""
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            if name == "docProps/core.xml":
                target.writestr(entry, _CORE)
                continue
            with source.open(name) as old, target.open(entry, "w", force_zip64=True) as new:
                shutil.copyfileobj(old, new, 1 << 20)


_CORE: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
    'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:creator>narracoder</dc:creator></cp:coreProperties>"
)


def check_fits(file_format: str, rows: int, columns: int) -> None:
    """Raises OutputError when an Excel sheet cannot hold this many rows or columns."""
    if file_format == "xlsx" and (rows + 1 > EXCEL_ROWS or columns > EXCEL_COLUMNS):
        raise OutputError(
            f"{rows:,} rows and {columns:,} columns do not fit an Excel sheet "
            f"({EXCEL_ROWS - 1:,} rows, {EXCEL_COLUMNS:,} columns): use --format csv or parquet",
            rows=rows,
            columns=columns,
        )
