import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.batch import records as module
from coder.batch.records import Lines, Record, Rejected, printable, records


def read(text: str, width: int | None = 2, delimiter: str = ",") -> list[Record | Rejected]:
    return list(records(Lines(io.StringIO(text, newline="")), delimiter, width))


def shown(text: str, width: int | None = 2) -> list[tuple[int, list[str] | str]]:
    return [
        (row.row, row.cells if isinstance(row, Record) else row.reason) for row in read(text, width)
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_and_quoted_line_ends(end: str) -> None:
    text = end.join(["a,b", f'1,"two{end}lines"', "3,4", ""])
    assert shown(text) == [(1, ["a", "b"]), (2, ["1", f"two{end}lines"]), (4, ["3", "4"])]


def test_quotes_inside_an_unquoted_cell_are_text() -> None:
    assert shown('1,5" pipe fell\n2,"a ""b"" c"\n') == [
        (1, ["1", '5" pipe fell']),
        (2, ["2", 'a "b" c']),
    ]


def test_a_quote_that_never_closes_costs_one_line() -> None:
    assert shown('1,"open\n2,b\n3,c\n') == [
        (1, "quotes that do not match"),
        (2, ["2", "b"]),
        (3, ["3", "c"]),
    ]


def test_a_quote_closed_by_the_next_rows_quote_costs_one_line() -> None:
    assert shown('1,"open\n2,"b"\n3,"c"\n') == [
        (1, "quotes that do not match"),
        (2, ["2", "b"]),
        (3, ["3", "c"]),
    ]


def test_a_stray_quote_that_swallows_whole_rows_gives_them_back() -> None:
    assert shown('1,"open\n2,b\n3,closed"\n4,d\n', 3) == [
        (1, "2 columns where the header has 3"),
        (4, "2 columns where the header has 3"),
    ]
    assert shown('1,"open,x\n2,b,y\n3,c",z\n4,d,w\n', 3)[-1] == (4, ["4", "d", "w"])
    assert shown('"1,open\n2,b\n3,c"\n4,d\n') == [
        (1, "quotes that do not match"),
        (2, ["2", "b"]),
        (3, ["3", 'c"']),
        (4, ["4", "d"]),
    ]


def test_text_after_a_closing_quote() -> None:
    assert shown('1,"a" b\n2,c\n') == [(1, "quotes that do not match"), (2, ["2", "c"])]


def test_wrong_width_names_both_numbers_and_keeps_the_content() -> None:
    rows = read("1,a,b\n2\n3,c\n")
    assert rows[0] == Rejected(1, "3 columns where the header has 2", "1,a,b")
    assert rows[1] == Rejected(2, "1 columns where the header has 2", "2")
    assert isinstance(rows[2], Record)


def test_nul_and_undecodable_bytes() -> None:
    text = b"1,a\0b\n2,caf\xe9\n3,ok\n".decode("utf-8", "surrogateescape")
    assert shown(text) == [
        (1, "NUL byte"),
        (2, "bytes that are not in the file's encoding"),
        (3, ["3", "ok"]),
    ]
    assert [printable(row.raw) for row in read(text)] == ["1,a\\x00b", "2,caf\\xe9", "3,ok"]


def test_blank_lines_are_no_records_but_empty_cells_are() -> None:
    assert shown("\n1,a\n\n,\n\n") == [(2, ["1", "a"]), (4, ["", ""])]


def test_a_ten_megabyte_cell_is_rejected_whole() -> None:
    cell = "x" * 10_000_000
    for text in (f"1,{cell}\n2,b\n", f'1,"{cell}"\n2,b\n', f'1,"{cell[:-1]}\n"\n2,b\n'):
        first, second = read(text)
        assert isinstance(first, Rejected)
        assert first.reason == "cell over 1,000,000 characters in column 2"
        assert len(first.raw) > 10_000_000
        assert isinstance(second, Record)


def test_a_line_without_end_comes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECORD_LIMIT", 100)
    rows = read("1,a\n" + "y" * 250 + "\n2,b\n")
    assert [row.row for row in rows] == [1, 2, 2, 2, 3]
    assert "".join(row.raw for row in rows[1:4]) == "y" * 250
    assert isinstance(rows[-1], Record)


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8),
            min_size=2,
            max_size=2,
        ),
        max_size=8,
    )
)
def test_reads_back_what_the_standard_library_wrote(rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(rows)
    assert [row.cells for row in read(stream.getvalue()) if isinstance(row, Record)] == rows


@given(st.text(st.sampled_from('ab,"\n\r\0'), max_size=60), st.integers(1, 3))
def test_nothing_is_lost_whatever_the_text(text: str, width: int) -> None:
    rows = read(text, width)
    kept = "".join(row.raw for row in rows)
    assert [c for c in kept if c not in "\r\n"] == [c for c in text if c not in "\r\n"]
    assert [row.row for row in rows] == sorted(row.row for row in rows)
    assert all(len(row.cells) == width for row in rows if isinstance(row, Record))
