import csv
import datetime
import io
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.batch.cells import csv_header, csv_lines


def line(*values: object) -> list[str]:
    table = pa.table({str(n): pa.array([value]) for n, value in enumerate(values)})
    return next(csv.reader(io.StringIO(csv_lines(table).decode(), newline="")))


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\rx", "\n=1", "=", "-", " =1",
        "＝1+1", "－x", "+1 555 0100", "-3.5.x", "--1",
    ],
)  # fmt: skip
def test_what_a_spreadsheet_would_execute_gets_an_apostrophe(cell: str) -> None:
    assert line(cell) == ["'" + cell]


@pytest.mark.parametrize(
    "cell", ["-3.5", "+4", "-1,234.50", "-1e-5", "+.5", "-12%", "a=b", "x-y", "5@home", "", "'=1"]
)
def test_numbers_and_harmless_text_stay(cell: str) -> None:
    assert line(cell, "x") == [cell, "x"]


def test_types_as_text() -> None:
    assert line(-3, -0.5, True, None, datetime.date(2024, 2, 1), Decimal("-1.50"), [1, 2]) == [
        "-3", "-0.5", "true", "", "2024-02-01", "-1.50", "[1, 2]",
    ]  # fmt: skip


def test_header_is_neutralised_too() -> None:
    assert csv_header(["id", "=cmd()", "a,b"]) == b'id,\'=cmd(),"a,b"\n'


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_reads_back_but_for_the_apostrophes(rows: list[tuple[str, str]]) -> None:
    columns = list(zip(*rows, strict=True))
    text = csv_lines(pa.table({"a": list(columns[0]), "b": list(columns[1])})).decode()
    back = list(csv.reader(io.StringIO(text, newline="")))
    assert len(back) == len(rows)
    for cells, shown in zip(rows, back, strict=True):
        for cell, seen in zip(cells, shown, strict=True):
            assert seen in (cell, "'" + cell)
            assert seen == "'" + cell or not cell.lstrip(" ").startswith(("=", "@"))


@given(st.lists(CELLS, min_size=1, max_size=5))
def test_one_column_reads_back_row_by_row(cells: list[str]) -> None:
    text = csv_lines(pa.table({"a": cells})).decode()
    back = list(csv.reader(io.StringIO(text, newline="")))
    assert [row[0].removeprefix("'") for row in back] == [c.removeprefix("'") for c in cells]
