"""Parquet files as blocks; column types are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from coder.batch.blocks import Block, header_names
from coder.batch.records import CELL_LIMIT, Rejected
from coder.errors import InputError


class ParquetSource:
    """A Parquet file. Source rows are numbered from 1 (there is no header row)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            schema = pq.read_schema(path)
        except (pa.ArrowException, OSError):
            raise self._damaged() from None
        names = header_names(schema.names, path)
        if not names:
            raise InputError(f"{path} has no columns", file=str(path))
        self.schema = pa.schema(
            [pa.field(name, _plain(field.type)) for name, field in zip(names, schema, strict=True)]
        )

    def blocks(self, size: int) -> Iterator[Block]:
        start = 1
        try:
            with pq.ParquetFile(self.path) as file:
                for batch in file.iter_batches(batch_size=size):
                    yield self._block(batch, start)
                    start += batch.num_rows
        except (pa.ArrowException, OSError):
            raise self._damaged() from None

    def facts(self) -> dict[str, object]:
        return {"format": "parquet"}

    def _block(self, batch: pa.RecordBatch, start: int) -> Block:
        rows = np.arange(start, start + batch.num_rows, dtype=np.int64)
        arrays = list(batch.columns)
        why: dict[int, str] = {}
        for number, array in enumerate(arrays):
            if pa.types.is_dictionary(array.type):
                array = array.dictionary_decode()
            if _is_text(array.type):
                why = {**_bad_cells(array, number + 1), **why}
            arrays[number] = array
        rejected = [
            Rejected(int(rows[place]), why[place], _row_text(arrays, place))
            for place in sorted(why)
        ]
        if why:
            keep = pa.array([place for place in range(batch.num_rows) if place not in why])
            arrays = [array.take(keep) for array in arrays]
            rows = rows[keep.to_numpy(zero_copy_only=False).astype(np.int64)]
        columns = [array.cast(field.type) for array, field in zip(arrays, self.schema, strict=True)]
        return Block(pa.Table.from_arrays(columns, schema=self.schema), rows, rejected)

    def _damaged(self) -> InputError:
        return InputError(f"{self.path} is not a readable Parquet file", file=str(self.path))


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type without dictionary encoding; all texts are `string`."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return pa.string() if _is_text(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _bad_cells(array: pa.Array, column: int) -> dict[int, str]:
    """Why the cells at these places cannot be read: {place: reason}."""
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return _undecodable(array)
    length = pc.utf8_length(array)
    too_long = pc.fill_null(pc.greater(length, CELL_LIMIT), False)
    with_nul = pc.fill_null(pc.match_substring(array, "\0"), False)
    found = dict.fromkeys(pc.indices_nonzero(with_nul).to_pylist(), "NUL byte")
    reason = f"cell over {CELL_LIMIT:,} characters in column {column}"
    return found | dict.fromkeys(pc.indices_nonzero(too_long).to_pylist(), reason)


def _undecodable(array: pa.Array) -> dict[int, str]:
    why = {}
    for place, value in enumerate(_bytes_of(array)):
        try:
            (value or b"").decode("utf-8")
        except UnicodeDecodeError:
            why[place] = "bytes that are not UTF-8"
    return why


def _bytes_of(array: pa.Array) -> list[bytes | None]:
    values: list[bytes | None] = array.cast(pa.large_binary()).to_pylist()
    return values


def _row_text(arrays: list[pa.Array], place: int) -> str:
    """The row as JSON; undecodable bytes are shown with replacement characters."""
    values = []
    for array in arrays:
        one = array.slice(place, 1)
        if _is_text(array.type):
            raw = _bytes_of(one)[0]
            values.append(None if raw is None else raw.decode("utf-8", "replace"))
        else:
            values.append(one.to_pylist()[0])
    return json.dumps(values, ensure_ascii=False, default=str)
