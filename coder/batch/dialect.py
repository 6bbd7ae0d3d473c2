"""How a delimited text file is written: its encoding and its delimiter, found from its bytes."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

from coder.batch.records import Lines, Record, records
from coder.errors import InputError

DELIMITERS: Final = (",", ";", "\t", "|")
#: Stands for "this file has one column": a character that no text file holds.
ONE_COLUMN: Final = "\x1f"
GZIP_DAMAGE: Final = (EOFError, gzip.BadGzipFile, zlib.error)

_CHUNK = 1 << 20
_SAMPLE = 1 << 16
_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_BAD_BYTE = re.compile("[\udc00-\udfff]")
#: Bytes that cp1252 leaves undefined, and the two that occur in hardly any Western text.
_NOT_WESTERN = {chr(0xDC00 + byte) for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D, 0xFE, 0xFF)}


def _keep_bad_bytes(error: UnicodeError) -> tuple[str, int]:
    """Turn each undecodable byte into U+DC00 + byte, so that its row can be told and restored."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) for byte in bad), error.end


KEEP_BAD_BYTES: Final = "coder.batch.keep_bad_bytes"
codecs.register_error(KEEP_BAD_BYTES, _keep_bad_bytes)


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, decompressed when it is gzip. Raises OSError."""
    stream = path.open("rb")
    if stream.read(2) == b"\x1f\x8b":
        stream.close()
        return cast(BinaryIO, gzip.open(path, "rb"))
    stream.seek(0)
    return stream


def open_text(path: Path, encoding: str) -> io.TextIOWrapper:
    """The file's text with line ends kept; undecodable bytes become lone surrogates."""
    return io.TextIOWrapper(open_bytes(path), encoding=encoding, errors=KEEP_BAD_BYTES, newline="")


def checked_encoding(name: str) -> str:
    """A codec name that Python can decode text with. Raises InputError."""
    try:
        "".encode(name)
    except LookupError:
        raise InputError(
            f"unknown encoding {name!r}: use utf-8, cp1252, latin-1, utf-16, …", encoding=name
        ) from None
    return codecs.lookup(name).name


def checked_delimiter(name: str) -> str:
    """One character, or one of the words tab, comma, semicolon, pipe. Raises InputError."""
    delimiter = _NAMES.get(name.lower(), name)
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise InputError(
            "the delimiter must be one character, or one of tab, comma, semicolon, pipe",
            delimiter=name,
        )
    return delimiter


def find_encoding(path: Path) -> str:
    """UTF-8 (with or without mark), UTF-16 (either order, with or without mark), else cp1252.

    The whole file is looked at, so that one bad byte in a UTF-8 file costs its row and not the
    reading of the file: cp1252 is chosen only when undecodable bytes outnumber the characters
    that only UTF-8 explains and at least one of them is a plausible Western letter.

    Raises OSError, and the errors in GZIP_DAMAGE for a damaged .gz file.
    """
    with open_bytes(path) as stream:
        head = stream.read(_SAMPLE)
        if head.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        wide = _utf16_by_zeros(head)
        if wide:
            return wide
        explained = bad = western = 0
        for text in _decoded(head, stream):
            found = _BAD_BYTE.findall(text)
            explained += len(text) - len(text.encode("ascii", "ignore")) - len(found)
            bad += len(found)
            western += sum(1 for byte in found if byte not in _NOT_WESTERN)
    return "cp1252" if bad > explained and western else "utf-8"


def _decoded(head: bytes, stream: BinaryIO) -> Iterator[str]:
    """The parts of the file that are not plain ASCII, decoded as UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors=KEEP_BAD_BYTES)
    chunk, pending = head, False
    while chunk:
        if pending or not chunk.isascii():
            yield decoder.decode(chunk)
            pending = bool(decoder.getstate()[0])
        chunk = stream.read(_CHUNK)
    yield decoder.decode(b"", final=True)


def _utf16_by_zeros(head: bytes) -> str | None:
    """UTF-16 without a mark: nearly every second byte is zero, on one side only."""
    pairs = len(head) // 2
    if pairs < 2:
        return None
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if odd > 0.4 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    if even > 0.4 * pairs and odd < 0.05 * pairs:
        return "utf-16-be"
    return None


def find_delimiter(path: Path, encoding: str) -> str:
    """The delimiter under which most of the first rows have as many columns as the header.

    A header that none of comma, semicolon, tab and pipe divides means a file of one column:
    ONE_COLUMN is returned and commas in its text are text.
    """
    with open_text(path, encoding) as stream:
        sample = stream.read(_SAMPLE)
        whole = not stream.read(1)
    best, best_score = ONE_COLUMN, (0.0, 1)
    for delimiter in DELIMITERS:
        rows = [
            len(row.cells)
            for row in records(Lines(io.StringIO(sample, newline="")), delimiter, None)
            if isinstance(row, Record)
        ]
        if not whole and len(rows) > 1:
            rows.pop()
        if not rows or rows[0] < 2:
            continue
        alike = sum(1 for width in rows[1:] if width == rows[0]) / max(len(rows) - 1, 1)
        score = (round(alike, 2), rows[0]) if len(rows) > 1 else (0.0, rows[0])
        if score > best_score:
            best, best_score = delimiter, score
    return best
