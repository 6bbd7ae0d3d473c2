"""Arrow reads what has no oddity; what comes out is what the line by line reader gives."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.batch import plain
from coder.batch.blocks import Block, text_blocks, text_schema
from coder.batch.plain import delimited_blocks, plain_table
from coder.batch.records import Lines, records


def lines_of(text: str) -> Lines:
    return Lines(io.StringIO(text, newline=""))


def shown(blocks: list[Block]) -> list[object]:
    rows: list[object] = []
    for block in blocks:
        cells = zip(*(column.to_pylist() for column in block.table.columns), strict=True)
        rows += [(row, *one) for row, one in zip(block.rows.tolist(), cells, strict=True)]
        rows += [(row.row, row.reason, row.raw) for row in block.rejected]
    return sorted(rows, key=repr)


def slowly(text: str, delimiter: str, width: int) -> list[object]:
    schema = text_schema([f"c{n}" for n in range(width)])
    rows = records(lines_of(text), delimiter, width)
    return shown(list(text_blocks(schema, rows, 1000)))


def quickly(text: str, delimiter: str, width: int, chunk: int) -> list[object]:
    schema = text_schema([f"c{n}" for n in range(width)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "CHUNK", chunk)
        blocks = list(delimited_blocks(lines_of(text), delimiter, schema, 3))
    assert all(block.table.num_rows <= 3 for block in blocks)
    return shown(blocks)


CELL = st.text(st.sampled_from("a '\u00e9\u2028\t|;"), max_size=4)
QUOTED = st.text(st.sampled_from('a",\n'), max_size=4).map(lambda t: f'"{t}"')
LINE = st.lists(st.one_of(CELL, QUOTED), max_size=4).map(",".join)
TEXTS = st.one_of(
    st.lists(LINE, max_size=8).flatmap(
        lambda lines: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: end.join(lines))
    ),
    st.text(st.sampled_from('ab,"\n\r\0\u00e9\ud8ff'), max_size=60),
)


@given(TEXTS, st.integers(1, 3), st.integers(1, 40))
def test_the_same_rows_as_line_by_line(text: str, width: int, chunk: int) -> None:
    assert quickly(text, ",", width, chunk) == slowly(text, ",", width)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "\x1f", "^", "-", "]", "\\", "ä"])
def test_any_delimiter(delimiter: str) -> None:
    text = f'1{delimiter}cut\n2{delimiter}"a {delimiter} b ""c"""\n3{delimiter}5" pipe\n'
    assert quickly(text, delimiter, 2, 1000) == slowly(text, delimiter, 2)
    assert len(slowly(text, delimiter, 2)) == 3


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ('1,cut\n2,"on, ""the"" saw"\r\n3,5" pipe\n,\n4,caf\u00e9', 2),
        ("cut\nhand\n", 1),
        ('"cut"\n""\n', 1),
    ],
)
def test_what_has_no_oddity_is_read_by_arrow(text: str, width: int) -> None:
    table = plain_table(text, ",", text_schema([f"c{n}" for n in range(width)]))
    assert table is not None
    cells = zip(*(column.to_pylist() for column in table.columns), strict=True)
    assert [(n, *one) for n, one in enumerate(cells, 1)] == slowly(text, ",", width)


@pytest.mark.parametrize(
    "text",
    ["1,a\n\n2,b\n", "1\n", "1,a,b\n", '1,"a\n', '1,"a" b\n', '1,"a\nb"\n', "1,a\r2,b\n", "1,\0\n"],
)
def test_an_oddity_is_not(text: str) -> None:
    assert plain_table(text, ",", text_schema(["a", "b"])) is None


def test_a_cell_too_long_is_rejected_and_its_neighbours_are_read() -> None:
    text = "1,a\n" + "2," + "x" * 1_200_000 + "\n3,b\n"
    found = quickly(text, ",", 2, plain.CHUNK)
    assert [row[0] for row in found] == [1, 2, 3]
    assert found[1][1] == "cell over 1,000,000 characters in column 2"
