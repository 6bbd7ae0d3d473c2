import codecs
import gzip
from pathlib import Path

import pytest

from coder.batch.blocks import ReadOptions
from coder.batch.dialect import ONE_COLUMN, checked_delimiter, find_delimiter, find_encoding
from coder.batch.opening import open_source
from coder.errors import InputError

TEXT = 'id;récit;région\n1;brûlé à la main – café;nord\n2;"tombé;\nd\'une échelle";sud\n'


def write(folder: Path, content: bytes, name: str = "in.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("cp1252", "cp1252"),
        ("latin-1", "cp1252"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_encodings_and_delimiters(
    tmp_path: Path, encoding: str, found: str, delimiter: str
) -> None:
    text = TEXT.replace(";", delimiter)
    if encoding == "latin-1":
        text = text.replace("–", "-")
    path = write(tmp_path, text.encode(encoding))
    source = open_source(path, ReadOptions())
    assert source.facts()["encoding"] == found
    assert source.facts()["delimiter"] == delimiter
    (block,) = source.blocks(100)
    assert block.table.column_names == ["id", "récit", "région"]
    assert block.table["récit"].to_pylist()[1] == f"tombé{delimiter}\nd'une échelle"
    assert block.rows.tolist() == [2, 3]
    assert not block.rejected


def test_big_endian_utf16_with_its_mark(tmp_path: Path) -> None:
    path = write(tmp_path, codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"))
    (block,) = open_source(path, ReadOptions()).blocks(100)
    assert block.table["région"].to_pylist() == ["nord", "sud"]


def test_a_bad_byte_in_a_utf8_file_costs_its_row(tmp_path: Path) -> None:
    path = write(tmp_path, "id,t\n1,é\n2,ü\n".encode() + b"3,\xe9\xff\n4,ok\n")
    source = open_source(path, ReadOptions())
    assert source.facts()["encoding"] == "utf-8"
    (block,) = source.blocks(10)
    assert block.table["id"].to_pylist() == ["1", "2", "4"]
    assert [row.row for row in block.rejected] == [4]


def test_bytes_that_no_western_text_has_do_not_make_it_cp1252(tmp_path: Path) -> None:
    assert find_encoding(write(tmp_path, b"id,t\n1,\xff\xfe\n2,b\n")) == "utf-8"
    assert find_encoding(write(tmp_path, b"id,t\n1,caf\xe9\n2,b\n")) == "cp1252"


def test_undefined_bytes_of_cp1252_cost_their_row(tmp_path: Path) -> None:
    path = write(tmp_path, b"id,t\n1,caf\xe9 \xe8\n2,\x81\n")
    (block,) = open_source(path, ReadOptions()).blocks(10)
    assert block.table["t"].to_pylist() == ["café è"]
    assert [row.row for row in block.rejected] == [3]


def test_a_utf16_file_cut_in_the_middle_of_a_character(tmp_path: Path) -> None:
    path = write(tmp_path, "id,t\n1,é\n2,b".encode("utf-16") + b"\x41")
    (block,) = open_source(path, ReadOptions()).blocks(10)
    assert block.table["id"].to_pylist() == ["1"]
    assert [row.row for row in block.rejected] == [3]


def test_a_multibyte_character_on_a_chunk_border(tmp_path: Path) -> None:
    body = b"id,t\n1," + b"a" * ((1 << 16) - 8) + "éé\n".encode()
    assert find_encoding(write(tmp_path, body)) == "utf-8"


def test_one_column_keeps_its_commas(tmp_path: Path) -> None:
    path = write(tmp_path, b'narrative\nfell, broke arm\n"cut; hand"\n')
    assert find_delimiter(path, "utf-8") == ONE_COLUMN
    (block,) = open_source(path, ReadOptions()).blocks(10)
    assert block.table["narrative"].to_pylist() == ["fell, broke arm", "cut; hand"]


def test_commas_in_text_do_not_outvote_the_delimiter(tmp_path: Path) -> None:
    path = write(tmp_path, b"id;text, as told\n1;a, b, c\n2;d, e\n3;f\n")
    assert find_delimiter(path, "utf-8") == ";"


def test_header_only_and_gzip(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(b"id\ttext\n"), "in.csv.gz")
    source = open_source(path, ReadOptions())
    assert source.schema.names == ["id", "text"]
    assert list(source.blocks(10)) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "has no header row"),
        (b'"open\n1,2\n', "header row"),
        (gzip.compress(b"id,t\n" + bytes(range(32, 120)) * 50)[:-30], "compressed file is damaged"),
        (b"PAR1 and nothing else", "not a readable Parquet file"),
        (b"PK\x03\x04 and nothing else", "not a readable Excel workbook"),
        (b"\xd0\xcf\x11\xe0 old excel", "save it as .xlsx"),
        (b"a\0b,c\n1,2\n", "cannot be read: NUL byte"),
    ],
)
def test_unreadable_files_are_one_clear_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(InputError, match=message) as caught:
        list(open_source(path, ReadOptions()).blocks(10))
    assert "\n" not in caught.value.message


def test_options_that_do_not_fit(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,b\n1,2\n")
    with pytest.raises(InputError, match="unknown encoding"):
        open_source(path, ReadOptions(encoding="klingon"))
    with pytest.raises(InputError, match="one character"):
        open_source(path, ReadOptions(delimiter=",,"))
    assert checked_delimiter("tab") == "\t"


def test_repeated_and_empty_column_names(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,,a, a ,\n1,2,3,4,5\n")
    assert open_source(path, ReadOptions()).schema.names == [
        "a", "column_2", "a_2", "a_3", "column_5",
    ]  # fmt: skip
