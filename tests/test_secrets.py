"""A planted token in a narrative reaches the files that are made to hold it, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from coder.batch.workers import loaded
from coder.cli import loading, main
from tests.batch.engine import KeywordEngine

TOKEN = "Zyxwvut-PLANTED-4711"
MAY_HOLD_IT = {"coded.csv", "coded.parquet", "coded.xlsx", "review.csv", "rejected.csv"}


class Failing(KeywordEngine):
    """Raises an error that quotes the text, as libraries do."""

    def code_table(self, table: pa.Table, *_more: Any, **_options: Any) -> pa.Table:
        raise ValueError(f"cannot read {table.to_pylist()}")


@pytest.fixture(autouse=True)
def _fresh_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded.cache_clear()
    monkeypatch.delenv("CODER_DEBUG", raising=False)
    monkeypatch.setattr(loading.EngineSpec, "__call__", lambda _self: KeywordEngine())


def run(*arguments: object) -> tuple[int, str]:
    with CliRunner().isolation() as (out, err, _):
        status = main.run([str(argument) for argument in arguments])
        return status, out.getvalue().decode() + err.getvalue().decode()


def names_and_manifest(folder: Path) -> str:
    texts = [str(path.relative_to(folder)) for path in folder.rglob("*")]
    texts += [path.read_text() for path in folder.rglob("*.json")]
    return "\n".join(texts)


def source(folder: Path, body: str) -> Path:
    path = folder / "in.csv"
    path.write_text(f"id,narrative\n{body}", encoding="utf-8", errors="surrogateescape")
    return path


GOOD = f"1,{TOKEN} hand\n2,{TOKEN} hand head\n2,{TOKEN}\n3,{TOKEN},too many\n"


@pytest.mark.parametrize("file_format", ["csv", "parquet", "xlsx"])
def test_a_run_that_succeeds(tmp_path: Path, file_format: str) -> None:
    status, said = run(
        "code", source(tmp_path, GOOD), "--out", tmp_path / "out", "--format", file_format,
        "--progress",
    )  # fmt: skip
    assert status == 0, said
    assert TOKEN not in said
    assert TOKEN not in names_and_manifest(tmp_path / "out")
    holding = {p.name for p in (tmp_path / "out").iterdir() if TOKEN.encode() in p.read_bytes()}
    assert holding <= MAY_HOLD_IT
    assert "rejected.csv" in holding


def test_an_engine_that_fails_with_the_text_in_its_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading.EngineSpec, "__call__", lambda _self: Failing())
    status, said = run("code", source(tmp_path, GOOD), "--out", tmp_path / "out")
    assert status == 70
    assert "ValueError" in said
    assert TOKEN not in said
    assert TOKEN not in names_and_manifest(tmp_path / "out")


@pytest.mark.parametrize(
    ("body", "options"),
    [
        (f'"{TOKEN}', []),
        (f"1,{TOKEN}\n", ["--schemes", "isco-99"]),
        (f"1,{TOKEN}\n", ["--text", "isco-08=remark"]),
        (f"1,{TOKEN}\n", ["--encoding", "utf-16"]),
        (f"1,{TOKEN}\n", ["--delimiter", ";"]),
        (f"1,{TOKEN}\n", ["--sheet", "x"]),
        (f"1,{TOKEN}\udcff\n2,é\n", []),
        (f"1,{TOKEN}\0\n", []),
        (f"1,{TOKEN * 60_000}\n", []),
    ],
)
def test_inputs_and_options_that_fail(tmp_path: Path, body: str, options: list[str]) -> None:
    _, said = run("code", source(tmp_path, body), "--out", tmp_path / "out", *options)
    assert TOKEN not in said


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PAR1", b"\x1f\x8b"])
def test_damaged_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(content + TOKEN.encode() * 20)
    status, said = run("code", path, "--out", tmp_path / "out")
    assert status == 1
    assert TOKEN not in said
