"""Migrations of the permanent tables. Projections are not migrated but made again (`storage.rebuild`)."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from storage.migrations.append_only import is_guarded

__all__ = ["NEWEST", "is_done"]

NEWEST = "0003"
"""The last step there is."""


def is_done(connection: Connection) -> bool:
    """Say whether every step was taken and every guard stands."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    taken = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    return list(taken) == [NEWEST] and is_guarded(connection)
