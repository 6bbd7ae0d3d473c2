"""Decisions kept from run to run: the same bytes, nothing read twice, nothing of another engine."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coder.batch import Job, code_files
from coder.batch import memory as memory_module
from coder.batch.store import from_bytes
from coder.batch.workers import loaded
from coder.errors import CoderError
from tests.batch.engine import LoadKeywordEngine
from tests.batch.test_code_files import job, write_csv
from tests.batch.test_resume import results, stopped

TOKEN = "zzplantedzz"
TEXTS = [f"{word}, {n} times" for n in range(1, 9) for word in ("cut hand", "hand, head", "idem")]


@pytest.fixture(autouse=True)
def _fresh_engine() -> None:
    loaded.cache_clear()


def source_of(folder: Path, texts: Sequence[str], name: str = "in.csv") -> Path:
    return write_csv(folder / name, [(str(n), text) for n, text in enumerate(texts)])


def asked(folder: Path, made: Job) -> tuple[int, Any]:
    """How many texts the engine was asked about in this run, and the run's manifest."""
    log = folder / "log"
    log.write_text("")
    assert isinstance(made.loader, LoadKeywordEngine)
    summary = code_files(replace(made, loader=replace(made.loader, log=log))).content
    return sum(int(line.split()[1]) for line in log.read_text().splitlines()), summary


@pytest.mark.parametrize(("jobs", "size"), [(1, 2000), (1, 5), (2, 3)])
def test_only_new_texts_are_coded_and_the_bytes_are_the_same(
    tmp_path: Path, jobs: int, size: int
) -> None:
    first, later = TEXTS[:15], [*TEXTS[20:], *TEXTS[4:10][::-1], TEXTS[7], *TEXTS[14:20]]
    changes = {"memory": tmp_path / "memory", "jobs": jobs, "batch_size": size}
    assert asked(tmp_path, job(source_of(tmp_path, first), tmp_path / "a", **changes))[0] == 15
    source = source_of(tmp_path, later, "later.csv")
    count, summary = asked(tmp_path, job(source, tmp_path / "b", **changes))
    assert count == len(set(later) - set(first)) == 9
    assert summary["texts_from_memory"] == 7
    assert summary["counts"]["distinct_texts"] == 16
    code_files(job(source, tmp_path / "plain"))
    assert results(tmp_path / "b") == results(tmp_path / "plain")
    assert asked(tmp_path, job(source, tmp_path / "c", **changes))[0] == 0
    assert results(tmp_path / "c") == results(tmp_path / "plain")


