import contextlib
import datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coder.batch.blocks import Block, ReadOptions
from coder.batch.opening import open_source
from coder.errors import InputError


def book(path: Path, rows: list[list[object]], title: str = "Cases") -> Path:
    made = openpyxl.Workbook()
    made.active.title = title
    for row in rows:
        made.active.append(row)
    made.create_sheet("Other").append(["x"])
    made.save(path)
    return path


def only(path: Path, options: ReadOptions | None = None) -> Block:
    (block,) = open_source(path, options or ReadOptions()).blocks(100)
    return block


def test_excel_values_become_the_text_a_person_sees(tmp_path: Path) -> None:
    day = datetime.datetime(2024, 2, 1)
    path = book(
        tmp_path / "in.xlsx",
        [
            ["id", "narrative", "when", "code"],
            [1, "fell", day, 7212.0],
            [None, None, None, None],
            [2.5, True, day.replace(hour=3), "0110"],
        ],
    )
    block = only(path)
    assert block.table.to_pylist() == [
        {"id": "1", "narrative": "fell", "when": "2024-02-01", "code": "7212"},
        {"id": "2.5", "narrative": "TRUE", "when": "2024-02-01 03:00:00", "code": "0110"},
    ]
    assert block.rows.tolist() == [2, 4]


def test_excel_rows_wider_than_the_header_are_rejected(tmp_path: Path) -> None:
    block = only(book(tmp_path / "in.xlsx", [["id", "narrative"], [1, "a", "more"], [2, "b"]]))
    assert [row.reason for row in block.rejected] == ["3 columns where the header has 2"]
    assert block.rejected[0].raw == '["1", "a", "more"]'
    assert block.table["id"].to_pylist() == ["2"]


def test_excel_sheet_by_name_and_number(tmp_path: Path) -> None:
    path = book(tmp_path / "in.xlsx", [["id"], [1]])
    for name in ("Other", "2"):
        assert open_source(path, ReadOptions(sheet=name)).schema.names == ["x"]
    with pytest.raises(InputError, match="no sheet 'Third': it has Cases, Other"):
        open_source(path, ReadOptions(sheet="Third"))


def test_an_excel_file_cut_short(tmp_path: Path) -> None:
    path = book(tmp_path / "in.xlsx", [["id", "narrative"], *([n, "text"] for n in range(500))])
    content = path.read_bytes()
    for size in range(10, len(content), 997):
        path.write_bytes(content[:size])
        with pytest.raises(InputError, match="not a readable Excel workbook"):
            only(path)


def test_excel_bytes_changed_anywhere_give_rows_or_one_error(tmp_path: Path) -> None:
    path = book(tmp_path / "in.xlsx", [["id", "narrative"], [1, "text"]])
    content = path.read_bytes()
    for place in range(0, len(content), 37):
        changed = bytearray(content)
        changed[place] ^= 0x55
        path.write_bytes(changed)
        # rows, or the one error: anything else fails the test
        with contextlib.suppress(InputError):
            list(open_source(path, ReadOptions()).blocks(100))


def test_parquet_types_are_kept(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([1, 2], pa.int16()),
            "narrative": pa.array(["a", None]).dictionary_encode(),
            "long": pa.array(["x", "y"], pa.large_string()),
            "parts": pa.array([[1], None]),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    block = only(tmp_path / "in.parquet")
    assert block.table.schema.types == [
        pa.int16(), pa.string(), pa.string(), table.schema.field("parts").type,
    ]  # fmt: skip
    assert block.table["narrative"].to_pylist() == ["a", None]
    assert block.rows.tolist() == [1, 2]


def test_parquet_cells_that_cannot_be_read(tmp_path: Path) -> None:
    bad = pa.array([b"ok", b"caf\xe9", b"fine"]).view(pa.string())
    cells = pa.array(["a\0b", "b", "c"])
    pq.write_table(pa.table({"narrative": bad, "other": cells}), tmp_path / "in.parquet")
    block = only(tmp_path / "in.parquet")
    assert block.table.to_pylist() == [{"narrative": "fine", "other": "c"}]
    assert [(row.row, row.reason) for row in block.rejected] == [
        (1, "NUL byte"),
        (2, "bytes that are not UTF-8"),
    ]


def test_a_parquet_file_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"narrative": ["text"] * 50}), path)
    content = path.read_bytes()
    for size in (8, 50, len(content) - 1):
        path.write_bytes(content[:size])
        with pytest.raises(InputError, match="not a readable Parquet file"):
            only(path)
    # a damaged page behind an intact footer
    path.write_bytes(b"PAR1" + b"\xff" * 60 + content[64:])
    with pytest.raises(InputError, match="not a readable Parquet file"):
        only(path)
