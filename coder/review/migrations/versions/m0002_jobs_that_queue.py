"""Batch jobs may leave their review cases in the queue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Where the review cases go, and how many went there."""
    op.add_column("jobs", sa.Column("source", sa.String(length=128), nullable=True))
    op.add_column("jobs", sa.Column("queued", sa.JSON(), nullable=True))