@pytest.mark.parametrize(
    "changes",
    [
        {"schemes": ("body-part",)},
        {"facts": True},
        {"text": {"body-part": ("id", "narrative")}},
        {"loader": LoadKeywordEngine(schemes=("body-part", "injury-type"))},
    ],
)
def test_what_decides_otherwise_remembers_for_itself(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    source, memory = source_of(tmp_path, TEXTS), tmp_path / "memory"
    code_files(job(source, tmp_path / "before", memory=memory))
    count, _ = asked(tmp_path, job(source, tmp_path / "a", memory=memory, **changes))
    assert count == len(TEXTS)
    assert asked(tmp_path, job(source, tmp_path / "b", memory=memory, **changes))[0] == 0
    assert asked(tmp_path, job(source, tmp_path / "c", memory=memory))[0] == 0


def test_a_column_that_no_scheme_reads_changes_nothing(tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    first = write_csv(tmp_path / "a.csv", [("1", "cut hand")], "id,narrative")
    second = write_csv(tmp_path / "b.csv", [("2", "60", "cut hand")], "id,age,narrative")
    made = job(first, tmp_path / "a", memory=memory, schemes=("body-part",))
    code_files(made)
    assert asked(tmp_path, replace(made, inputs=(second,), out=tmp_path / "b"))[0] == 0


def test_the_same_text_in_another_column_is_another_text(tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    header = "id,narrative,job_title"
    first = write_csv(tmp_path / "a.csv", [("1", "cut", "hand")], header)
    second = write_csv(tmp_path / "b.csv", [("1", "cuth", "and"), ("2", "", "cut hand")], header)
    code_files(job(first, tmp_path / "a", memory=memory))
    assert asked(tmp_path, job(second, tmp_path / "b", memory=memory))[0] == 2


def test_the_identity_not_used_for_longest_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_module, "KEPT", 2)
    source, memory = source_of(tmp_path, TEXTS), tmp_path / "memory"

    def count(out: str, scheme: str) -> int:
        return asked(tmp_path, job(source, tmp_path / out, memory=memory, schemes=(scheme,)))[0]

    assert count("a", "body-part") == count("b", "injury-type") == len(TEXTS)
    assert count("c", "body-part") == 0
    assert count("d", "isco-08") == len(TEXTS)  # the third: injury-type goes
    assert count("e", "body-part") == 0
    assert count("f", "injury-type") == len(TEXTS)


@pytest.mark.parametrize("stop_at", range(14))
def test_stopped_at_any_write_and_resumed_gives_the_same_bytes(
    tmp_path: Path, stop_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, memory = source_of(tmp_path, TEXTS), tmp_path / "memory"
    code_files(job(source_of(tmp_path, TEXTS[::3], "first.csv"), tmp_path / "a", memory=memory))
    code_files(job(source, tmp_path / "whole"))
    made = job(source, tmp_path / "out", memory=memory, batch_size=5)
    stopped(made, stop_at, monkeypatch)
    summary = code_files(replace(made, resume=True)).content
    assert results(tmp_path / "out") == results(tmp_path / "whole")
    assert summary["texts_from_memory"] == 8
    assert asked(tmp_path, replace(made, out=tmp_path / "again"))[0] == 0


def test_a_run_begun_without_it_is_not_continued_with_it(tmp_path: Path) -> None:
    def stop(done: int, _all: int) -> None:
        if done:
            raise KeyboardInterrupt

    made = job(source_of(tmp_path, TEXTS), tmp_path / "out", batch_size=5)
    with pytest.raises(KeyboardInterrupt):
        code_files(made, stop)
    with pytest.raises(CoderError, match="these have changed: memory"):
        code_files(replace(made, resume=True, memory=tmp_path / "memory"))


def test_no_rows_and_two_runs_that_kept_the_same(tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    empty = job(source_of(tmp_path, []), tmp_path / "empty", memory=memory)
    assert code_files(empty).content["texts_from_memory"] == 0
    code_files(job(source_of(tmp_path, TEXTS), tmp_path / "a", memory=memory))
    with sqlite3.connect(memory) as database:  # as if another run had begun before this one ended
        database.execute(
            "INSERT INTO block (identity, keys, decisions) "
            "SELECT identity, keys, decisions FROM block"
        )
    database.close()
    assert asked(tmp_path, job(source_of(tmp_path, TEXTS), tmp_path / "b", memory=memory))[0] == 0
    assert results(tmp_path / "a") == results(tmp_path / "b")


def test_the_file_is_its_owners_and_holds_no_text(tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    texts = [f"cut hand {TOKEN} {n}" for n in range(5)]
    code_files(job(source_of(tmp_path, texts), tmp_path / "out", memory=memory))
    assert memory.stat().st_mode & 0o077 == 0
    with sqlite3.connect(memory) as database:
        blocks = database.execute("SELECT keys, decisions FROM block").fetchall()
    database.close()
    assert len(blocks) == 1
    for keys, decisions in blocks:
        assert TOKEN.encode() not in keys
        assert TOKEN not in json.dumps(from_bytes(decisions).to_pylist())


def _of_others(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE survey (id)")
    database.close()


def _newer(path: Path) -> None:
    memory_module.Memory(path, "x").check()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_text("id,narrative\n" * 100), "is no file that --memory made"),
        (_of_others, "is no file that --memory made"),
        (_newer, "was made by a newer narracoder"),
        (lambda path: path.mkdir(), "cannot use the memory"),
    ],
)
def test_other_files_are_refused_before_anything_is_written(
    tmp_path: Path, make: Any, message: str
) -> None:
    memory = tmp_path / "memory"
    make(memory)
    before = memory.read_bytes() if memory.is_file() else None
    with pytest.raises(CoderError, match=message):
        code_files(job(source_of(tmp_path, TEXTS), tmp_path / "out", memory=memory))
    assert not (tmp_path / "out").exists()
    assert before is None or memory.read_bytes() == before


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    memory = tmp_path / "absent" / "memory"
    with pytest.raises(CoderError, match=r"cannot use the memory .*: No such file or directory"):
        code_files(job(source_of(tmp_path, TEXTS), tmp_path / "out", memory=memory))


def test_damaged_decisions_are_one_line(tmp_path: Path) -> None:
    source, memory = source_of(tmp_path, TEXTS), tmp_path / "memory"
    code_files(job(source, tmp_path / "a", memory=memory))
    with sqlite3.connect(memory) as database:
        database.execute("UPDATE block SET decisions = substr(decisions, 1, 40)")
    database.close()
    with pytest.raises(CoderError, match="made, or damaged: name another"):
        code_files(job(source, tmp_path / "b", memory=memory))


def test_a_memory_that_another_run_holds_costs_no_coding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_module, "_WAIT", 0.05)
    memory = tmp_path / "memory"
    made = job(source_of(tmp_path, TEXTS), tmp_path / "out", memory=memory)
    other = sqlite3.connect(memory)

    def hold(done: int, everything: int) -> None:
        if done == everything and not other.in_transaction:
            other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(CoderError, match="database is locked; what is coded is kept"):
        code_files(made, hold)
    other.close()
    assert asked(tmp_path, replace(made, resume=True))[0] == 0
    assert asked(tmp_path, replace(made, out=tmp_path / "again"))[0] == 0
