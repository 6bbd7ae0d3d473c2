"""Work by file, for offices without a server: a spreadsheet out, the filled one back in.

Each row is a turn leased to one clerk for days. The row carries a keyed mark over turn, item and
text, so a changed or exchanged id is found when the file comes back.
"""

from __future__ import annotations

import csv
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from sqlalchemy.orm import Session

from coder.errors import CoderError, InputError, OutputError
from coder.review import queue, shown
from coder.review.coded import read_sheet
from coder.review.export import guard, unguard
from coder.review.models import Item, Turn, User
from coder.review.queue import CANNOT, Filters, Held
from coder.review.sampling import text_key
from coder.review.store import Store, secret

TURN, MARK, CHOICE, OTHER, NOTE = "turn", "mark", "choice", "other_code", "note"
_LEAD = (TURN, MARK, "scheme", "records")
_CANNOT = "cannot: "
_LIST_LIMIT = 255  # characters in a drop-down list typed into a cell


@dataclass(slots=True)
class Returned:
    """What came of a filled file: decisions saved, rows left empty, and per row what is wrong."""

    saved: int = 0
    empty: int = 0
    problems: list[str] = field(default_factory=list)


def write(
    store: Store,
    user_name: str,
    path: Path,
    *,
    limit: int = 200,
    days: int = 14,
    filters: Filters | None = None,
) -> int:
    """Lease up to `limit` turns to a person for `days` and write them to a .csv or .xlsx file.

    Returns the number of rows. The column `choice` is to be filled from its list (a drop-down in
    .xlsx), or `other_code` with any other code of the scheme. Raises OutputError for another
    ending, ConflictError for a person who has no turns to take.
    """
    if path.suffix not in {".csv", ".xlsx"}:
        raise OutputError("a work list ends in .csv or .xlsx", file=path.name)
    with store.write() as session:
        user = _user(session, user_name)
        until = store.clock() + days * 86_400_000
        rows = []
        for held in _leases(store, session, user, filters or Filters(), limit):
            held.turn.until, held.turn.by_file = until, True
            session.flush()
            rows.append(_row(store, session, held))
        session.flush()
        texts = list(dict.fromkeys(c for r in rows for c in r["text"]))
        header = [*_LEAD, *texts, "choices", CHOICE, OTHER, NOTE]
        cells = [_cells(row, texts) for row in rows]
        (_write_xlsx if path.suffix == ".xlsx" else _write_csv)(path, header, cells)
    return len(rows)


def _user(session: Session, name: str) -> User:
    from coder.review.users import named

    user = named(session, name)
    queue.require(user, "clerk", "adjudicator", "supervisor")
    return user


def _leases(
    store: Store, session: Session, user: User, filters: Filters, limit: int
) -> Iterator[Held]:
    for _ in range(limit):
        held = queue.take_more(store, session, user, filters)
        if held is None:
            return
        yield held


def _row(store: Store, session: Session, held: Held) -> dict[str, Any]:
    item = held.item
    found = shown.candidates(item, store.scheme(item.scheme))
    return {
        "lead": (held.turn.id, mark(session, held.turn, item), item.scheme, item.n_records),
        "text": item.text or {},
        "choices": [f"{c.code} {c.title}" for c in found] + [_CANNOT + r for r in CANNOT],
    }


def _cells(row: Mapping[str, Any], texts: Sequence[str]) -> list[Any]:
    said = [row["text"].get(c, "") for c in texts]
    return [*row["lead"], *said, row["choices"], "", "", ""]


def mark(session: Session, turn: Turn, item: Item) -> str:
    """The keyed mark (16 hex digits) that a row of this turn must carry."""
    return text_key(secret(session), "mark", str(turn.id), str(item.id), item.text_key)[:16]


