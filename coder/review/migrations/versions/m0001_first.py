"""The first tables, and the triggers that keep the ledger append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create everything."""
    _batches()
    _definitions()
    _events()
    _ledger()
    _ledger_head()
    _notes()
    _settings()
    _users()
    _items()
    _jobs()
    _receipts()
    _records()
    _sessions()
    _tokens()
    _results()
    _skips()
    _turns()
    _decisions()
    _guard_ledger(op.get_bind().dialect.name)


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", Big, nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("fingerprint"),
    )
    op.create_index(op.f("ix_batches_source"), "batches", ["source"], unique=False)


def _definitions() -> None:
    op.create_table(
        "definitions",
        sa.Column("scheme", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scheme", "code"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", Big, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Big, nullable=False),
        sa.Column("sent_at", Big, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_events_sent_at"), "events", ["sent_at"], unique=False)


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("seq", Big, autoincrement=False, nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.Column("user_id", Big, nullable=True),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("item_id", Big, nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index(op.f("ix_ledger_item_id"), "ledger", ["item_id"], unique=False)


def _ledger_head() -> None:
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", Big, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _notes() -> None:
    op.create_table(
        "notes",
        sa.Column("seq", Big, autoincrement=False, nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )


def _settings() -> None:
    op.create_table(
        "settings",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", Big, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password", sa.String(length=256), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("locked_until", Big, nullable=False),
        sa.Column("created_at", Big, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )


def _items() -> None:
    op.create_table(
        "items",
        sa.Column("id", Big, nullable=False),
        sa.Column("batch_id", Big, nullable=False),
        sa.Column("scheme", sa.String(length=64), nullable=False),
        sa.Column("scheme_version", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("gold", sa.String(length=32), nullable=True),
        sa.Column("text_key", sa.String(length=64), nullable=False),
        sa.Column("text", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("salt", sa.String(length=64), nullable=True),
        sa.Column("machine_status", sa.String(length=16), nullable=False),
        sa.Column("machine_code", sa.String(length=32), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("suggestions", sa.JSON(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("major", sa.String(length=32), nullable=False),
        sa.Column("n_records", sa.Integer(), nullable=False),
        sa.Column("doubt", sa.Double(), nullable=False),
        sa.Column("draw", sa.Double(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("final_verdict", sa.String(length=16), nullable=True),
        sa.Column("final_code", sa.String(length=32), nullable=True),
        sa.Column("final_source", sa.String(length=16), nullable=True),
        sa.Column("decided_at", Big, nullable=True),
        sa.Column("created_at", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batches.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("scheme", "text_key"),
    )
    op.create_index(op.f("ix_items_batch_id"), "items", ["batch_id"], unique=False)
    op.create_index(op.f("ix_items_decided_at"), "items", ["decided_at"], unique=False)
    op.create_index(op.f("ix_items_state"), "items", ["state"], unique=False)


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", Big, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("schemes", sa.JSON(), nullable=False),
        sa.Column("records", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("created_at", Big, nullable=False),
        sa.Column("ended_at", Big, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_jobs_state"), "jobs", ["state"], unique=False)


def _receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("user_id", Big, nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("user_id", "key"),
    )


def _records() -> None:
    op.create_table(
        "records",
        sa.Column("id", Big, nullable=False),
        sa.Column("batch_id", Big, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("fields", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("redacted_at", Big, nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batches.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("batch_id", "row"),
    )
    op.create_index(op.f("ix_records_key"), "records", ["key"], unique=False)


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", Big, nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("expires_at", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", Big, nullable=False),
        sa.Column("user_id", Big, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", Big, nullable=False),
        sa.Column("expires_at", Big, nullable=False),
        sa.Column("revoked_at", Big, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )
    op.create_index(op.f("ix_tokens_user_id"), "tokens", ["user_id"], unique=False)


def _results() -> None:
    op.create_table(
        "results",
        sa.Column("record_id", Big, nullable=False),
        sa.Column("scheme", sa.String(length=64), nullable=False),
        sa.Column("item_id", Big, nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("sampled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["items.id"],
        ),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["records.id"],
        ),
        sa.PrimaryKeyConstraint("record_id", "scheme"),
    )
    op.create_index(op.f("ix_results_item_id"), "results", ["item_id"], unique=False)


def _skips() -> None:
    op.create_table(
        "skips",
        sa.Column("user_id", Big, nullable=False),
        sa.Column("item_id", Big, nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["items.id"],
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("user_id", "item_id"),
    )


def _turns() -> None:
    op.create_table(
        "turns",
        sa.Column("id", Big, nullable=False),
        sa.Column("item_id", Big, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("holder", Big, nullable=True),
        sa.Column("until", Big, nullable=False),
        sa.Column("taken_at", Big, nullable=True),
        sa.Column("by_file", sa.Boolean(), nullable=False),
        sa.Column("scheme", sa.String(length=64), nullable=False),
        sa.Column("major", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("worth", sa.Integer(), nullable=False),
        sa.Column("doubt", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"],
            ["users.id"],
        ),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["items.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("item_id", "holder"),
    )
    op.create_index(op.f("ix_turns_holder"), "turns", ["holder"], unique=False)
    op.create_index(
        "ix_turns_order",
        "turns",
        ["state", "role", sa.text("worth DESC"), sa.text("doubt DESC"), "id"],
        unique=False,
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", Big, nullable=False),
        sa.Column("item_id", Big, nullable=False),
        sa.Column("turn_id", Big, nullable=False),
        sa.Column("user_id", Big, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.Column("undone_at", Big, nullable=True),
        sa.Column("seq", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["items.id"],
        ),
        sa.ForeignKeyConstraint(
            ["turn_id"],
            ["turns.id"],
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_decisions_at"), "decisions", ["at"], unique=False)
    op.create_index(op.f("ix_decisions_item_id"), "decisions", ["item_id"], unique=False)
    op.create_index("ix_decisions_last", "decisions", ["user_id", sa.text("id DESC")], unique=False)
    op.create_index(op.f("ix_decisions_turn_id"), "decisions", ["turn_id"], unique=False)


def _guard_ledger(dialect: str) -> None:
    """No entry can be changed or removed, whoever holds the connection."""
    if dialect == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER ledger_no_{verb.lower()} BEFORE {verb} ON ledger "
                "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
    )
