"""From an output folder of `coder code` to records, items and turns: one transaction."""

from __future__ import annotations

import hashlib
import math
import random
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from coder.errors import InputError
from coder.review import ledger
from coder.review.coded import Coded, CodedRow, MachineResult, read_folder
from coder.review.errors import ConflictError
from coder.review.models import Batch, Item, Record, Result, Turn
from coder.review.queue import new_turn
from coder.review.sampling import band, draw, text_key
from coder.review.store import Store, secret, setting
from coder.text import resolve_fields

_CHUNK = 1000
_ID_COLUMNS = ("id", "record_id", "case_id", "case_number", "key")


@dataclass(frozen=True, slots=True)
class Options:
    """How to import: `text` maps a scheme to its text columns (default: by column name), `show`
    names further columns that the clerk may see, `record_id` the column that names a record (by
    default what run.json says),
    `known` maps a scheme to the column of a known right code (then the rows become checks)."""

    source: str = ""
    text: Mapping[str, Sequence[str]] = field(default_factory=dict)
    show: Sequence[str] = ()
    record_id: str | None = None
    known: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Imported:
    """Counts per scheme of one import; `attached` records met a text that was there already."""

    batch_id: int
    records: int
    auto: dict[str, int] = field(default_factory=dict)
    review: dict[str, int] = field(default_factory=dict)
    uncodable: dict[str, int] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    sampled: dict[str, int] = field(default_factory=dict)
    attached: dict[str, int] = field(default_factory=dict)


def import_folder(store: Store, folder: Path, options: Options | None = None) -> Imported:
    """Import an output folder of `coder code`; all of it or nothing.

    Raises InputError for a folder that is not one, ConflictError when it was imported before.
    """
    chosen = options or Options()
    coded = read_folder(folder)
    if not chosen.source:
        chosen = replace(chosen, source=folder.resolve().name)
    if chosen.known:
        return _import_known(store, coded, chosen)
    with store.write() as session:
        return import_coded(store, session, coded, chosen)


def import_coded(
    store: Store, session: Session, coded: Coded, options: Options, user_id: int | None = None
) -> Imported:
    """Import coded records inside the caller's writing transaction; see `import_folder`."""
    batch = _batch(store, session, coded, options)
    report = Imported(batch_id=batch.id, records=len(coded.rows))
    ids = _records(session, coded, options, batch)
    for scheme in coded.schemes:
        _Scheme(store, session, coded, options, batch, scheme, report).run(ids)
    body = {
        "batch": batch.id,
        "fingerprint": coded.fingerprint,
        "records": report.records,
        "items": report.items,
    }
    ledger.append(session, at=batch.at, user_id=user_id, action="import", body=body)
    return report


def _batch(store: Store, session: Session, coded: Coded, options: Options) -> Batch:
    known = sorted(options.known.items())
    fingerprint = text_key(b"", coded.fingerprint, repr(known)) if known else coded.fingerprint
    before = session.scalar(sa.select(Batch).where(Batch.fingerprint == fingerprint))
    if before is not None:
        raise ConflictError(
            f"this coded file is in the store already, as batch {before.id}", batch=before.id
        )
    batch = Batch(
        source=options.source[:128],
        fingerprint=fingerprint,
        at=store.clock(),
        columns=list(coded.columns),
        manifest=dict(coded.manifest),
    )
    session.add(batch)
    session.flush()
    return batch


def _records(session: Session, coded: Coded, options: Options, batch: Batch) -> list[int]:
    told = coded.manifest.get("settings", {}).get("id_column")
    names = (*((told,) if told else ()), *_ID_COLUMNS)
    key = options.record_id or next((c for c in names if c in coded.columns), None)
    if key is not None and key not in coded.columns:
        raise InputError(f"there is no column {key} to name the records", column=key)
    rows = [
        {
            "batch_id": batch.id,
            "row": r.row,
            "key": r.fields[key].replace("\x00", "") if key else str(r.row),
            "fields": r.fields,
        }
        for r in coded.rows
    ]
    statement = sa.insert(Record).returning(Record.id, sort_by_parameter_order=True)
    ids: list[int] = []
    for start in range(0, len(rows), _CHUNK):
        ids.extend(session.scalars(statement, rows[start : start + _CHUNK]))
    return ids


