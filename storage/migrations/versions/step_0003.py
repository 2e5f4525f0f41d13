"""Time-stamps of an authority outside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table of time-stamps."""
    op.create_table(
        "timestamps",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("token", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["size"], ["checkpoints.size"]),
    )
