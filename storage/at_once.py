"""
One entry about a subject that has some already, written with one statement instead of four: on PostgreSQL.

Each statement is a way to the server and back, and for an entry alone that is most of what recording costs. What PostgreSQL
does in the parts of a statement it does together or not at all, and references are looked at when all of it is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, Update, bindparam, insert, update
from sqlalchemy.sql.expression import CTE

from storage.projecting import Moved, execute, happened
from storage.schema import entries, history, subjects, vault

__all__ = ["is_possible", "write_at_once"]

_STANDING = ("state", "entries", "last_seq", "last_hash")


def _new(table: Table) -> CTE:
    values: dict[str, Any] = {column.name: bindparam(f"{table.name}_{column.name}") for column in table.columns}
    return insert(table).values(values).cte(f"new_{table.name}")


def _written(*tables: Table) -> Update:
    known = update(subjects).where(subjects.c.subject == bindparam("name"), subjects.c.last_seq == bindparam("before"))
    return known.values({name: bindparam(f"now_{name}") for name in _STANDING}).add_cte(*map(_new, tables))


_OPEN, _SEALED = _written(entries, history), _written(entries, history, vault)


def is_possible(connection: Connection, move: Moved) -> bool:
    """Say whether *move* can be written like this."""
    return connection.dialect.name == "postgresql" and move.before.last_seq is not None


def write_at_once(connection: Connection, move: Moved, leaf: Mapping[str, object], sealed: Mapping[str, object] | None) -> None:
    """Write *move* and its line of the history, *leaf*, and what was *sealed*; raises what `write_moves` raises."""
    values: dict[str, object] = {"name": str(move.recorded.entry.subject), "before": move.before.last_seq}
    values |= _named("now", move.after._asdict()) | _named("entries", leaf) | _named("history", happened(move))
    if sealed is None:
        execute(connection, move.recorded, _OPEN, [values])
    else:
        execute(connection, move.recorded, _SEALED, [values | _named("vault", sealed)])


def _named(what: str, row: Mapping[str, object]) -> dict[str, object]:
    return {f"{what}_{name}": value for name, value in row.items()}
