"""The facts in training_data are what the recipe makes of the published lists."""

from __future__ import annotations

import csv
import gzip
import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from coder.schemes import load_crosswalk, load_index
from tests.shared import NEEDS_SHARED, SHARED

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "training_data" / "recipes" / "schemes.py"
NEEDED = pytest.mark.skipif(not SHARED.is_dir(), reason=NEEDS_SHARED)
CODES = SHARED / "data" / "injury" / "codes"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(RECIPE), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def test_an_absent_folder_names_the_public_origins(tmp_path: Path) -> None:
    done = run(str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert "ILO, UN Statistics Division" in done.stderr
    assert "Traceback" not in done.stderr


def content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@NEEDED
def test_the_recipe_makes_the_same_files_again(tmp_path: Path) -> None:
    done = run(str(SHARED / "data"), "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.csv*"))
    assert len(made) == 13
    for path in made:
        assert content(tmp_path / path) == content(ROOT / "training_data" / path), path


@NEEDED
def test_no_held_out_phrase_is_in_the_index() -> None:
    sys.path.insert(0, str(RECIPE.parent))
    try:
        from scheme_indexes import kept_out, read
    finally:
        sys.path.remove(str(RECIPE.parent))
    file = SHARED / "data" / "industry" / "naics2022_activity_phrases.csv"
    held = {row["phrase"].strip().casefold() for row in read(file) if kept_out(row["phrase"])}
    assert len(held) > 2_500
    assert not held & {term.term.casefold() for term in load_index("isic-4")}


def sheet(name: str) -> dict[str, str]:
    book = openpyxl.load_workbook(CODES / "oiics_201_code_list.xlsx", read_only=True)
    rows = list(book[name].iter_rows(min_row=2, max_col=3, values_only=True))
    book.close()
    return {str(code).strip(): " ".join(str(title).split()) for _, code, title in rows if code}


def imis(kind: str) -> dict[str, str]:
    with (CODES / "osha_accident_lookup2.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["accident_code"] == kind]
    return {row["accident_number"].strip(): row["accident_value"] for row in rows}


def neiss(kind: str) -> dict[str, str]:
    with (CODES / "neiss_code_text_mapping.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if row[0] == kind]
    return {row[1].strip(): row[3].split(" - ", 1)[1] for row in rows}


def draft(source: str, variable: str) -> dict[str, str]:
    with (CODES / "draft_crosswalk.psv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="|"))
    wanted = [r for r in rows if (r["source"], r["variable"]) == (source, variable)]
    return {row["code"]: row["title"] for row in wanted}


@NEEDED
@pytest.mark.parametrize(
    ("source", "target", "number"),
    [
        ("oiics-nature", "injury-type", 615),
        ("oiics-body", "body-part", 218),
        ("imis-nature", "injury-type", 22),
        ("imis-body", "body-part", 31),
        ("msha-nature", "injury-type", 32),
        ("msha-body", "body-part", 46),
        ("neiss-nature", "injury-type", 31),
        ("neiss-body", "body-part", 30),
    ],
)
def test_every_code_of_the_source_list_is_accounted_for(
    source: str, target: str, number: int
) -> None:
    published = {
        "oiics-nature": lambda: sheet("Nature"),
        "oiics-body": lambda: sheet("Part"),
        "imis-nature": lambda: imis("IN"),
        "imis-body": lambda: imis("BD"),
        "msha-nature": lambda: draft("MSHA", "nature"),
        "msha-body": lambda: draft("MSHA", "body"),
        "neiss-nature": lambda: neiss("DIAG"),
        "neiss-body": lambda: neiss("BDYPT"),
    }[source]()
    crosswalk = load_crosswalk(source, target)
    ours = {code: crosswalk.title(code) for code in crosswalk.codes}
    assert ours == published
    assert len(ours) == number


@NEEDED
def test_every_label_of_the_mining_records_is_in_the_crosswalk() -> None:
    nature, part = (
        load_crosswalk("msha-nature", "injury-type"),
        load_crosswalk("msha-body", "body-part"),
    )
    folder = SHARED / "data" / "injury" / "narratives"
    with gzip.open(folder / "msha_body_part_2010_2013.csv.gz", "rt", encoding="utf-8") as file:
        parts = {row["INJ_BODY_PART_CD"] for row in csv.DictReader(file)}
    with (folder / "msha_all_variables_2000_2015.csv").open(encoding="utf-8") as file:
        natures = {row["NATURE_INJURY_CD"] for row in csv.DictReader(file)} - {"?"}
    assert parts <= set(part.codes)
    assert natures <= set(nature.codes)


@NEEDED
def test_every_label_of_the_severe_injuries_is_in_the_crosswalk() -> None:
    crosswalk = load_crosswalk("oiics-nature", "injury-type")
    file = SHARED / "data" / "injury" / "narratives" / "osha_severe_injury_2015_2017.csv"
    with file.open(encoding="utf-8", newline="") as text:
        codes = {row["nature_code_oiics201"] for row in csv.DictReader(text)}
    assert all(crosswalk.find(code) for code in codes if code)
