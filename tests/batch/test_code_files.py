"""Whole runs through `code_files`, with the keyword engine."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coder.batch import Job, ReadOptions, code_files
from coder.batch.run import _check
from coder.batch.workers import loaded
from coder.batch.writing import check_fits
from coder.errors import InputError, OutputError, SchemeError
from tests.batch.engine import KeywordEngine, LoadKeywordEngine

ROWS = [
    ("1", "a welder burnt his hand"),
    ("2", "cut hand and head"),
    ("3", "idem"),
    ("4", "a welder burnt his hand"),
    ("5", "cut hand and head"),
    ("6", "broke his back, hit his head, burn"),
]


def write_csv(path: Path, rows: Sequence[Sequence[str]], header: str = "id,narrative") -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        stream.write(header + "\n")
        csv.writer(stream).writerows(rows)
    return path


def job(source: Path | tuple[Path, ...], out: Path, **changes: Any) -> Job:
    inputs = source if isinstance(source, tuple) else (source,)
    return Job(**({"inputs": inputs, "out": out, "loader": LoadKeywordEngine()} | changes))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_run_writes_the_four_files_and_its_counts_add_up(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [*ROWS, ("7", "too", "many")])
    summary = code_files(job(source, tmp_path / "out")).content
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "coded.csv", "rejected.csv", "review.csv", "run.json",
    ]  # fmt: skip
    assert summary == json.loads((tmp_path / "out/run.json").read_text())
    assert summary["counts"] == {
        "read": 7, "coded": 6, "rejected": 1, "review": 3, "distinct_texts": 4,
    }  # fmt: skip
    assert summary["schemes"]["body-part"] == {"auto": 2, "review": 3, "uncodable": 1}
    coded = rows_of(tmp_path / "out/coded.csv")
    assert [row["id"] for row in coded] == ["1", "2", "3", "4", "5", "6"]
    assert coded[0]["narrative"] == "a welder burnt his hand"
    assert coded[0]["isco-08_code"] == "7212"
    assert coded[0]["isco-08_level"] == "4"
    assert coded[0]["isco-08_confidence"] == "0.523"
    assert list(coded[0])[2:9] == [
        "body-part_code", "body-part_title", "body-part_level", "body-part_confidence",
        "body-part_status", "body-part_suggestions", "body-part_side",
    ]  # fmt: skip
    assert not any(name.endswith(("_reason", "_candidates", "_evidence")) for name in coded[0])
    (rejected,) = rows_of(tmp_path / "out/rejected.csv")
    assert rejected == {
        "source": "in.csv",
        "row": "8",
        "reason": "3 columns where the header has 2",
        "raw": "7,too,many",
    }


def test_identical_texts_are_coded_once(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [(str(n), f"hand {n % 7}") for n in range(50)])
    loader = LoadKeywordEngine(log=tmp_path / "log")
    code_files(job(source, tmp_path / "out", loader=loader, batch_size=3))
    sizes = [int(line.split()[1]) for line in (tmp_path / "log").read_text().splitlines()]
    assert sizes == [3, 3, 1]
    assert len(rows_of(tmp_path / "out/coded.csv")) == 50


def test_review_holds_what_a_decision_is_worth_most_first(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", ROWS)
    code_files(job(source, tmp_path / "out"))
    review = rows_of(tmp_path / "out/review.csv")
    # two records share their text; the last one is alone
    assert [row["id"] for row in review] == ["2", "5", "6"]
    assert review[0]["body-part_candidates"] == "5.5|1"
    assert review[0]["body-part_reason"] == "two codes close"
    assert review[0]["body-part_evidence"] == "two words"


def test_review_breaks_ties_by_margin_then_by_input_order(tmp_path: Path) -> None:
    texts = ["hand head" + " x" * n for n in (30, 10, 20, 10)]
    source = write_csv(tmp_path / "in.csv", [(str(n), t) for n, t in enumerate([*texts, "hand"])])
    code_files(job(source, tmp_path / "out", schemes=("body-part",)))
    assert [row["id"] for row in rows_of(tmp_path / "out/review.csv")] == ["1", "3", "2", "0"]


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("file_format", ["csv", "parquet", "xlsx"])
def test_same_bytes_whatever_the_number_of_jobs(
    tmp_path: Path, file_format: str, jobs: int
) -> None:
    source = write_csv(tmp_path / "in.csv", [(str(n), f"cut hand, head {n}") for n in range(60)])
    for name, used in (("a", 1), ("b", jobs)):
        made = job(source, tmp_path / name, file_format=file_format, batch_size=7, jobs=used)
        code_files(made)
    for name in (f"coded.{file_format}", "review.csv", "rejected.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_formats_hold_the_same_table(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [*ROWS, ("=7", "\x01odd _x0041_ hand")])
    for file_format in ("csv", "parquet", "xlsx"):
        code_files(job(source, tmp_path / file_format, file_format=file_format))
    from_csv = rows_of(tmp_path / "csv/coded.csv")
    parquet = pq.read_table(tmp_path / "parquet/coded.parquet")
    assert parquet.schema.field("isco-08_level").type == pa.int32()
    assert parquet["id"].to_pylist()[-1] == "=7"
    assert from_csv[-1]["id"] == "'=7"
    book = openpyxl.load_workbook(tmp_path / "xlsx/coded.xlsx")
    rows = list(book["coded"].iter_rows(values_only=True))
    assert list(rows[0]) == list(from_csv[0]) == parquet.column_names
    assert rows[1][3:6] == ("Hand", 2, 0.523)
    assert rows[-1][0] == "'=7"
    assert all(cell.data_type != "f" for row in book["coded"].iter_rows() for cell in row)
    assert [row["narrative"] for row in from_csv] == parquet["narrative"].to_pylist()


def test_duplicate_ids_are_set_aside_and_empty_ones_are_not(tmp_path: Path) -> None:
    first = write_csv(tmp_path / "a.csv", [("1", "hand"), ("1", "head"), ("", "a"), ("", "b")])
    second = write_csv(tmp_path / "b.csv", [("2", "hand"), ("1", "back")])
    summary = code_files(job((first, second), tmp_path / "out")).content
    assert summary["counts"]["coded"] == 4
    rejected = rows_of(tmp_path / "out/rejected.csv")
    assert [(row["source"], row["row"], row["reason"]) for row in rejected] == [
        ("a.csv", "3", "duplicate id (first in row 2)"),
        ("b.csv", "3", "duplicate id (first in row 2 of a.csv)"),
    ]
    assert json.loads(rejected[1]["raw"]) == ["1", "back"]
    assert [entry["rejected"] for entry in summary["inputs"]] == [1, 1]


def test_the_id_column_can_be_named(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [("1", "hand"), ("1", "head")], "claim,narrative")
    assert code_files(job(source, tmp_path / "a")).content["counts"]["rejected"] == 0
    named = job(source, tmp_path / "b", id_column="claim")
    assert code_files(named).content["counts"]["rejected"] == 1
    with pytest.raises(InputError, match="no id column 'x'; found: claim, narrative"):
        code_files(job(source, tmp_path / "c", id_column="x"))


def test_several_files_need_the_same_columns_in_any_order(tmp_path: Path) -> None:
    first = write_csv(tmp_path / "a.csv", [("1", "hand")])
    second = write_csv(tmp_path / "b.csv", [("head", "2")], "narrative,id")
    code_files(job((first, second), tmp_path / "out"))
    assert [row["id"] for row in rows_of(tmp_path / "out/coded.csv")] == ["1", "2"]
    third = write_csv(tmp_path / "c.csv", [("head", "2")], "narrative,number")
    with pytest.raises(InputError, match="has 'number', lacks 'id'"):
        code_files(job((first, third), tmp_path / "other"))


def test_mixed_kinds_of_input_become_text(tmp_path: Path) -> None:
    first = write_csv(tmp_path / "a.csv", [("1", "hand")])
    pq.write_table(pa.table({"id": [2], "narrative": ["head"]}), tmp_path / "b.parquet")
    code_files(job((first, tmp_path / "b.parquet"), tmp_path / "out", file_format="parquet"))
    assert pq.read_table(tmp_path / "out/coded.parquet")["id"].to_pylist() == ["1", "2"]


def test_a_column_that_has_the_name_of_an_added_one_is_kept_beside_it(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [("1", "hand", "old")], "id,narrative,body-part_code")
    code_files(job(source, tmp_path / "out"))
    (row,) = rows_of(tmp_path / "out/coded.csv")
    assert row["body-part_code_input"] == "old"
    assert row["body-part_code"] == "5.5"


def test_such_a_column_cannot_be_the_text(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [("1", "old")], "id,body-part_title")
    with pytest.raises(InputError, match="'body-part_title' has the name of a column"):
        code_files(job(source, tmp_path / "out", text={"body-part": ("body-part_title",)}))


def test_a_coded_file_can_be_coded_again(tmp_path: Path) -> None:
    code_files(job(write_csv(tmp_path / "in.csv", ROWS), tmp_path / "one"))
    code_files(job(tmp_path / "one/coded.csv", tmp_path / "two"))
    (first, *_), (again, *_) = (rows_of(tmp_path / n / "coded.csv") for n in ("one", "two"))
    assert again["isco-08_code_input"] == again["isco-08_code"] == first["isco-08_code"]


def test_no_rows_is_a_run_without_rows(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [])
    for file_format in ("csv", "parquet", "xlsx"):
        summary = code_files(job(source, tmp_path / file_format, file_format=file_format)).content
        assert summary["counts"]["read"] == 0
    assert rows_of(tmp_path / "csv/coded.csv") == []


def test_no_usable_column_lists_what_was_found(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [("1", "2020")], "id,year")
    with pytest.raises(InputError, match="id, year"):
        code_files(job(source, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_schemes_without_a_column_are_named_unless_asked_for(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [("1", "welder", "shipyard")], "id,job_title,industry")
    summary = code_files(job(source, tmp_path / "out")).content
    assert list(summary["schemes"]) == ["isco-08"]
    assert summary["schemes_without_text"] == ["body-part", "injury-type"]
    with pytest.raises(InputError, match="body-part"):
        code_files(job(source, tmp_path / "other", schemes=("isco-08", "body-part")))


def test_unknown_scheme_and_column(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", ROWS)
    with pytest.raises(SchemeError, match="no model for scheme 'isco-99'"):
        code_files(job(source, tmp_path / "out", schemes=("isco-99",)))
    with pytest.raises(InputError, match="'nothing'"):
        code_files(job(source, tmp_path / "out", text={"isco-08": ("nothing",)}))
    assert not (tmp_path / "out").exists()


def test_text_columns_can_be_named(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [("1", "hand", "head")], "id,before,after")
    code_files(job(source, tmp_path / "out", text={"body-part": ("after",)}))
    (row,) = rows_of(tmp_path / "out/coded.csv")
    assert row["body-part_code"] == "1"


def test_the_engine_sees_the_names_of_all_columns_and_the_cells_of_its_own(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [("1", "hand", "x")], "id,narrative,remark")
    checked = _check(job(source, tmp_path / "out"))
    assert checked.task.columns == ("id", "narrative", "remark")
    assert checked.intake.text_columns == ("narrative",)


@dataclass(frozen=True)
class LoadByYear:
    """An engine whose policy has thresholds by year: nothing is automatic in 2021."""

    def __call__(self) -> KeywordEngine:
        class ByYear(KeywordEngine):
            def code_table(self, table: pa.Table, *more: Any, **options: Any) -> pa.Table:
                answer = super().code_table(table, *more, **options)
                place = answer.column_names.index("isco-08_status")
                years = table["year"].to_pylist()
                status = ["review" if year == "2021" else "auto" for year in years]
                return answer.set_column(place, "isco-08_status", pa.array(status))

        return ByYear(schemes=("isco-08",), group_columns=("year",))


def test_a_policy_by_group_sees_the_group_of_each_record(tmp_path: Path) -> None:
    rows = [("1", "welder", "2020"), ("2", "welder", "2021"), ("3", "welder", "2020")]
    source = write_csv(tmp_path / "in.csv", rows, "id,narrative,year")
    summary = code_files(job(source, tmp_path / "out", loader=LoadByYear())).content
    coded = rows_of(tmp_path / "out/coded.csv")
    assert [row["isco-08_status"] for row in coded] == ["auto", "review", "auto"]
    assert summary["counts"]["distinct_texts"] == 2
    without = write_csv(tmp_path / "b.csv", [("1", "welder")])
    with pytest.raises(InputError, match="thresholds by 'year', which is no column"):
        code_files(job(without, tmp_path / "other", loader=LoadByYear()))


def test_redaction_reaches_every_file(tmp_path: Path) -> None:
    secret = "mary.poppins@example.org"
    rows = [("1", f"hand and head, mail {secret}"), ("2", f"x {secret}", "extra")]
    source = write_csv(tmp_path / "in.csv", [*rows, ("1", f"again {secret}")])
    code_files(job(source, tmp_path / "out", redact=True))
    written = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert all(secret not in text for text in written.values())
    assert "[EMAIL]" in written["coded.csv"]
    assert "[EMAIL]" in written["review.csv"]
    assert written["rejected.csv"].count("[EMAIL]") == 2


def test_a_cell_that_excel_cannot_hold_is_rejected_for_excel_only(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [("1", "hand " * 8000), ("2", "head")])
    as_excel = code_files(job(source, tmp_path / "a", file_format="xlsx")).content
    assert as_excel["counts"] | {"review": 0} == {
        "read": 2, "coded": 1, "rejected": 1, "review": 0, "distinct_texts": 1,
    }  # fmt: skip
    assert code_files(job(source, tmp_path / "b")).content["counts"]["rejected"] == 0


def test_more_rows_than_a_sheet_holds() -> None:
    check_fits("xlsx", 1_048_575, 30)
    check_fits("csv", 1_048_576, 30)
    with pytest.raises(OutputError, match="use --format csv or parquet"):
        check_fits("xlsx", 1_048_576, 30)


def test_the_manifest_says_what_was_read_and_with_what(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes("id;narrative\n1;brûlé à la main hand\n".encode("cp1252"))
    summary = code_files(job(source, tmp_path / "out")).content
    (entry,) = summary["inputs"]
    assert (entry["encoding"], entry["delimiter"], entry["read"]) == ("cp1252", ";", 1)
    assert summary["engine"]["models"]["isco-08"]["hash"] == "0" * 16
    assert summary["program"]["version"]
    assert summary["seconds"] >= 0
    assert set(summary["outputs"]) == {"coded.csv", "review.csv", "rejected.csv"}


def test_reading_options_are_passed_on(tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_bytes("id:narrative\n1:é hand\n".encode("mac-roman"))
    options = ReadOptions(encoding="mac-roman", delimiter=":")
    code_files(job(source, tmp_path / "out", reading=options))
    assert rows_of(tmp_path / "out/coded.csv")[0]["narrative"] == "é hand"


@pytest.fixture(autouse=True)
def _fresh_engine() -> None:
    loaded.cache_clear()
