"""
The catalog, made again from ledger and vault.

`rebuild` replaces the projections of a database by what its leaves and its vault say. `differences` does the same beside the
live ones and reports every row that an honest replay would not have made. Both run the code that recorded the entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, delete, insert, inspect, select
from sqlalchemy.exc import StatementError

from storage.database import reading, translated, writing
from storage.errors import LedgerError
from storage.evidence import Actor, Entry, Json, Recorded, Role, Subject
from storage.ledger.leaf import Leaf
from storage.ledger.log import count, leaves
from storage.projecting import Projector
from storage.schema import fingerprint, projection_shape, projections
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that the live catalog and an honest replay do not agree on."""

    table: str
    key: str
    column: str
    live: str
    replayed: str

    def __str__(self) -> str:
        return f"{self.table} {self.key} {self.column}: live {self.live}, by the ledger {self.replayed}"


def recorded_entries(connection: Connection, vault: Vault, *, start: int = 0) -> Iterator[Recorded]:
    """Yield every recorded entry with the personal values the vault still tells; raises `LedgerError` at a wrong one."""
    for seq, raw, _stored in leaves(connection, start, count(connection)):
        leaf = Leaf.decode(raw)
        if leaf.seq != seq:
            message = f"leaf {seq} says it is leaf {leaf.seq}"
            raise LedgerError(message)
        entry = _entry(leaf, vault.open(connection, seq, leaf.commitments))
        yield Recorded(seq=seq, at=leaf.at, leaf_hash=leaf.hash, entry=entry)


def _entry(leaf: Leaf, personal: dict[str, Json]) -> Entry:
    try:
        actor = Actor(Subject.parse(leaf.actor), Role(leaf.role))
        return Entry(leaf.type, Subject.parse(leaf.subject), actor, leaf.body, personal)
    except ValueError as error:
        message = f"leaf {leaf.seq} is not an entry of ours: {error}"
        raise LedgerError(message) from error


def rebuild(engine: Engine, projector: Projector, vault: Vault) -> int:
    """
    Make all projections again in one transaction and return how many entries were replayed; a crash changes nothing.

    Whoever began to read before sees to the end what stood before.
    """
    with writing(engine) as connection:
        _clear(connection)
        return _replay(connection, connection, projector, vault)


def is_current(engine: Engine) -> bool:
    """Say whether the projections in the database have the shape this program works with."""
    with reading(engine) as connection:
        return _is_current(connection)


def _is_current(connection: Connection) -> bool:
    return connection.scalar(select(projection_shape.c.fingerprint)) == fingerprint()


def _clear(connection: Connection) -> None:
    there = inspect(connection).get_table_names()
    if _is_current(connection) and projections.tables.keys() <= set(there):
        # not dropped: to a reader who began earlier a table made anew would look empty
        for table in reversed(projections.sorted_tables):
            connection.execute(delete(table))
        return
    projections.drop_all(connection)
    projections.create_all(connection)
    connection.execute(delete(projection_shape))
    connection.execute(insert(projection_shape).values(fingerprint=fingerprint()))


def differences(engine: Engine, projector: Projector, vault: Vault) -> list[Difference]:
    """Replay the ledger beside the live catalog and return every row that differs; nothing is changed."""
    beside = create_engine("sqlite://", hide_parameters=True)
    try:
        with reading(engine) as live, beside.begin() as fresh:
            projections.create_all(fresh)
            _replay(live, fresh, projector, vault)
            return [found for table in projections.sorted_tables for found in _compare(table, live, fresh)]
    finally:
        beside.dispose()


def _replay(source: Connection, target: Connection, projector: Projector, vault: Vault) -> int:
    replayed = 0
    for recorded in recorded_entries(source, vault):
        try:
            with translated():
                projector.apply(target, recorded)
        except (KeyError, TypeError, ValueError, StatementError) as error:
            # an entry we recorded ourselves can be applied: this one was changed since
            message = f"entry {recorded.seq} ({recorded.entry.type}) cannot be replayed: {error!r}"
            raise LedgerError(message) from error
        replayed += 1
    return replayed


def _compare(table: Table, live: Connection, fresh: Connection) -> Iterator[Difference]:
    ours, theirs = _rows(table, live), _rows(table, fresh)
    for key in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(key), theirs.get(key)
        if mine is None or other is None:
            yield Difference(
                table.name, key, "(row)", "missing" if mine is None else "present", "missing" if other is None else "present"
            )
            continue
        for column in mine:
            if mine[column] != other[column]:
                yield Difference(table.name, key, column, repr(mine[column]), repr(other[column]))


def _rows(table: Table, connection: Connection) -> dict[str, dict[str, Any]]:
    keys = [column.name for column in table.primary_key]
    rows = connection.execute(select(table)).mappings()
    return {"/".join(str(row[key]) for key in keys): dict(row) for row in rows}
