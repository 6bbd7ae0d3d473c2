"""Work by file: out with drop-downs, back with checks."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa

from coder.errors import InputError
from coder.review import ledger, queue, users, worklist
from coder.review.importing import import_folder
from coder.review.models import Item, Turn
from coder.review.store import Store
from tests.review.conftest import Clock, person
from tests.review.folders import FINGERS, HAND, plain_rows, review, write_folder

Row = dict[str, str]


@pytest.fixture
def filled(lite: Store, tmp_path: Path) -> Store:
    rows = plain_rows(6)
    formula = "=HYPERLINK(1) caught hand"
    rows.append(({"id": "f", "narrative": formula}, review((HAND, 0.9), (FINGERS, 0.1))))
    import_folder(lite, write_folder(tmp_path / "out", rows))
    person(lite, "ann")
    person(lite, "bob")
    return lite


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def edit(path: Path, change: Callable[[list[Row]], object]) -> None:
    rows = read(path)
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows(rows)


def test_csv_out_and_back(filled: Store, tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "ann.csv"
    assert worklist.write(filled, "ann", path) == 5
    assert worklist.write(filled, "bob", tmp_path / "bob.csv") == 0
    rows = read(path)
    assert {r["narrative"] for r in rows} >= {"caught hand in the press"}
    assert "'=HYPERLINK(1) caught hand" in {r["narrative"] for r in rows}
    assert rows[0]["choices"].startswith(f"{HAND} Hand | {FINGERS} Other finger(s) | cannot: ")

    def fill(rows: list[Row]) -> None:
        rows[0]["choice"] = f"{HAND} Hand"
        rows[1]["other_code"] = "10"
        rows[2]["choice"] = "cannot: unreadable"
        rows[3].update(choice=FINGERS, note="page 2")
        rows[4]["choice"] = HAND

    edit(path, fill)
    clock.pass_(60 * 24 * 3)
    done = worklist.read_back(filled, "ann", path)
    assert (done.saved, done.empty, done.problems) == (5, 0, [])
    with filled.read() as session:
        states = set(session.scalars(sa.select(Item.state).where(Item.kind == "review")))
        assert states == {"decided"}
        assert ledger.verify(session).notes == 1
    again = worklist.read_back(filled, "ann", path)
    assert again.saved == 0
    assert all("decided already" in p for p in again.problems)
    assert len(again.problems) == 5


def test_every_bad_row_is_told_and_the_good_are_saved(filled: Store, tmp_path: Path) -> None:
    path = tmp_path / "ann.csv"
    worklist.write(filled, "ann", path)

    def spoil(rows: list[Row]) -> None:
        rows[0]["choice"] = "99.9 Tail"
        rows[1]["choice"] = HAND
        rows[1]["turn"], rows[2]["turn"] = rows[2]["turn"], rows[1]["turn"]
        rows[2]["choice"] = HAND
        rows[3].update(choice=HAND, narrative="another text")
        rows[4].update(choice=HAND, other_code=FINGERS)
        rows.append(dict(rows[4], other_code=""))
        rows.append(dict(rows[4], turn="4 OR 1=1", other_code=""))

    edit(path, spoil)
    done = worklist.read_back(filled, "ann", path)
    assert done.saved == 0
    told = "\n".join(done.problems)
    for words in (
        "row 2: body-part has no code",
        "row 3: turn",
        "row 4: turn",
        "row 5: the column 'narrative' was changed",
        "row 6: both choice and other_code",
        "row 7: the turn is in the file twice",
        "row 8: there is no turn",
    ):
        assert words in told
    edit(path, lambda rows: rows.pop())


def test_another_clerk_cannot_hand_it_in(filled: Store, tmp_path: Path) -> None:
    path = tmp_path / "ann.csv"
    worklist.write(filled, "ann", path, limit=1)
    edit(path, lambda rows: rows[0].update(choice=HAND))
    done = worklist.read_back(filled, "bob", path)
    assert "not yours" in done.problems[0]


def test_xlsx_has_drop_downs_and_no_formulas(filled: Store, tmp_path: Path) -> None:
    path = tmp_path / "ann.xlsx"
    assert worklist.write(filled, "ann", path) == 5
    book = openpyxl.load_workbook(path)
    sheet = book["work"]
    header = [c.value for c in sheet[1]]
    choice = header.index("choice") + 1
    assert "f" not in {c.data_type for row in sheet.iter_rows() for c in row}
    rules = sheet.data_validations.dataValidation
    assert len(rules) == 5
    place = rules[0].formula1.removeprefix("lists!").replace("$", "")
    options = [c.value for c in book["lists"][place][0]]
    assert options[0] == f"{HAND} Hand"
    assert "cannot: unreadable" in options
    for number in range(2, 7):
        sheet.cell(number, choice).value = options[0]
    book.save(path)
    book.close()
    assert worklist.read_back(filled, "ann", path).saved == 5


def test_another_file_is_refused(filled: Store, tmp_path: Path) -> None:
    for name, content in (("a.csv", b"x,y\n1,2\n"), ("a.xlsx", b"no zip"), ("empty.csv", b"")):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InputError):
            worklist.read_back(filled, "ann", path)


def test_a_work_list_does_not_stop_the_page(filled: Store, tmp_path: Path) -> None:
    worklist.write(filled, "ann", tmp_path / "ann.csv", limit=3)
    with filled.write() as session:
        ann = users.named(session, "ann")
        held = queue.take(filled, session, ann)
        assert held is not None
        assert not held.turn.by_file
        queue.release(session, ann)
    with filled.read() as session:
        mine = session.scalars(sa.select(Turn).where(Turn.holder == ann.id)).all()
        assert [t.by_file for t in mine] == [True] * 3
