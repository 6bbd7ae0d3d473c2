"""Batch jobs may leave their review cases in the queue; doubt orders it in two bands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Where the review cases go and how many went there; the bands of open turns."""
    op.add_column("jobs", sa.Column("source", sa.String(length=128), nullable=True))
    op.add_column("jobs", sa.Column("queued", sa.JSON(), nullable=True))
    op.execute("UPDATE turns SET doubt = CASE WHEN doubt >= 0.5 THEN 1.0 ELSE 0.0 END")
