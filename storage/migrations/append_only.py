"""
Triggers by which the database itself refuses to change or delete what was recorded.

They stop whoever can only send statements to the database. The owner of the tables can drop them: `docs/postgresql.md` says how
the program works without being the owner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, Table, inspect, text

from storage.schema import APPEND_ONLY

_POSTGRESQL_BODY = "\nBEGIN RAISE EXCEPTION 'append-only: % of % refused', TG_OP, TG_TABLE_NAME; END "
_POSTGRESQL_FUNCTION = (
    f"CREATE OR REPLACE FUNCTION yihu_append_only() RETURNS trigger LANGUAGE plpgsql AS $${_POSTGRESQL_BODY}$$"
)


def guard(connection: Connection) -> None:
    """Make every append-only table there is refuse UPDATE, DELETE, REPLACE and TRUNCATE; doing it twice is fine."""
    there = inspect(connection).get_table_names()
    tables = [table for table in APPEND_ONLY if table.name in there]
    for statement in _GUARDS[connection.dialect.name](tables):
        connection.execute(text(statement))


def is_guarded(connection: Connection) -> bool:
    """Say whether every append-only table has every one of its triggers, none is switched off, and each still refuses."""
    if connection.dialect.name == "sqlite":
        # SQLite keeps the words of a trigger: one of the same name that refuses nothing has others
        found = connection.scalars(text("SELECT sql FROM sqlite_master WHERE type = 'trigger'")).all()
        return {statement for statement in _sqlite(list(APPEND_ONLY)) if statement.startswith("CREATE")} <= set(found)
    found = connection.scalars(_POSTGRESQL_TRIGGERS, {"body": _POSTGRESQL_BODY}).all()
    return {f"{table.name}_append_only" for table in APPEND_ONLY} <= set(found)


def _sqlite(tables: list[Table]) -> Iterator[str]:
    for table in tables:
        name = table.name
        for act in ("UPDATE", "DELETE"):
            yield from _sqlite_trigger(name, act, f"BEFORE {act} ON {name}")
        # INSERT OR REPLACE deletes without firing triggers of DELETE
        same = " AND ".join(f"{column.name} = NEW.{column.name}" for column in table.primary_key)
        there = f"EXISTS (SELECT 1 FROM {name} WHERE {same})"  # noqa: S608 - names of our own tables
        yield from _sqlite_trigger(name, "REPLACE", f"BEFORE INSERT ON {name} WHEN {there}")


def _sqlite_trigger(table: str, act: str, when: str) -> Iterator[str]:
    name, refuse = f"{table}_no_{act.lower()}", f"SELECT RAISE(ABORT, 'append-only: {act} of {table} refused')"
    yield f"DROP TRIGGER IF EXISTS {name}"
    yield f"CREATE TRIGGER {name} {when} BEGIN {refuse}; END"


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
_POSTGRESQL_TRIGGERS = text(
    "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid "
    "WHERE pg_table_is_visible(pg_class.oid) AND tgenabled = 'A' AND prosrc = :body",
)
