"""Exports in three formats, and texts that a spreadsheet would run."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.errors import OutputError
from coder.review.export import export, guard, unguard
from coder.review.importing import import_folder
from coder.review.store import Store
from tests.review.conftest import person
from tests.review.folders import HAND, plain_rows, write_folder
from tests.review.test_quality import work_off

FORMULAS = ("=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\rx", "＝1", " =1+1")


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_marked_and_come_back(text: str) -> None:
    assert guard(text) == "'" + text
    assert unguard(guard(text)) == text


@pytest.mark.parametrize("text", ["-3.5", "+4", "1e-5", "hand", "", "a=b", "'quoted'"])
def test_numbers_and_plain_texts_stay(text: str) -> None:
    assert guard(text) == text


@given(st.text())
def test_no_text_starts_a_formula(text: str) -> None:
    marked = guard(text)
    if marked != text:
        assert unguard(marked) == text
    assert not marked.startswith(("=", "@", "\t", "\r"))


@pytest.fixture
def filled(lite: Store, tmp_path: Path) -> Store:
    rows = plain_rows(4)
    rows[3][0]["narrative"] = '=HYPERLINK("http://x","hand")'
    import_folder(lite, write_folder(tmp_path / "out", rows))
    work_off(lite, person(lite, "ann"), {})
    return lite


def test_the_three_formats_hold_the_same(filled: Store, tmp_path: Path) -> None:
    for form in ("csv", "xlsx", "parquet"):
        assert export(filled, tmp_path / f"all.{form}") == 8
    with (tmp_path / "all.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    book = openpyxl.load_workbook(tmp_path / "all.xlsx")
    sheet = book.worksheets[0]
    assert "f" not in {c.data_type for row in sheet.iter_rows() for c in row}
    cells = [["" if v is None else str(v) for v in r] for r in sheet.iter_rows(values_only=True)]
    book.close()
    table = pq.read_table(tmp_path / "all.parquet")
    assert table.schema.field("body-part_level").type == "int32"
    assert table.schema.field("body-part_confidence").type == "double"
    rows = [["" if v is None else str(v) for v in r.values()] for r in table.to_pylist()]
    assert [[unguard(c) for c in line] for line in lines] == cells == [table.column_names, *rows]
    assert lines[4][1].startswith("'=HYPERLINK")
    assert rows[3][1].startswith("=HYPERLINK")
    assert rows[3][2] == HAND


def test_a_failed_export_leaves_nothing(filled: Store, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        export(filled, tmp_path / "all.docx")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(OutputError):
        export(filled, tmp_path / "folder.csv")
    assert not list(tmp_path.glob("*.partial"))
