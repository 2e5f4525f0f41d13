"""
Triggers by which the database itself refuses to change or delete what was recorded.

They stop whoever can only send statements to the database. The owner of the tables can drop them: `docs/postgresql.md` says how
the program works without being the owner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, Table, inspect, text

from storage.schema import APPEND_ONLY

_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION yihu_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'append-only: % of % refused', TG_OP, TG_TABLE_NAME; END $$
"""


def guard(connection: Connection) -> None:
    """Make every append-only table there is refuse UPDATE, DELETE, REPLACE and TRUNCATE; doing it twice is fine."""
    there = inspect(connection).get_table_names()
    tables = [table for table in APPEND_ONLY if table.name in there]
    for statement in _GUARDS[connection.dialect.name](tables):
        connection.execute(text(statement))


def is_guarded(connection: Connection) -> bool:
    """Say whether every append-only table has every one of its triggers, and none is switched off."""
    found = connection.scalars(text(_TRIGGERS[connection.dialect.name])).all()
    acts = _ACTS[connection.dialect.name]
    return {f"{table.name}_{act}" for table in APPEND_ONLY for act in acts} <= set(found)


def _sqlite(tables: list[Table]) -> Iterator[str]:
    for table in tables:
        name = table.name
        for act in ("UPDATE", "DELETE"):
            yield _sqlite_trigger(name, act, f"BEFORE {act} ON {name}")
        # INSERT OR REPLACE deletes without firing triggers of DELETE
        same = " AND ".join(f"{column.name} = NEW.{column.name}" for column in table.primary_key)
        there = f"EXISTS (SELECT 1 FROM {name} WHERE {same})"  # noqa: S608 - names of our own tables
        yield _sqlite_trigger(name, "REPLACE", f"BEFORE INSERT ON {name} WHEN {there}")


def _sqlite_trigger(table: str, act: str, when: str) -> str:
    refuse = f"SELECT RAISE(ABORT, 'append-only: {act} of {table} refused')"
    return f"CREATE TRIGGER IF NOT EXISTS {table}_no_{act.lower()} {when} BEGIN {refuse}; END"


def _postgresql(tables: list[Table]) -> Iterator[str]:
    yield _POSTGRESQL_FUNCTION
    for table in tables:
        name = table.name
        yield (
            f"CREATE OR REPLACE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
            "FOR EACH STATEMENT EXECUTE FUNCTION yihu_append_only()"
        )
        # session_replication_role must not switch it off
        yield f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER {name}_append_only"


_GUARDS: dict[str, Callable[[list[Table]], Iterator[str]]] = {"sqlite": _sqlite, "postgresql": _postgresql}
_ACTS = {"sqlite": ("no_update", "no_delete", "no_replace"), "postgresql": ("append_only",)}
_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": (
        "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
        "WHERE pg_table_is_visible(pg_class.oid) AND tgenabled = 'A'"
    ),
}