class _Scheme:
    """The import of one scheme of a batch."""

    def __init__(
        self,
        store: Store,
        session: Session,
        coded: Coded,
        options: Options,
        batch: Batch,
        name: str,
        report: Imported,
    ) -> None:
        self.store, self.session, self.coded, self.batch, self.name = (
            store,
            session,
            coded,
            batch,
            name,
        )
        self.scheme = store.scheme(name)
        settings = coded.manifest.get("settings", {})
        wanted = options.text.get(name) or settings.get("text", {}).get(name)
        self.columns = list(resolve_fields(coded.columns, name, wanted).names)
        self.columns += [c for c in options.show if c not in self.columns]
        if missing := [c for c in self.columns if c not in coded.columns]:
            raise InputError(f"there is no column {missing[0]}", column=missing[0])
        self.secret = secret(session)
        self.report = report

    def key(self, text: Mapping[str, str]) -> str:
        folded = [
            " ".join(unicodedata.normalize("NFKC", v).casefold().split()) for v in text.values()
        ]
        return text_key(self.secret, "work", self.name, self.scheme.version_hash, *folded)

    def text(self, row: CodedRow) -> dict[str, str]:
        return {c: row.fields[c] for c in self.columns}

    def run(self, ids: Sequence[int]) -> None:
        rows = self.coded.rows
        keys = [self.key(self.text(r)) for r in rows]
        counts = dict.fromkeys(("auto", "review", "uncodable"), 0)
        for row in rows:
            counts[row.results[self.name].status] += 1
        for status, count in counts.items():
            getattr(self.report, status)[self.name] = count
        sampled = self._sample(counts["auto"])
        present = self._present(keys)
        fresh: dict[str, list[int]] = {}
        for number, row in enumerate(rows):
            status = row.results[self.name].status
            if keys[number] not in present and (status == "review" or number in sampled):
                fresh.setdefault(keys[number], []).append(number)
        items = self._items(fresh, keys, sampled)
        self._results(ids, keys, {**present, **items}, sampled)
        self._grow(keys, present)
        self.report.items[self.name] = len(items)
        self.report.sampled[self.name] = len(sampled)
        self.report.attached[self.name] = sum(
            1
            for number, key in enumerate(keys)
            if key in present and rows[number].results[self.name].status != "uncodable"
        )

    def _sample(self, population: int) -> set[int]:
        """Row positions of a simple random sample of the automatic codes."""
        share = setting(self.session, "sample_share")
        size = min(math.ceil(population * share), int(setting(self.session, "sample_most")))
        auto = [n for n, r in enumerate(self.coded.rows) if r.results[self.name].status == "auto"]
        seed = draw(self.secret, "sample", self.name, self.coded.fingerprint)
        return set(random.Random(seed).sample(auto, min(size, len(auto))))

    def _present(self, keys: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        distinct = sorted(set(keys))
        for start in range(0, len(distinct), _CHUNK):
            query = sa.select(Item.text_key, Item.id).where(
                Item.scheme == self.name, Item.text_key.in_(distinct[start : start + _CHUNK])
            )
            found.update((key, number) for key, number in self.session.execute(query))
        return found

    def _items(
        self, fresh: Mapping[str, list[int]], keys: Sequence[str], sampled: set[int]
    ) -> dict[str, int]:
        sizes: dict[str, int] = {}
        for number, key in enumerate(keys):
            if self.coded.rows[number].results[self.name].status != "uncodable":
                sizes[key] = sizes.get(key, 0) + 1
        made: dict[str, Item] = {}
        for key, numbers in fresh.items():
            asked = [n for n in numbers if n not in sampled]
            row = self.coded.rows[(asked or numbers)[0]]
            kind = "review" if asked else "sample"
            made[key] = self._item(row, key, kind, sizes[key])
        self.session.add_all(made.values())
        self.session.flush()
        self._turns(list(made.values()))
        return {key: item.id for key, item in made.items()}

    def _item(self, row: CodedRow, key: str, kind: str, size: int) -> Item:
        result = row.results[self.name]
        return Item(
            batch_id=self.batch.id,
            scheme=self.name,
            scheme_version=self.scheme.version_hash,
            source=self.batch.source,
            kind=kind,
            gold=None,
            text_key=key,
            text=self.text(row),
            salt=secrets.token_hex(32),
            machine_status=result.status,
            machine_code=result.code,
            confidence=result.confidence,
            reason=result.reason[:200] if result.reason else None,
            suggestions=[list(pair) for pair in result.suggestions],
            candidates=list(result.candidates),
            evidence=list(result.evidence),
            model=named(self.coded.manifest, "models", self.name),
            policy=named(self.coded.manifest, "policies", self.name),
            major=self._major(result),
            n_records=size,
            doubt=doubt(result),
            draw=draw(self.secret, "double", key),
            state="open",
            created_at=self.batch.at,
        )

    def _major(self, result: MachineResult) -> str:
        best = result.suggestions[0][0] if result.suggestions else result.code
        return self.scheme.ancestor(best, 1) if best else ""

    def _turns(self, items: Sequence[Item]) -> None:
        """One turn per item, two for the double-coded; samples hide among the others."""
        double = setting(self.session, "double_share")
        places = [(i.n_records, band(i.doubt)) for i in items if i.kind == "review"]
        chance = random.Random(draw(self.secret, "places", self.name, self.coded.fingerprint))
        age = {
            id(item): number if item.kind == "review" else chance.uniform(0, len(items))
            for number, item in enumerate(items)
        }
        for item in sorted(items, key=lambda one: age[id(one)]):
            worth, doubtful = item.n_records, band(item.doubt)
            if item.kind == "sample" and places:
                worth, doubtful = chance.choice(places)
            for _ in range(2 if item.draw < double else 1):
                turn = new_turn(item, "clerk")
                turn.worth, turn.doubt = worth, doubtful
                self.session.add(turn)
        self.session.flush()

    def _results(
        self,
        ids: Sequence[int],
        keys: Sequence[str],
        items: Mapping[str, int],
        sampled: set[int],
    ) -> None:
        rows: list[dict[str, Any]] = []
        for number, (record, row) in enumerate(zip(ids, self.coded.rows, strict=True)):
            result = row.results[self.name]
            asked = result.status != "uncodable"
            rows.append(
                {
                    "record_id": record,
                    "scheme": self.name,
                    "item_id": items.get(keys[number]) if asked else None,
                    "status": result.status,
                    "code": result.code,
                    "confidence": result.confidence,
                    "sampled": number in sampled,
                }
            )
        for start in range(0, len(rows), _CHUNK):
            self.session.execute(sa.insert(Result), rows[start : start + _CHUNK])

    def _grow(self, keys: Sequence[str], present: Mapping[str, int]) -> None:
        """More records for items that were there: they count for more in the order."""
        more: dict[int, int] = {}
        for number, key in enumerate(keys):
            if key in present and self.coded.rows[number].results[self.name].status != "uncodable":
                more[present[key]] = more.get(present[key], 0) + 1
        for item_id, count in sorted(more.items()):
            for table, column, own in (
                (Item, Item.n_records, Item.id),
                (Turn, Turn.worth, Turn.item_id),
            ):
                self.session.execute(
                    sa.update(table).where(own == item_id).values({column: column + count})
                )


def doubt(result: MachineResult) -> float:
    """How unsure the engine was, 0 to 1: one minus the gap between its two best suggestions, as
    in the order of review.csv."""
    if result.suggestions:
        second = result.suggestions[1][1] if len(result.suggestions) > 1 else 0.0
        return 1.0 - (result.suggestions[0][1] - second)
    return 1.0 if result.confidence is None else 1.0 - result.confidence


def named(manifest: Mapping[str, Any], part: str, scheme: str) -> str:
    """The hash of a scheme's model or policy ("models", "policies") as run.json tells it.

    An entry without a hash of its own is hashed; empty when run.json says nothing.
    """
    parts = manifest.get("engine", manifest)
    entry = parts.get(part, {}).get(scheme) if isinstance(parts, Mapping) else None
    if entry is None:
        return ""
    if isinstance(entry, Mapping) and "hash" in entry:
        return str(entry["hash"])[:64]
    return hashlib.sha256(ledger.canonical(entry).encode()).hexdigest()


def _import_known(store: Store, coded: Coded, options: Options) -> Imported:
    """Rows with a known right code become checks for new clerks; no records, no results."""
    with store.write() as session:
        batch = _batch(store, session, coded, options)
        report = Imported(batch_id=batch.id, records=len(coded.rows))
        for scheme, column in options.known.items():
            if scheme not in coded.schemes or column not in coded.columns:
                raise InputError(
                    f"there is no scheme {scheme} or no column {column}", column=column
                )
            one = _Scheme(store, session, coded, options, batch, scheme, report)
            made: dict[str, Item] = {}
            for row in coded.rows:
                if not row.fields[column].strip():
                    continue
                gold = one.scheme.normalise(row.fields[column])
                key = text_key(one.secret, "check", one.key(one.text(row)))
                item = one._item(row, key, "check", 1)
                item.gold = gold
                made[key] = item
            present = one._present(list(made))
            session.add_all(item for key, item in made.items() if key not in present)
            report.items[scheme] = len(made.keys() - present.keys())
        body = {"batch": batch.id, "known": report.items}
        ledger.append(session, at=batch.at, user_id=None, action="import", body=body)
    return report
