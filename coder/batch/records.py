"""Delimited text cut into records, strictly: a malformed record costs itself and no other."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TextIO

#: A cell longer than this is no narrative; its row is rejected (characters).
CELL_LIMIT: Final = 1_000_000
#: A quote left open over more than this is taken as a stray quote (characters).
RECORD_LIMIT: Final = 1 << 24

_BAD_BYTE = re.compile("[\ud800-\udfff]")
_QUOTES = "quotes that do not match"


class Record(NamedTuple):
    """A row of cells; `row` is the line of the file at which it starts, the first being 1."""

    row: int
    cells: list[str]
    raw: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be read: where it starts, why, and its content as it stood."""

    row: int
    reason: str
    raw: str


class _Line(NamedTuple):
    row: int
    text: str


class Lines:
    """Physical lines of a text stream opened with newline="", numbered from 1."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._given_back: deque[_Line] = deque()
        self._row = 1

    @property
    def given_back(self) -> bool:
        """Whether lines were given back that have not been taken again."""
        return bool(self._given_back)

    def take(self) -> _Line | None:
        """The next line with its end, or None after the last."""
        if self._given_back:
            return self._given_back.popleft()
        return self._read(self._stream)

    def give_back(self, lines: list[_Line]) -> None:
        """Put lines back, to be taken again in the same order."""
        self._given_back.extendleft(reversed(lines))

    def chunk(self, size: int) -> str:
        """At least `size` characters of whole lines, less at the end; none must be given back.

        Either `passed` or `give_back_text` says what became of it.
        """
        text = self._stream.read(size)
        return text if text.endswith("\n") else text + self._stream.readline(RECORD_LIMIT)

    def passed(self, rows: int) -> int:
        """So many lines of a chunk are done with; returns the number of the first."""
        first = self._row
        self._row += rows
        return first

    def give_back_text(self, text: str) -> None:
        """Put a chunk back, to be taken line by line."""
        stream = io.StringIO(text, newline="")
        while (line := self._read(stream)) is not None:
            self._given_back.append(line)

    def _read(self, stream: TextIO) -> _Line | None:
        # a limit, so that a file without line ends cannot fill the memory
        text = stream.readline(RECORD_LIMIT)
        if not text:
            return None
        line = _Line(self._row, text)
        if text[-1] in "\r\n":
            self._row += 1
        return line


def records(lines: Lines, delimiter: str, width: int | None) -> Iterator[Record | Rejected]:
    """The remaining records of `lines`, good or rejected, in file order.

    Rules of RFC 4180, read strictly, with two allowances: any of CR, LF, CRLF ends a line, and
    a quote inside an unquoted cell is text (`5" pipe`). Blank lines are skipped. `width` is the
    number of columns that a record must have; None accepts any. A quote that never closes, or
    closes where no delimiter follows, costs only the line where it opens: reading goes on with
    the next line. Cells over CELL_LIMIT, NUL and undecodable bytes reject the record.
    """
    # the module's own limit is process-wide and lower than ours: raise, never lower it
    csv.field_size_limit(max(csv.field_size_limit(), 2 * RECORD_LIMIT))
    while (line := lines.take()) is not None:
        if len(line.text) >= RECORD_LIMIT and line.text[-1] not in "\r\n":
            yield Rejected(line.row, f"line over {RECORD_LIMIT:,} characters (part)", line.text)
        elif '"' in line.text:
            yield _quoted(line, lines, delimiter, width)
        elif body := line.text.rstrip("\r\n"):
            yield _checked(line.row, body.split(delimiter), body, width)


def _quoted(first: _Line, lines: Lines, delimiter: str, width: int | None) -> Record | Rejected:
    taken = [first]

    def feed() -> Iterator[str]:
        yield first.text
        size = len(first.text)
        while size < RECORD_LIMIT and (line := lines.take()) is not None:
            taken.append(line)
            size += len(line.text)
            yield line.text

    cells = _parse(feed(), delimiter)
    swallowed = (
        cells is not None
        and len(taken) > 1
        and len(cells) != width
        and all(_fits_alone(line.text, delimiter, width) for line in taken[1:])
    )
    if cells is None or swallowed:
        lines.give_back(taken[1:])
        return Rejected(first.row, _QUOTES, first.text.rstrip("\r\n"))
    raw = "".join(line.text for line in taken).rstrip("\r\n")
    return _checked(first.row, cells, raw, width)


def _parse(lines: Iterator[str], delimiter: str) -> list[str] | None:
    """The first record's cells, or None when its quotes do not match."""
    try:
        return next(csv.reader(lines, delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None


def _fits_alone(text: str, delimiter: str, width: int | None) -> bool:
    cells = _parse(iter([text]), delimiter)
    return cells is not None and len(cells) == width


def _checked(row: int, cells: list[str], raw: str, width: int | None) -> Record | Rejected:
    if width is not None and len(cells) != width:
        return Rejected(row, f"{len(cells)} columns where the header has {width}", raw)
    if "\0" in raw:
        return Rejected(row, "NUL byte", raw)
    if not raw.isascii() and _BAD_BYTE.search(raw):
        return Rejected(row, "bytes that are not in the file's encoding", raw)
    if len(raw) > CELL_LIMIT:
        for number, cell in enumerate(cells, 1):
            if len(cell) > CELL_LIMIT:
                return Rejected(row, f"cell over {CELL_LIMIT:,} characters in column {number}", raw)
    return Record(row, cells, raw)


def odd(text: str) -> bool:
    """Whether a text holds NUL or bytes that are not in the file's encoding."""
    return "\0" in text or (not text.isascii() and _BAD_BYTE.search(text) is not None)


def printable(raw: str) -> str:
    r"""Raw content as valid UTF-8: undecodable bytes become `\xNN`, NUL becomes `\x00`."""
    if not odd(raw):
        return raw
    shown = _BAD_BYTE.sub(lambda found: f"\\x{ord(found.group()) & 0xFF:02x}", raw)
    return shown.replace("\0", "\\x00")
