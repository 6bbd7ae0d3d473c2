"""`coder stats` from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest

from coder.cli.main import run
from tests.statistics.made import write_csv

PLANTED = "planted-token-narrative"
Capture = pytest.CaptureFixture[str]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def cases(folder: Path) -> tuple[Path, Path]:
    """A folder as `coder code` leaves it, and denominators."""
    coded = folder / "coded"
    coded.mkdir()
    rows = [
        {
            "narrative": PLANTED,
            "sex": "=fm"[1 + i % 2],
            "period": "2024",
            "fatal": int(i == 7),
            "commuting": int(i % 5 == 0),
            "days_lost": i % 9,
            "injury-type_code": "" if i % 4 == 0 else ("1.1", "2.1", "3.2")[i % 3],
            "injury-type_status": "review" if i % 4 == 0 else "auto",
            "injury-type_confidence": "0.9",
            "injury-type_suggestions": "1.1:0.9|2.1:0.1",
        }
        for i in range(40)
    ]
    write_csv(coded / "coded.csv", rows)
    engine = {"models": {"injury-type": {"hash": "abc"}}, "policies": {"injury-type": {}}}
    (coded / "run.json").write_text(json.dumps({"engine": engine}), encoding="utf-8")
    workers = [{"period": "2024", "sex": s, "hours": 1_000_000, "fte": 500} for s in "fm"]
    return coded, write_csv(folder / "workers.csv", workers)


def stats(*words: object) -> int:
    return run(["stats", *map(str, words)])


def test_a_run_writes_all_its_files(tmp_path: Path, capsys: Capture) -> None:
    coded, workers = cases(tmp_path)
    out = tmp_path / "out"
    options = ["--by", "sex,injury-type", "--denominators", workers, "--draws", 20]
    assert stats(coded, *options, "--out", out) == 0
    names = {path.name for path in out.iterdir()}
    table = "sex_by_injury-type"
    assert names == {
        f"{table}.csv", f"{table}.sdmx.csv", f"{table}.sdmx.xml", "figures.xlsx", "metadata.json",
        "statistics.html",
    }  # fmt: skip
    rows = read(out / f"{table}.csv")
    total = [r for r in rows if (r["sex"], r["injury-type"]) == ("total", "total")]
    found = {(r["accident"], r["outcome"], r["measure"]): r for r in total}
    assert float(found["work", "all", "cases"]["value"]) == 32
    assert float(found["commuting", "all", "cases"]["value"]) == 8
    assert float(found["work", "all", "frequency_rate"]["value"]) == 16
    metadata = json.loads((out / "metadata.json").read_text(encoding="utf-8"))
    assert metadata["models"] == {"injury-type": {"hash": "abc"}}
    page = (out / "statistics.html").read_text(encoding="utf-8")
    assert "Divergences from the standard" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    book = openpyxl.load_workbook(out / "figures.xlsx", read_only=True)
    assert book.sheetnames == [f"1 {table}"[:31], "metadata"]
    book.close()
    for name in names - {"figures.xlsx"}:
        assert PLANTED not in (out / name).read_text(encoding="utf-8")
    assert PLANTED not in "".join(capsys.readouterr())


def test_sdmx_csv_2(tmp_path: Path) -> None:
    coded, workers = cases(tmp_path)
    options = ["--by", "sex,injury-type:2", "--denominators", workers, "--draws", 20]
    assert stats(coded, *options, "--area", "XX", "--disclosure", 3, "--out", tmp_path / "o") == 0
    rows = read(tmp_path / "o" / "sex_by_injury-type-2.sdmx.csv")
    assert list(rows[0])[:3] == ["STRUCTURE", "STRUCTURE_ID", "ACTION"]
    assert rows[0]["STRUCTURE_ID"] == "NARRACODER:DF_SEX_BY_INJURY_TYPE_2(1.0)"
    for name in ("FREQ", "REF_AREA", "SEX", "INJURY_TYPE_2", "TIME_PERIOD", "OBS_VALUE"):
        assert name in rows[0]
    assert {row["REF_AREA"] for row in rows} == {"XX"}
    assert {row["FREQ"] for row in rows} == {"A"}
    assert {"1_1", "_T", "_U"} <= {row["INJURY_TYPE_2"] for row in rows}
    assert {row["OBS_STATUS"] for row in rows} <= {"A", "E", "Q", "M"}
    for row in rows:
        assert (row["OBS_STATUS"] in "QM") == (row["OBS_VALUE"] == "")
        assert (row["CONF_STATUS"] == "C") == (row["OBS_STATUS"] == "Q")
    keys = [
        tuple(row[n] for n in list(rows[0])[3 : list(rows[0]).index("OBS_VALUE")]) for row in rows
    ]
    assert len(set(keys)) == len(keys)


def test_a_formula_in_a_group_is_not_executed(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "c.csv", [{"region": "=1+1"}, {"region": "-5"}])
    assert stats(source, "--by", "region", "--out", tmp_path / "o", "--no-report") == 0
    found = {row["region"] for row in read(tmp_path / "o" / "region.csv")}
    assert found == {"'=1+1", "-5", "total"}


def test_revisions_against_an_earlier_folder(tmp_path: Path) -> None:
    coded, _ = cases(tmp_path)
    assert stats(coded, "--by", "sex", "--out", tmp_path / "old", "--no-report") == 0
    options = ["--by", "sex", "--revises", tmp_path / "old", "--out", tmp_path / "new"]
    assert stats(coded, *options) == 0
    rows = read(tmp_path / "new" / "sex.csv")
    assert {row["revision"] for row in rows} == {"same"}
    metadata = json.loads((tmp_path / "new" / "metadata.json").read_text(encoding="utf-8"))
    assert metadata["revised_figures"]["revised"] == 0


def test_coverage(tmp_path: Path) -> None:
    a = write_csv(tmp_path / "a.csv", [{"id": i, "sex": "fm"[i % 2]} for i in range(20)])
    b = write_csv(tmp_path / "b.csv", [{"id": i, "sex": "fm"[i % 2]} for i in range(10, 30)])
    out = tmp_path / "o"
    assert stats("coverage", a, b, "--key", "id", "--by", "sex", "--out", out) == 0
    rows = read(out / "coverage.csv")
    assert float(rows[-1]["estimated_total"]) == pytest.approx(2 * (11 * 11 / 6 - 1))
    assert (out / "coverage.html").is_file()
    assert not (out / "agreement.csv").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--by", "nothing"], "has no column 'nothing'"),
        (["--by", "injury-type:9"], "has the levels 1, 2"),
        (["--dominance", "1,80"], "--unit"),
        (["--describe", "nowhere.json"], "cannot be read as JSON"),
        (["--revises", "nowhere"], "holds none of the tables"),
    ],
)
def test_errors_are_one_line(
    tmp_path: Path, capsys: Capture, words: list[str], message: str
) -> None:
    coded, _ = cases(tmp_path)
    assert stats(coded, *words, "--out", tmp_path / "o") == 1
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert PLANTED not in said


def test_wrong_usage(tmp_path: Path, capsys: Capture) -> None:
    coded, _ = cases(tmp_path)
    assert stats(coded, "--dominance", "many", "--out", tmp_path / "o") == 2
    assert stats(tmp_path / "none.csv", "--out", tmp_path / "o") == 1
