"""`coder code --facts`: facts beside the codes, bad cells to a person, and nothing lost."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from coder.batch import Job, code_files
from coder.cli.loading import EngineSpec
from coder.cli.main import run

HEADER = "id,narrative,employees,accident_date,return_date,days_lost,fatal"
ROWS = (
    "1,Hit by a car while cycling to work.,12,2024-03-01,2024-03-05,,",
    "2,The roofer fell and was killed.,4,2024-03-01,,,yes",
    "3,Cut his hand on a blade.,250,2024-03-01,2024-02-01,,",
    "4,Two workers were injured in the blast.,30,03/04/2024,,-5,",
    "5,A patient punched the nurse.,,,,7,no",
    "6,n/a,,,,,",
)
SPEC = EngineSpec(schemes=("size-class",))


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.csv"
    path.write_text("\n".join([HEADER, *ROWS]) + "\n", encoding="utf-8")
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def coded(cases: Path, out: Path, **options: object) -> list[dict[str, str]]:
    job = Job((cases,), out, SPEC, schemes=("size-class",), facts=True, **options)  # type: ignore[arg-type]  # named one by one in the tests
    code_files(job)
    return rows(out / "coded.csv")


def test_facts_stand_beside_the_codes_and_every_row_is_there(cases: Path, tmp_path: Path) -> None:
    found = coded(cases, tmp_path / "out")
    assert [row["id"] for row in found] == list("123456")
    assert [row["commuting"] for row in found] == ["yes", "no", "no", "no", "no", ""]
    assert [row["fatal"] for row in found] == ["no", "yes", "no", "no", "no", ""]
    assert [row["days_lost"] for row in found] == ["3", "", "", "", "7", ""]
    assert [row["persons_injured"] for row in found] == ["1", "1", "1", "2", "1", ""]
    assert [row["size-class_code"] for row in found] == ["3", "1", "9", "4", "", ""]


def test_input_columns_of_the_same_name_are_kept(cases: Path, tmp_path: Path) -> None:
    found = coded(cases, tmp_path / "out")
    assert [row["fatal_input"] for row in found] == ["", "yes", "", "", "no", ""]
    assert [row["days_lost_input"] for row in found] == ["", "", "", "-5", "7", ""]


def test_what_a_person_must_see_is_in_review(cases: Path, tmp_path: Path) -> None:
    coded(cases, tmp_path / "out")
    asked = {row["id"]: row["facts_review"] for row in rows(tmp_path / "out" / "review.csv")}
    assert set(asked) == {"3", "4", "5"}
    assert asked["3"] == "the return to work is before the accident"
    assert "paragraph 12" in asked["4"]
    assert "negative" in asked["4"]
    assert "Convention 190" in asked["5"]


def test_equal_texts_with_other_dates_keep_their_own_facts(tmp_path: Path) -> None:
    path = tmp_path / "same.csv"
    path.write_text(
        "narrative,employees,accident_date,return_date\n"
        "Cut his hand.,9,2024-03-01,2024-03-03\nCut his hand.,9,2024-03-01,2024-03-09\n",
        encoding="utf-8",
    )
    assert [row["days_lost"] for row in coded(path, tmp_path / "out")] == ["1", "7"]


def test_a_run_without_facts_adds_none(cases: Path, tmp_path: Path) -> None:
    code_files(Job((cases,), tmp_path / "out", SPEC, schemes=("size-class",)))
    assert "commuting" not in rows(tmp_path / "out" / "coded.csv")[0]


def test_the_order_of_dates_is_an_option(tmp_path: Path) -> None:
    path = tmp_path / "us.csv"
    path.write_text(
        "narrative,employees,accident_date,return_date\nCut his hand.,9,03/04/2024,03/09/2024\n",
        encoding="utf-8",
    )
    assert coded(path, tmp_path / "mdy", dates="mdy")[0]["days_lost"] == "4"
    assert coded(path, tmp_path / "iso")[0]["days_lost"] == ""


def test_on_the_command_line(
    cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out")
    assert run(["code", str(cases), "--out", out, "--schemes", "size-class", "--facts"]) == 0
    assert "6 records read: 6 coded" in capsys.readouterr().err
    assert rows(tmp_path / "out" / "coded.csv")[0]["transport_mode"] == "bicycle"


def test_facts_without_a_narrative_are_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "no.csv"
    path.write_text("id,employees,job_title,tasks\n1,12,welder,welds\n", encoding="utf-8")
    command = ["code", str(path), "--out", str(tmp_path / "o"), "--schemes", "size-class"]
    assert run([*command, "--facts"]) == 1
    assert "no usable text column" in capsys.readouterr().err
