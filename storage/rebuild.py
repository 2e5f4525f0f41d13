"""
The catalog, made again from ledger and vault.

`rebuild` replaces the projections of a database by what its leaves and its vault say. `differences` does the same beside the
live ones and reports every row that an honest replay would not have made. Both run the code that recorded the entries.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, Table, Text, collate, create_engine, delete, insert, inspect, select
from sqlalchemy.exc import StatementError
from sqlalchemy.pool import StaticPool

from storage.database import reading, translated, writing
from storage.errors import LedgerError
from storage.evidence import Actor, Entry, Json, Recorded, Role, Subject
from storage.ledger.leaf import Leaf
from storage.ledger.log import count, leaves
from storage.projecting import Projector
from storage.schema import fingerprint, projection_shape, projections
from storage.vault import Vault

_PAGE = 500
Row: TypeAlias = dict[str, Any]


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
        yield recorded_entry(connection, vault, seq, raw)


def recorded_entry(connection: Connection, vault: Vault, seq: int, raw: bytes) -> Recorded:
    """Return the entry in the leaf at *seq*, with the personal values the vault still tells."""
    leaf = Leaf.decode(raw)
    if leaf.seq != seq:
        message = f"leaf {seq} says it is leaf {leaf.seq}"
        raise LedgerError(message)
    entry = _entry(leaf, vault.open(connection, seq, leaf.commitments))
    return Recorded(seq=seq, at=leaf.at, leaf_hash=leaf.hash, entry=entry)


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
    return list(each_difference(engine, projector, vault))


def each_difference(
    engine: Engine, projector: Projector, vault: Vault, replayed: Callable[[], None] = lambda: None
) -> Iterator[Difference]:
    """Do what `differences` does, one after the other; *replayed* is told of every entry."""
    with reading(engine) as live, beside() as fresh:
        for recorded in recorded_entries(live, vault):
            replay_one(recorded, fresh, projector)
            replayed()
        for table in projections.sorted_tables:
            yield from _compare(table, live, fresh)


@contextmanager
def beside() -> Iterator[Connection]:
    """Hold empty projections in a private database; what does not fit into memory lies in a file that has no name."""
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(""), poolclass=StaticPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA synchronous=OFF")
            connection.exec_driver_sql("PRAGMA journal_mode=OFF")
            projections.create_all(connection)
            yield connection
    finally:
        engine.dispose()


def _replay(source: Connection, target: Connection, projector: Projector, vault: Vault) -> int:
    replayed = 0
    for recorded in recorded_entries(source, vault):
        replay_one(recorded, target, projector)
        replayed += 1
    return replayed


def replay_one(recorded: Recorded, target: Connection, projector: Projector) -> None:
    """Apply an entry once more; `LedgerError` for one that cannot be."""
    try:
        with translated():
            projector.apply(target, recorded)
    except (KeyError, TypeError, ValueError, StatementError) as error:
        # an entry we recorded ourselves can be applied: this one was changed since
        message = f"entry {recorded.seq} ({recorded.entry.type}) cannot be replayed: {error!r}"
        raise LedgerError(message) from error


def _compare(table: Table, live: Connection, fresh: Connection) -> Iterator[Difference]:
    """Go through both at once, in the order of their keys."""
    ours, theirs = _ordered(table, live), _ordered(table, fresh)
    mine, other = next(ours, None), next(theirs, None)
    while mine is not None or other is not None:
        if other is None or (mine is not None and mine[0] < other[0]):
            assert mine is not None  # noqa: S101 - one of them goes on
            yield _alone(table, mine[1], live=True)
            mine = next(ours, None)
        elif mine is None or other[0] < mine[0]:
            yield _alone(table, other[1], live=False)
            other = next(theirs, None)
        else:
            yield from differing(table, mine[1], other[1])
            mine, other = next(ours, None), next(theirs, None)


def _alone(table: Table, row: Row, *, live: bool) -> Difference:
    words = ("present", "missing") if live else ("missing", "present")
    return Difference(table.name, key_text(table, row), "(row)", *words)


def differing(table: Table, live: Row | None, replayed: Row | None, but: Collection[str] = ()) -> Iterator[Difference]:
    """Compare a row with what it should be, except the columns *but*."""
    if live is None or replayed is None:
        yield from (_alone(table, row, live=row is live) for row in (live, replayed) if row is not None)
        return
    for column in live:
        if live[column] != replayed[column] and column not in but:
            yield Difference(table.name, key_text(table, live), column, repr(live[column]), repr(replayed[column]))


def key_text(table: Table, row: Row) -> str:
    """Say which row it is."""
    return "/".join(str(row[column.name]) for column in table.primary_key)


def _ordered(table: Table, connection: Connection) -> Iterator[tuple[tuple[tuple[int, object], ...], Row]]:
    keys = list(table.primary_key)
    order = [
        collate(key, "C") if connection.dialect.name == "postgresql" and isinstance(key.type, Text) else key for key in keys
    ]
    rows = connection.execute(select(table).order_by(*order), execution_options={"yield_per": _PAGE})
    for row in rows.mappings():
        yield tuple(_place(row[key.name]) for key in keys), dict(row)


def _place(value: object) -> tuple[int, object]:
    """Return what sorts as both databases do: SQLite may hold anything in any column."""
    if isinstance(value, str):
        return 2, value.encode("utf-8", "surrogatepass")
    return (0, 0) if value is None else (3, value) if isinstance(value, bytes) else (1, value)
