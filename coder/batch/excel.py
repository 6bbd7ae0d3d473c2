"""Excel workbooks as text blocks: one sheet, its first row the header."""

from __future__ import annotations

import datetime
import json
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import ParseError

from coder.batch.blocks import Block, header_names, text_blocks, text_schema
from coder.batch.records import CELL_LIMIT, Record, Rejected
from coder.errors import InputError

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

#: What openpyxl raises for a workbook that is none, is cut short or contradicts itself.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    struct.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


class ExcelSource:
    """A sheet of a workbook; every cell becomes the text that a person sees, without format."""

    def __init__(self, path: Path, sheet: str | None) -> None:
        self.path = path
        self._asked = sheet
        with self._opened() as found:
            self.sheet = str(found.title)
            header = next(found.iter_rows(values_only=True), ())
        cells = [cell_text(value) for value in _without_tail(header)]
        if not cells:
            raise InputError(f"{path}: sheet '{self.sheet}' has no header row", file=str(path))
        self._names = header_names(cells, path)
        self.schema = text_schema(self._names)

    def blocks(self, size: int) -> Iterator[Block]:
        yield from text_blocks(self.schema, self._rows(), size)

    def facts(self) -> dict[str, object]:
        return {"format": "xlsx", "sheet": self.sheet}

    def _rows(self) -> Iterator[Record | Rejected]:
        width = len(self._names)
        with self._opened() as sheet:
            for number, values in enumerate(sheet.iter_rows(min_row=2, values_only=True), 2):
                cells = [cell_text(value) for value in _without_tail(values)]
                if cells:
                    yield _checked(number, cells, width)

    @contextmanager
    def _opened(self) -> Iterator[ReadOnlyWorksheet]:
        """The sheet asked for; what goes wrong while it is read becomes one InputError."""
        import openpyxl

        with self.path.open("rb") as stream, warnings.catch_warnings():
            # styles and dates that openpyxl cannot show do not change the text of a cell
            warnings.filterwarnings("ignore", module="openpyxl")
            try:
                book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
                yield book[self._chosen(book.sheetnames)]
            except _DAMAGE:
                raise self._damaged() from None

    def _chosen(self, names: list[str]) -> str:
        if self._asked is None:
            return names[0]
        if self._asked in names:
            return self._asked
        if self._asked.isdigit() and 1 <= int(self._asked) <= len(names):
            return names[int(self._asked) - 1]
        raise InputError(
            f"{self.path} has no sheet '{self._asked}': it has {', '.join(names)}",
            file=str(self.path),
        )

    def _damaged(self) -> InputError:
        return InputError(
            f"{self.path} is not a readable Excel workbook (.xlsx)", file=str(self.path)
        )


def _without_tail(values: Sequence[object]) -> Sequence[object]:
    """Cells up to the last that holds anything: Excel pads rows with empty cells."""
    last = len(values)
    while last and values[last - 1] in (None, ""):
        last -= 1
    return values[:last]


def cell_text(value: object) -> str:
    """A cell's value as text: 7212.0 is "7212", dates are ISO 8601, empty is ""."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        at_midnight = value.time() == datetime.time()
        return value.date().isoformat() if at_midnight else value.isoformat(sep=" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _checked(row: int, cells: list[str], width: int) -> Record | Rejected:
    raw = json.dumps(cells, ensure_ascii=False)
    if len(cells) > width:
        return Rejected(row, f"{len(cells)} columns where the header has {width}", raw)
    for number, cell in enumerate(cells, 1):
        if "\0" in cell:
            return Rejected(row, "NUL byte", raw)
        if len(cell) > CELL_LIMIT:
            return Rejected(row, f"cell over {CELL_LIMIT:,} characters in column {number}", raw)
    return Record(row, cells + [""] * (width - len(cells)), raw)
