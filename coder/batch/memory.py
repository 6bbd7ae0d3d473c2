"""Decisions kept from run to run: a text that the same engine has decided is not read again.

The file is SQLite: blocks of decisions (Arrow, compressed) with a hash of each text. They serve
only under the identity that made them: models, policies, versions, columns. Only the process that
began a run opens it, so workers and clusters need not reach it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from coder.batch.cutting import Cutter, text_keys
from coder.batch.seen import Hashes, Ints, Seen
from coder.batch.store import BatchFile, BatchWriter, from_bytes, to_bytes, whole
from coder.errors import InputError, OutputError

KEPT: Final = 5  # identities; the one not used for longest goes first
_FILE_KIND: Final = 0x6E617272  # "narr", in SQLite's header: no other file is written into
_FORMAT: Final = 1
_BLOCK_ROWS: Final = 20_000
_ROW_BITS: Final = 32
_WAIT: Final = 60  # seconds for another run that writes
_TABLES: Final = f"""
PRAGMA application_id = {_FILE_KIND};
PRAGMA user_version = {_FORMAT};
CREATE TABLE IF NOT EXISTS identity (
    number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, used INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS block (
    number INTEGER PRIMARY KEY, identity INTEGER NOT NULL, keys BLOB NOT NULL,
    decisions BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS block_identity ON block (identity);
"""


class Memory:
    """The decisions of one identity in a file, which is made if absent."""

    def __init__(self, path: Path, identity: str) -> None:
        self.path, self._identity = path, identity

    def check(self) -> None:
        """Raises InputError for a file that is not ours, OutputError for one we cannot use."""
        with self._opened():
            pass

    def recall(self, texts: BatchFile, known: Path, new: Path, size: int) -> Ints:
        """Write the decisions that are known to `known`, the other texts to `new` in batches.

        Returns for each text its place among the decisions of both, the known ones first. Raises
        InputError for a file that is not ours.
        """
        with self._opened() as database:
            seen = self._seen(database)
            found = [seen.find(text_keys(texts.batch(n))) for n in range(len(texts))]
            at = np.concatenate(found) if found else np.zeros(0, np.int64)
            old, fresh = np.flatnonzero(at >= 0), np.flatnonzero(at < 0)
            old = old[np.argsort(at[old], kind="stable")]
            if len(old):
                _copy(database, at[old], known)
        with whole(new) as path, BatchWriter(path, texts.schema) as writer:
            cutter = Cutter(writer, size)
            for number, places in enumerate(found):
                cutter.add(texts.batch(number).filter(pa.array(places < 0)))
            cutter.finish()
        place = np.empty(len(at), np.int64)
        place[np.concatenate([old, fresh])] = np.arange(len(at))
        return place

    def add(self, texts: BatchFile, decisions: BatchFile, first: int) -> None:
        """Keep the decisions on these texts, which begin at row `first` of `decisions`.

        Raises OutputError when the file cannot be written.
        """
        with self._opened() as database:
            run = 1 + (database.execute("SELECT max(used) FROM identity").fetchone()[0] or 0)
            sql = "INSERT INTO identity (name, used) VALUES (?, ?) "
            sql += "ON CONFLICT (name) DO UPDATE SET used = excluded.used"
            database.execute(sql, (self._identity, run))
            number = self._number(database)
            for start in range(0, texts.rows, _BLOCK_ROWS):
                rows = np.arange(start, min(start + _BLOCK_ROWS, texts.rows))
                keys = text_keys(texts.take(rows)).astype("<u8").tobytes()
                block = to_bytes(decisions.take(first + rows), "zstd")
                sql = "INSERT INTO block (identity, keys, decisions) VALUES (?, ?, ?)"
                database.execute(sql, (number, keys, block))
            sql = "SELECT number FROM identity ORDER BY used DESC LIMIT -1 OFFSET ?"
            old = database.execute(sql, (KEPT,)).fetchall()
            database.executemany("DELETE FROM block WHERE identity = ?", old)
            database.executemany("DELETE FROM identity WHERE number = ?", old)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The database in one transaction, which is kept when the block succeeds."""
        try:
            # for its owner alone: texts may be guessed from their hashes and the evidence
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            with closing(sqlite3.connect(self.path, timeout=_WAIT)) as database, database:
                self._check(database)
                yield database
        except sqlite3.OperationalError as error:
            raise self._useless(str(error)) from None
        except (sqlite3.DatabaseError, pa.ArrowException):
            raise self._foreign() from None
        except OSError as error:
            raise self._useless(error.strerror or type(error).__name__) from None

    def _check(self, database: sqlite3.Connection) -> None:
        if not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            database.executescript(_TABLES)
        kind = database.execute("PRAGMA application_id").fetchone()[0]
        form = database.execute("PRAGMA user_version").fetchone()[0]
        if kind != _FILE_KIND:
            raise self._foreign()
        if form > _FORMAT:
            raise InputError(f"{self.path} was made by a newer narracoder: name another --memory")

    def _useless(self, reason: str) -> OutputError:
        return OutputError(
            f"cannot use the memory {self.path}: {reason}; what is coded is kept: mend it and "
            "continue with --resume"
        )

    def _foreign(self) -> InputError:
        return InputError(f"{self.path} is no file that --memory made, or damaged: name another")

    def _number(self, database: sqlite3.Connection) -> int:
        sql = "SELECT number FROM identity WHERE name = ?"
        found = database.execute(sql, (self._identity,)).fetchone()
        return int(found[0]) if found else -1

    def _seen(self, database: sqlite3.Connection) -> Seen:
        """Block and row of every text known."""
        seen = Seen()
        sql = "SELECT number, keys FROM block WHERE identity = ?"
        for block, blob in database.execute(sql, (self._number(database),)):
            keys: Hashes = np.frombuffer(blob, "<u8").reshape(-1, 2).astype(np.uint64)
            new = np.flatnonzero(seen.find(keys) < 0)  # two runs at once may have kept the same
            seen.add(keys[new], (block << _ROW_BITS) | new.astype(np.int64))
        return seen


def _copy(database: sqlite3.Connection, at: Ints, path: Path) -> None:
    """Write the decisions at these places (ascending) as an Arrow file, a batch a block."""
    blocks = at >> _ROW_BITS
    writer: BatchWriter | None = None
    with whole(path) as part:
        for number in np.unique(blocks).tolist():
            sql = "SELECT decisions FROM block WHERE number = ?"
            table = from_bytes(database.execute(sql, (number,)).fetchone()[0])
            rows = at[blocks == number] & ((1 << _ROW_BITS) - 1)
            writer = writer or BatchWriter(part, table.schema)
            writer.write(table.take(pa.array(rows)))
        if writer:
            writer.close()
