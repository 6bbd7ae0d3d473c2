"""Alembic runs inside `Store.migrate`, which hands over its open connection."""

from __future__ import annotations

from alembic import context

from coder.review.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
