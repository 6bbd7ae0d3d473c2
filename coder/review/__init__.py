"""The clerk's side: records that the engine will not decide, the people who do, and the ledger.

One store (SQLite or PostgreSQL) holds records, items (one distinct text for one scheme), turns
(one person's chance to decide an item), decisions, and an append-only ledger of all that people
did. `queue` moves turns, `ledger` chains entries, `quality` measures people and engine, `api` and
`page` are two doors into the same functions.
"""
