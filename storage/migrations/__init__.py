"""Migrations of the permanent tables. Projections are not migrated but made again (`storage.rebuild`)."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from storage.migrations.append_only import is_guarded

__all__ = ["NEWEST", "is_done", "is_newest"]

NEWEST = "0003"
"""The last step there is."""


def is_done(connection: Connection) -> bool:
    """Say whether every step was taken and every guard stands."""
    return is_newest(connection) and is_guarded(connection)


def is_newest(connection: Connection) -> bool:
    """Say whether every step was taken."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    taken = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    return list(taken) == [NEWEST]
