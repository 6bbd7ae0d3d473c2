"""Delimited text files (CSV and its relatives, plain or gzip) as blocks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from coder.batch.blocks import (
    Block,
    ReadOptions,
    header_names,
    text_schema,
    unreadable,
)
from coder.batch.dialect import (
    GZIP_DAMAGE,
    ONE_COLUMN,
    checked_delimiter,
    checked_encoding,
    find_delimiter,
    find_encoding,
    open_text,
)
from coder.batch.plain import delimited_blocks
from coder.batch.records import Lines, Rejected, records
from coder.errors import InputError


class TextSource:
    """Delimited text. Encoding and delimiter are found when the options do not name them."""

    def __init__(self, path: Path, options: ReadOptions) -> None:
        self.path = path
        try:
            self.encoding = (
                checked_encoding(options.encoding) if options.encoding else find_encoding(path)
            )
            self.delimiter = (
                checked_delimiter(options.delimiter)
                if options.delimiter
                else find_delimiter(path, self.encoding)
            )
            with open_text(path, self.encoding) as stream:
                header = next(records(Lines(stream), self.delimiter, None), None)
        except GZIP_DAMAGE:
            raise self._damaged() from None
        except UnicodeError:
            raise InputError(f"{path} is not {options.encoding} text", file=str(path)) from None
        if header is None:
            raise InputError(f"{path} has no header row", file=str(path))
        if isinstance(header, Rejected):
            raise InputError(
                f"{path}: the header row (line {header.row}) cannot be read: {header.reason}",
                file=str(path),
                row=header.row,
            )
        self.schema = text_schema(header_names(header.cells, path))

    def blocks(self, size: int) -> Iterator[Block]:
        try:
            with open_text(self.path, self.encoding) as stream:
                lines = Lines(stream)
                next(records(lines, self.delimiter, None))
                yield from delimited_blocks(lines, self.delimiter, self.schema, size)
        except GZIP_DAMAGE:
            raise self._damaged() from None
        except OSError as error:
            raise unreadable(self.path, error) from None

    def facts(self) -> dict[str, object]:
        return {
            "format": "csv",
            "encoding": self.encoding,
            "delimiter": None if self.delimiter == ONE_COLUMN else self.delimiter,
        }

    def _damaged(self) -> InputError:
        return InputError(f"{self.path}: the compressed file is damaged", file=str(self.path))
