"""From a path to a source, by what the file contains."""

from __future__ import annotations

from pathlib import Path

from coder.batch.blocks import ReadOptions, Source, unreadable
from coder.batch.delimited import TextSource
from coder.batch.excel import ExcelSource
from coder.batch.parquet import ParquetSource
from coder.errors import InputError


def open_source(path: Path, options: ReadOptions) -> Source:
    """Open an input by what it contains, not by its name.

    Raises InputError when the file is missing, empty, unreadable or of no known kind.
    """
    try:
        with path.open("rb") as stream:
            magic = stream.read(8)
        if not magic:
            raise InputError(f"{path} is empty", file=str(path))
        if magic.startswith(b"PAR1"):
            return ParquetSource(path)
        if magic.startswith(b"PK\x03\x04"):
            return ExcelSource(path, options.sheet)
        if magic.startswith(b"\xd0\xcf\x11\xe0"):
            raise InputError(
                f"{path} is an old Excel file (.xls): save it as .xlsx or CSV", file=str(path)
            )
        return TextSource(path, options)
    except OSError as error:
        raise unreadable(path, error) from None