def _write_csv(path: Path, header: Sequence[str], rows: Sequence[list[Any]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(guard(c) for c in header)
        for row in rows:
            flat = [" | ".join(c) if isinstance(c, list) else c for c in row]
            out.writerow([guard(c) if isinstance(c, str) else c for c in flat])


def _write_xlsx(path: Path, header: Sequence[str], rows: Sequence[list[Any]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "work"
    lists = book.create_sheet("lists")
    lists.sheet_state = "hidden"
    sheet.append(list(header))
    choice = get_column_letter(header.index(CHOICE) + 1)
    for number, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            text = "\n".join(value) if isinstance(value, list) else value
            cell = sheet.cell(number, column)
            cell.value = _clean(text) if isinstance(text, str) else text
            if isinstance(text, str):
                cell.data_type = "s"  # never a formula
        options = next(c for c in row if isinstance(c, list))
        for column, option in enumerate(options, start=1):
            cell = lists.cell(number, column)
            cell.value, cell.data_type = option[:_LIST_LIMIT], "s"
        last = get_column_letter(len(options))
        rule = DataValidation("list", f"lists!$A${number}:${last}${number}", allow_blank=True)
        sheet.add_data_validation(rule)
        rule.add(f"{choice}{number}")
    sheet.freeze_panes = "A2"
    for column, name in enumerate(header, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = 12 if name in _LEAD else 40
    book.save(path)


def _clean(text: str) -> str:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    return str(ILLEGAL_CHARACTERS_RE.sub("", text))[:32767]


def read_back(store: Store, user_name: str, path: Path) -> Returned:
    """Take a filled work list back. Good rows are saved, each in its own transaction; a bad row
    is told by its number: unknown code, changed id or text, decided twice, taken by another.

    Raises InputError when the file is not a work list.
    """
    rows = _read(path)
    done = Returned()
    seen: set[str] = set()
    for number, row in rows:
        choice, other = row[CHOICE].strip(), row[OTHER].strip()
        if not choice and not other:
            done.empty += 1
            continue
        try:
            if row[TURN] in seen:
                raise InputError("the turn is in the file twice")
            seen.add(row[TURN])
            _save(store, user_name, row, choice, other)
            done.saved += 1
        except CoderError as error:
            done.problems.append(f"row {number}: {error.message}")
    return done


def _save(store: Store, user_name: str, row: Mapping[str, str], choice: str, other: str) -> None:
    with store.write() as session:
        user = _user(session, user_name)
        turn = session.get(Turn, int(row[TURN])) if _is_id(row[TURN]) else None
        item = session.get(Item, turn.item_id) if turn is not None else None
        if turn is None or item is None:
            raise InputError(f"there is no turn {row[TURN][:20]}: its id was changed")
        if not hmac.compare_digest(mark(session, turn, item).encode(), row[MARK].encode()):
            raise InputError(f"turn {turn.id} and its mark do not belong together")
        if turn.state == "done":
            raise InputError(f"turn {turn.id} is decided already")
        changed = [c for c, v in (item.text or {}).items() if c in row and not _same(row[c], v)]
        if changed:
            raise InputError(f"the column '{changed[0]}' was changed")
        code, cannot = _meaning(store, item, choice, other)
        note = row.get(NOTE, "").strip()
        queue.decide(store, session, user, turn.id, code=code, cannot=cannot, note=note)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _same(left: str, right: str) -> bool:
    """Spreadsheets change line ends and outer spaces; that is no change of the text."""
    return " ".join(_clean(left).split()) == " ".join(_clean(right).split())


def _meaning(store: Store, item: Item, choice: str, other: str) -> tuple[str | None, str | None]:
    if choice and other:
        raise InputError("both choice and other_code are filled: keep one")
    if choice.startswith(_CANNOT.strip()):
        return None, choice.removeprefix(_CANNOT.strip()).strip()
    return store.scheme(item.scheme).normalise((other or choice).split()[0]), None


def _read(path: Path) -> list[tuple[int, dict[str, str]]]:
    if path.suffix == ".xlsx":
        table = list(read_sheet(path))
    else:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = [[unguard(c) for c in row] for row in csv.reader(file)]
    header = table[0] if table else []
    if missing := [c for c in (TURN, MARK, CHOICE, OTHER) if c not in header]:
        raise InputError(
            f"{path.name} is not a work list: it lacks the column {missing[0]}", file=path.name
        )
    width = len(header)
    return [
        (number, dict(zip(header, [*row, *[""] * width][:width], strict=True)))
        for number, row in enumerate(table[1:], start=2)
        if any(row)
    ]
