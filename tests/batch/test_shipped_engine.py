"""The bundled example through the engine that ships: every scheme that this checkout has."""

import csv
import json
from pathlib import Path

import pytest

from coder.batch import Job, code_files
from coder.batch.workers import loaded
from coder.cli.loading import EngineSpec
from coder.resources import shipped

SCHEMES = tuple(
    name
    for name in ("body-part", "injury-type", "isco-08", "isic-4")
    if shipped("models", name, "manifest.json").is_file()
)
RESULTS = ("coded.csv", "review.csv", "rejected.csv")

pytestmark = pytest.mark.skipif(not SCHEMES, reason="this checkout ships no models")


def run(out: Path, memory: Path | None = None, **changes: int) -> Path:
    source = shipped("examples", "cases.csv")
    loaded.cache_clear()
    code_files(
        Job(
            inputs=(source,),
            out=out,
            loader=EngineSpec(schemes=SCHEMES),
            schemes=SCHEMES,
            jobs=changes.get("jobs", 1),
            batch_size=changes.get("batch_size", 2000),
            memory=memory,
        )
    )
    return out


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("example") / "out")


def rows(out: Path, name: str = "coded.csv") -> dict[str, dict[str, str]]:
    with (out / name).open(newline="", encoding="utf-8") as stream:
        return {row["id"]: row for row in csv.DictReader(stream)}


def test_counts_add_up(coded: Path) -> None:
    manifest = json.loads((coded / "run.json").read_text(encoding="utf-8"))
    assert manifest["counts"]["read"] == manifest["counts"]["coded"] == len(rows(coded)) == 42
    assert manifest["counts"]["review"] == len(rows(coded, "review.csv"))
    for by_status in manifest["schemes"].values():
        assert sum(by_status.values()) == 42
    assert set(manifest["engine"]["models"]) == set(SCHEMES)


def test_nothing_to_say_gets_no_code(coded: Path) -> None:
    for record in ("C-005", "C-009", "C-012", "C-028", "C-033"):
        for scheme in set(SCHEMES) & {"body-part", "injury-type"}:
            assert rows(coded)[record][f"{scheme}_status"] == "uncodable"
            assert rows(coded)[record][f"{scheme}_code"] == ""


def test_five_suggestions_best_first_whatever_the_status(coded: Path) -> None:
    for row in rows(coded).values():
        for scheme in SCHEMES:
            pairs = [part.rpartition(":") for part in row[f"{scheme}_suggestions"].split("|")]
            shares = [float(share) for _, _, share in pairs if share]
            assert shares == sorted(shares, reverse=True)
            assert len(shares) <= 5
            assert shares or row[f"{scheme}_status"] == "uncodable"


def test_what_is_remembered_is_what_would_be_coded(coded: Path, tmp_path: Path) -> None:
    run(tmp_path / "first", memory=tmp_path / "memory")
    again = run(tmp_path / "again", memory=tmp_path / "memory")
    manifest = json.loads((again / "run.json").read_text(encoding="utf-8"))
    assert manifest["texts_from_memory"] == manifest["counts"]["distinct_texts"] > 30
    for name in RESULTS:
        assert (again / name).read_bytes() == (coded / name).read_bytes()


@pytest.mark.parametrize("batch_size", [1, 7])
def test_a_record_gets_the_same_answer_in_any_company(
    coded: Path, tmp_path: Path, batch_size: int
) -> None:
    other = run(tmp_path / "out", batch_size=batch_size)
    for name in RESULTS:
        assert (other / name).read_bytes() == (coded / name).read_bytes()


@pytest.mark.slow
def test_a_record_gets_the_same_answer_in_any_process(coded: Path, tmp_path: Path) -> None:
    other = run(tmp_path / "out", batch_size=9, jobs=2)
    for name in RESULTS:
        assert (other / name).read_bytes() == (coded / name).read_bytes()
