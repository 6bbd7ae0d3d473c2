"""`coder schemes recode` from the command line: files in, files out, counts that add up."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest

from coder.cli.main import run
from coder.cli.recode import recode as command
from coder.engine.recode import SURE
from tests.schemes.made_up import made_up

TOKEN = "zzsecretzz"
OLD = f"""id,ISCO,job_title,note
1,7212,welder,=1+1
2,2131,database designer,a
3,1317,{TOKEN} manager,b
4,9999,thing,c
5,,none,d
6,7212
7,3139,operator,e
"""


def recode(folder: Path, text: str, *more: str) -> tuple[int, Path]:
    (folder / "old.csv").write_text(text, encoding="utf-8")
    out = folder / "new"
    arguments = ["schemes", "recode", str(folder / "old.csv"), "--from", "isco-88"]
    return run([*arguments, "--to", "isco-08", "--out", str(out), *more]), out


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = recode(tmp_path, OLD)
    assert status == 0
    coded = {row["id"]: row for row in rows(out / "coded.csv")}
    assert [coded[i]["isco-08_code"] for i in "1234"] == ["7212", "2521", "", ""]
    assert [coded[i]["isco-08_status"] for i in "123457"] == [
        "auto", "auto", "review", "review", "uncodable", "review",
    ]  # fmt: skip
    assert coded["1"]["note"] == "'=1+1"
    review = {row["id"]: row for row in rows(out / "review.csv")}
    assert set(review) == {"3", "4", "7"}
    assert len(review["3"]["isco-08_candidates"].split("|")) == 7
    assert [row["row"] for row in rows(out / "rejected.csv")] == ["7"]
    content = json.loads((out / "run.json").read_text())
    assert content["counts"] == {
        "read": 7, "coded": 6, "rejected": 1, "review": 3, "distinct_texts": 6,
    }  # fmt: skip
    assert content["schemes"] == {"isco-08": {"auto": 2, "review": 3, "uncodable": 1}}
    assert content["engine"]["recode"]["column"] == "ISCO"
    assert TOKEN not in capsys.readouterr().err
    assert TOKEN not in (out / "run.json").read_text()


def test_without_text_splits_are_listed(tmp_path: Path) -> None:
    status, out = recode(tmp_path, "id,isco\n1,7212\n2,2131\n", "--quiet")
    assert status == 0
    assert [row["isco-08_status"] for row in rows(out / "coded.csv")] == ["auto", "review"]


def test_excel_in_and_out(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["code", "job_title"], [7212, "welder"], ["0110", "=SUM(A1)"]):
        book.active.append(row)
    book.active["B3"].data_type = "s"
    book.save(tmp_path / "old.xlsx")
    arguments = ["schemes", "recode", str(tmp_path / "old.xlsx"), "--from", "isco-88"]
    out = tmp_path / "new"
    assert run([*arguments, "--to", "isco-08", "--out", str(out), "--format", "xlsx"]) == 0
    sheet = list(openpyxl.load_workbook(out / "coded.xlsx")["coded"].values)
    assert [row[2] for row in sheet] == ["isco-08_code", "7212", None]
    assert sheet[2][1] == "'=SUM(A1)"


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        ("id,x\n1,2\n", (), "which column holds the codes of isco-88"),
        ("id,x\n1,2\n", ("--column", "isco"), "no column 'isco' for the old codes; found: id, x"),
        ("id,isco\n1,2\n", ("--text", "title"), "column 'title' for isco-08 is not in the input"),
        ("id,isco\n1,2\n", ("--to", "isic-4"), "there is no crosswalk from isco-88 to isic-4"),
        ("id,isco\n1,2\n", ("--to", "isco-8"), "unknown scheme 'isco-8'"),
    ],
)
def test_errors_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, more: tuple[str, ...], words: str
) -> None:
    status, out = recode(tmp_path, text, *more)
    shown = capsys.readouterr().err
    assert status == 1
    assert words in shown
    assert "Traceback" not in shown
    assert not out.exists()


def test_the_output_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert recode(tmp_path, "isco\n7212\n")[0] == 0
    assert recode(tmp_path, "isco\n7212\n")[0] == 1
    assert "--force" in capsys.readouterr().err
    assert recode(tmp_path, "isco\n7212\n", "--force")[0] == 0


def test_the_threshold_shown_is_the_one_that_was_measured() -> None:
    (sure,) = [option for option in command.params if option.name == "sure"]
    assert sure.default == SURE


def test_code_takes_revisions_beside_the_current_scheme(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,job_title\n1,gas welder\n2,n/a\n3,welder\n")
    arguments = ["code", str(tmp_path / "in.csv"), "--schemes", "isco-08,isco-88,isco-28"]
    arguments += ["--model", f"isco-28={made_up(tmp_path)}", "--quiet"]
    for jobs in ("1", "2"):
        out = tmp_path / f"out-{jobs}"
        more = ["--out", str(out), "--jobs", jobs, "--batch-size", "1"]
        assert run([*arguments, *more]) == 0
        content = json.loads((out / "run.json").read_text())
        assert set(content["schemes"]) == {"isco-08", "isco-88", "isco-28"}
        assert all(sum(found.values()) == 3 for found in content["schemes"].values())
    assert (out / "coded.csv").read_bytes() == (tmp_path / "out-1" / "coded.csv").read_bytes()
    first = rows(out / "coded.csv")[0]
    assert first["isco-28_suggestions"].startswith("9001:")
    assert first["isco-88_suggestions"].startswith("7212:")
