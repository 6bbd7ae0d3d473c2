"""Garbage in: a clear answer, counts that add up, nothing lost, never a trace."""

import csv
import json
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.batch.workers import loaded
from coder.cli import loading, main
from tests.batch.engine import KeywordEngine

PIECES = st.sampled_from(
    [b"hand", b"head", b"1", b"2", b",", b",", b";", b"\t", b'"', b'""', b"\n", b"\n", b"\r\n",
     b"\r", b"\0", b"\xff", b"\xe9", "é".encode(), b"=1+1", b"'", b" ", b"\x1f", b"\xef\xbb\xbf",
     b"id", b"narrative", b"\x1a", b"\xf0\x9f", "😀".encode(), b"\\"]
)  # fmt: skip
HEADERS = st.sampled_from(
    [b"", b"id,narrative\n", b"narrative\n", b"id;narrative;x\n", b"\xff\xfei\0d\0,\0", b"PAR1",
     b"PK\x03\x04", b"\x1f\x8b", b"id,narrative,body-part_code\r\n", b'"id","narrative"\n']
)  # fmt: skip


@pytest.fixture(autouse=True)
def _keyword_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded.cache_clear()
    monkeypatch.setattr(loading.EngineSpec, "__call__", lambda _self: KeywordEngine())


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def check(content: bytes) -> int:
    """Code these bytes through the command line; returns the exit status."""
    csv.field_size_limit(1 << 25)
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "in.csv"), Path(folder, "out")
        source.write_bytes(content)
        with CliRunner().isolation() as (_stdout, stderr, _):
            status = main.run(["code", str(source), "--out", str(out), "--batch-size", "3"])
            said = stderr.getvalue().decode()
        assert status in (0, 1), said
        assert "Traceback" not in said
        if status == 1:
            assert said.startswith("error: ")
            assert said.count("\n") == 1
            assert not (out / "coded.csv").exists()
            return status
        manifest = json.loads((out / "run.json").read_text(encoding="utf-8"))
        coded, rejected = read_csv(out / "coded.csv"), read_csv(out / "rejected.csv")
        counts = manifest["counts"]
        assert counts["read"] == len(coded) + len(rejected)
        assert (counts["coded"], counts["rejected"]) == (len(coded), len(rejected))
        assert counts["review"] == len(read_csv(out / "review.csv"))
        for by_status in manifest["schemes"].values():
            assert sum(by_status.values()) == len(coded)
        for row in coded:
            assert None not in row
            assert None not in row.values()
        return status


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(HEADERS, st.lists(PIECES, max_size=40))
def test_any_bytes(header: bytes, pieces: list[bytes]) -> None:
    check(header + b"".join(pieces))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=12),
    st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)
def test_any_text_in_any_encoding(rows: list[tuple[str, str]], encoding: str) -> None:
    lines = ["number,narrative", *(f"{a},{b}" for a, b in rows)]
    assert check("\n".join(lines).encode(encoding, "surrogatepass")) == 0


def test_a_million_quotes_do_not_take_for_ever() -> None:
    assert check(b"id,narrative\n" + b'1,"\n' * 20_000 + b"2,hand\n") == 0
    assert check(b"id,narrative\n" + b'1,"a" b\n' * 20_000) == 0
    assert check(b"id,narrative\n" + b'"' * 1_000_000 + b"\n2,hand\n") == 0
