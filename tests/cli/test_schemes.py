"""`coder schemes …` as a user meets it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from coder.cli.schemes import schemes
from coder.errors import CoderError, InputError, OutputError, SchemeError

SEVERAL = ["1211", "1212", "1219", "1221", "1222", "1330", "1346"]  # of ISCO-88 1317


def call(*arguments: str) -> Result:
    return CliRunner().invoke(schemes, list(arguments))


def told(*arguments: str) -> str:
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(kind: type[CoderError], *arguments: str) -> str:
    result = call(*arguments)
    assert isinstance(result.exception, kind), result.output
    assert "\n" not in result.exception.message
    return result.exception.message


def test_list_gives_the_counts() -> None:
    rows = json.loads(told("list", "--format", "json"))
    counts = {row["scheme"]: row["codes"] for row in rows}
    assert counts["isco-08"] == "10/43/130/436"
    assert counts["isic-5"] == "22/87/258/463"
    assert "isco-88 to isco-08" in told("list")


def test_show_the_whole_tree() -> None:
    text = told("show", "injury-type")
    assert text.splitlines()[0] == "1  Superficial injuries and open wounds"
    assert "  8.10  Effects of electric current" in text.splitlines()
    assert len(text.splitlines()) == 33


def test_show_one_code_with_its_surroundings() -> None:
    rows = list(csv.DictReader(io.StringIO(told("show", "isco-08", "721", "--format", "csv"))))
    assert [row["code"] for row in rows] == ["7", "72", "721", *(f"721{n}" for n in range(1, 6))]
    assert rows[2]["parent"] == "72"


def test_show_down_to_a_level_and_unpadded() -> None:
    assert len(told("show", "isic-4", "--level", "1").splitlines()) == 21
    assert (
        told("show", "injury-type", "8.1").splitlines()[-1].strip() == "8.01  Effects of radiation"
    )


def test_show_an_own_scheme(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("code,title,parent\nA,Boats,\nA1,Rafts,A\n")
    assert told("show", str(tmp_path / "own.csv")) == "A  Boats\n  A1  Rafts\n"


def test_search_forgives_misspelling() -> None:
    rows = json.loads(told("search", "isco-08", "electrisian", "--format", "json", "--limit", "2"))
    assert rows[0]["code"] == "7411"
    assert len(rows) == 2


def test_search_without_any_find_says_so() -> None:
    result = call("search", "body-part", "zzzzqqqq")
    assert result.exit_code == 0
    assert "Nothing in body-part comes near" in result.stderr


def test_convert_gives_all_targets() -> None:
    rows = json.loads(
        told(
            "convert",
            "1317",
            "7212",
            "3139",
            "--from",
            "isco-88",
            "--to",
            "isco-08",
            "--format",
            "json",
        )
    )
    assert [r["to"] for r in rows] == [*SEVERAL, "7212", ""]
    assert [r["partial"] for r in rows] == ["partial"] * 7 + ["", ""]
    assert rows[-1]["note"].startswith("no counterpart")


def test_convert_a_diagnosis() -> None:
    assert told("convert", "S62.30xA", "--from", "icd-10", "--to", "injury-type").split()[:2] == [
        "S62.30xA",
        "2.1",
    ]


def converted(folder: Path, text: str, *more: str, encoding: str = "utf-8") -> list[dict[str, str]]:
    (folder / "in.csv").write_bytes(text.encode(encoding))
    out = folder / "out.csv"
    arguments = ["--column", "isco", "--from", "isco-88", "--to", "isco-08", "--out", str(out)]
    told("convert", str(folder / "in.csv"), *arguments, *more)
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_convert_a_file(tmp_path: Path) -> None:
    rows = converted(tmp_path, "id;isco;note\n1;7212;=1+1\n2;1317;-5\n3;99;\n4;;x\n5;110;\n")
    assert [row["isco-08_code"] for row in rows] == [
        "7212", "|".join(SEVERAL), "", "", "0110|0210|0310",
    ]  # fmt: skip
    assert [row["isco-08_partial"] for row in rows] == ["0", "1", "", "", "1"]
    assert rows[2]["isco-08_note"] == "unknown code"
    assert [row["note"] for row in rows[:2]] == ["'=1+1", "-5"]
    assert not list(tmp_path.glob("*.part"))


def test_convert_a_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    rows = converted(tmp_path, "isco,x\n7212,é\n", encoding="utf-8-sig")
    assert rows == [
        {
            "isco": "7212",
            "x": "é",
            "isco-08_code": "7212",
            "isco-08_partial": "0",
            "isco-08_note": "",
        }
    ]


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    converted(tmp_path, "isco\n7212\n")
    options = ["--column", "isco", "--from", "isco-88", "--to", "isco-08"]
    source, out = str(tmp_path / "in.csv"), str(tmp_path / "out.csv")
    assert "--force" in refused(OutputError, "convert", source, *options, "--out", out)
    assert "input file" in refused(
        OutputError, "convert", source, *options, "--out", source, "--force"
    )
    converted(tmp_path, "isco\n1110\n", "--force")
    missing = str(tmp_path / "no" / "out.csv")
    assert "No such file" in refused(OutputError, "convert", source, *options, "--out", missing)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"id,code\n1,2\n", "has no column 'isco'; it has: id, code"),
        (b"", "it has: none"),
        (b"isco,x\n7212,1\n7212\n", "row 3 has 1 cells, not 2"),
        (b"isco,x\n7212,\xe9\n", "is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_converted_leaves_nothing(
    tmp_path: Path, text: bytes, words: str
) -> None:
    (tmp_path / "in.csv").write_bytes(text)
    options = ["--column", "isco", "--from", "isco-88", "--to", "isco-08"]
    out = str(tmp_path / "out.csv")
    assert words in refused(InputError, "convert", str(tmp_path / "in.csv"), *options, "--out", out)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    options = ["--column", "isco", "--from", "isco-88", "--to", "isco-08"]
    gone, out = str(tmp_path / "gone.csv"), str(tmp_path / "out.csv")
    assert "No such file" in refused(InputError, "convert", gone, *options, "--out", out)


def test_column_needs_out() -> None:
    result = call("convert", "x.csv", "--column", "isco", "--from", "isco-88", "--to", "isco-08")
    assert result.exit_code == 2
    assert "needs exactly one CSV file and --out" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "isco-8"], "unknown scheme 'isco-8' (did you mean isco-08?)"),
        (["show", "isco-08", "9999"], "isco-08 has no code '9999'"),
        (["convert", "1", "--from", "isco-08", "--to", "isic-4"], "there is no crosswalk from"),
        (["convert", "77", "--from", "isco-88", "--to", "isco-08"], "isco-88 has no code '77'"),
    ],
)
def test_unknown_names_are_errors_with_a_hint(arguments: list[str], words: str) -> None:
    assert words in refused(SchemeError, *arguments)


@pytest.mark.parametrize("command", [[], ["list"], ["show"], ["search"], ["convert"], ["recode"]])
def test_every_command_shows_an_example(command: list[str]) -> None:
    assert "coder schemes " in told(*command, "--help")
