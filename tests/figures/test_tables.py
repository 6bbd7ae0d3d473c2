"""Tables from files: the same text from CSV, Parquet and Excel."""

from __future__ import annotations

import datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coder.errors import InputError
from coder.figures.svg import Series, dot_plot
from coder.figures.tables import read_table, table_csv

EXPECTED = {"id": ["1", "2"], "code": ["0110", ""], "day": ["2024-05-31", ""]}


def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_the_same_text_from_three_formats(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,code,day\n1,0110,2024-05-31\n2,,\n", encoding="utf-8-sig")
    pq.write_table(pa.table(EXPECTED), tmp_path / "a.parquet")
    day = datetime.datetime(2024, 5, 31)
    sheet = [["id", "code", "day", None], [1.0, "0110", day], [2], [None]]
    workbook(tmp_path / "a.xlsx", sheet)
    for name in ("a.csv", "a.parquet", "a.xlsx"):
        assert read_table(tmp_path / name).to_pydict() == EXPECTED, name


@pytest.mark.parametrize("name", ["none.csv", "broken.xlsx", "twice.xlsx", "empty.csv"])
def test_what_cannot_be_read_is_one_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    workbook(tmp_path / "twice.xlsx", [["a", "a"], [1, 2]])
    (tmp_path / "empty.csv").write_text("a,b\n", encoding="utf-8")
    with pytest.raises(InputError, match=name):
        read_table(tmp_path / name)


def test_numbers_are_written_plain() -> None:
    assert table_csv([{"a": 0.1 + 0.2, "b": float("nan")}]) == "a,b\n0.3,\n"


@pytest.mark.parametrize(("top", "last"), [(0.0034, "0.004"), (7.0, "8"), (93.0, "100")])
def test_an_axis_of_amounts_ends_at_a_round_number_above_all(top: float, last: str) -> None:
    picture = dot_plot("n", "d", ["a"], [Series("s", [0], [top], [0.0], [top])], amounts=True)
    assert f">{last}</text>" in picture
