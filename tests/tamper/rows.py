"""
What somebody with the database file can do to rows: every table and every column, grown from the schema itself.

Nothing holds him: triggers are gone, foreign keys are not looked at, and a column that may not be empty may be. When he is done
the schema is again what it was, so that only the rows can give him away.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, Engine, Integer, LargeBinary, Table, create_engine, delete, insert, select, text
from sqlalchemy.types import Boolean

from storage.migrations.append_only import guard
from storage.schema import APPEND_ONLY, permanent, projections

from .tally import SEED

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = Mapping[str, Sequence[Row]]
"""The rows of every table, by its name."""


@dataclass(frozen=True, slots=True)
class RowMutation:
    """Rows of a table put in the place of others."""

    table: Table
    what: str
    out: tuple[int, ...]
    """Which of the honest rows go."""
    into: tuple[tuple[tuple[str, Any], ...], ...]
    """Which come."""

    column: str | None = None
    """Of which column a cell was changed; None where whole rows were."""

    @property
    def name(self) -> str:
        """What a failing test shows."""
        return f"{self.table.name}: {self.what}"

    def apply(self, connection: Connection, rows: Rows) -> None:
        """Do it."""
        for place in self.out:
            row = rows[self.table.name][place]
            wanted = [column == row[column.name] for column in key_of(self.table)]
            assert connection.execute(delete(self.table).where(*wanted)).rowcount == 1, self.name
        for cells in self.into:
            connection.execute(insert(self.table), dict(cells))


def tables() -> list[Table]:
    """Every table of every room, but for the one that another library keeps."""
    return [*permanent.sorted_tables, *projections.sorted_tables]


def key_of(table: Table) -> list[Column[Any]]:
    """The primary key."""
    return list(table.primary_key)


def rows_in(connection: Connection) -> dict[str, list[Row]]:
    """Every row there is, in the order of its key."""
    return {
        table.name: [dict(row) for row in connection.execute(select(table).order_by(*key_of(table))).mappings()]
        for table in tables()
    }


def mutations(rows: Rows, only: Callable[[Table], bool] = lambda _table: True) -> Iterator[RowMutation]:
    """Every table × column × {another value, none, swapped with another row}, rows deleted, and copies under a new key."""
    for table in filter(only, tables()):
        draw = random.Random(f"{SEED} {table.name}")
        found = rows[table.name]
        yield from _whole_rows(table, found)
        for column in table.columns:
            place = draw.randrange(len(found)) if found else None
            if place is not None:
                yield from _of_a_cell(table, column, found, place)


def drawn(found: Iterable[RowMutation]) -> list[RowMutation]:
    """
    Every mutation of whole rows, and one of each column: these are the ones that are most like each other.

    A replay compares every column of a table that people query in the same way.
    """
    everything = list(found)
    by_column: dict[str, list[RowMutation]] = {}
    for one in everything:
        if one.column is not None:
            by_column.setdefault(one.column, []).append(one)
    cells = [random.Random(f"{SEED} {some[0].table.name} {column}").choice(some) for column, some in by_column.items()]
    return [one for one in everything if one.column is None] + cells


def _of_a_cell(table: Table, column: Column[Any], rows: Sequence[Row], place: int) -> Iterator[RowMutation]:
    row, name = rows[place], column.name
    where = f"{name} of row {place}"
    yield RowMutation(table, f"{where} changed", (place,), (_with(row, name, changed(row[name], column)),), name)
    if row[name] is not None:
        yield RowMutation(table, f"{where} emptied", (place,), (_with(row, name, None),), name)
    other = next((at for at, it in enumerate(rows) if it[name] != row[name]), None)
    if other is None:
        return
    into = (_with(row, name, rows[other][name]), _with(rows[other], name, row[name]))
    if {frozenset(it) for it in into} != {frozenset(row.items()), frozenset(rows[other].items())}:
        yield RowMutation(table, f"{where} swapped with row {other}", (place, other), into, name)


def _whole_rows(table: Table, rows: Sequence[Row]) -> Iterator[RowMutation]:
    for place in sorted({0, len(rows) // 2, len(rows) - 1} & set(range(len(rows)))):
        yield RowMutation(table, f"row {place} deleted", (place,), ())
    if len(rows) > 1:
        yield RowMutation(table, "all rows deleted", tuple(range(len(rows))), ())
    for column in key_of(table) if rows else ():
        value = rows[-1][column.name]
        copy = _with(rows[-1], column.name, changed(value, column))
        yield RowMutation(table, f"last row copied under another {column.name}", (), (copy,))
        if isinstance(value, int):
            copy = _with(rows[-1], column.name, -7)
            yield RowMutation(table, f"last row copied under a {column.name} below all others", (), (copy,))


def _with(row: Row, name: str, value: Any) -> tuple[tuple[str, Any], ...]:  # noqa: ANN401 - whatever a column holds
    return tuple({**row, name: value}.items())


def changed(value: Any, column: Column[Any]) -> Any:  # noqa: ANN401 - whatever a column holds
    """Another value of the same sort."""
    if isinstance(column.type, Boolean):
        return not value
    if value is None:
        return b"x" if isinstance(column.type, LargeBinary) else 7 if isinstance(column.type, Integer) else "x"
    if isinstance(value, bytes):
        place = len(value) // 2
        return value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
    if isinstance(value, int):
        # a key so far away that no other row has it
        return value + (100_003 if column.primary_key else 1)
    return f"{value}x"


class DatabaseFile:
    """The file of an honest database, spoilt and put back again and again; whoever has it open is told to *let go* before."""

    def __init__(self, path: Path, let_go: Callable[[], None]) -> None:
        self._let_go = let_go
        let_go()
        _checkpointed(path)
        self._path, self._honest = path, path.read_bytes()
        with sqlite3.connect(path) as raw:
            self._tables = dict(raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
            self._triggers = dict(raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        raw.close()
        self._loosen()
        self._loose = path.read_bytes()
        self.put_back()

    def put_back(self) -> None:
        """Make it honest again."""
        self._write(self._honest)

    @contextmanager
    def spoiling(self) -> Iterator[Connection]:
        """Hold a connection that nothing holds back; afterwards the schema is as it was, and the rows are not."""
        self._write(self._loose)
        engine = create_engine(f"sqlite:///{self._path}")
        with engine.begin() as connection:
            yield connection
        engine.dispose()
        self._tighten()

    def _write(self, whole: bytes) -> None:
        self._let_go()
        for beside in self._path.parent.glob(f"{self._path.name}-*"):
            beside.unlink()
        self._path.write_bytes(whole)

    def _loosen(self) -> None:
        with _schema_writer(self._path) as raw:
            for name in self._triggers:
                raw.execute(f"DROP TRIGGER {name}")
            raw.execute("PRAGMA writable_schema = ON")
            raw.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE type = 'table'")

    def _tighten(self) -> None:
        with _schema_writer(self._path) as raw:
            for sql in self._triggers.values():
                raw.execute(sql)
            raw.execute("PRAGMA writable_schema = ON")
            for name, sql in self._tables.items():
                raw.execute("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (sql, name))


class DatabaseOnServer:
    """A database on PostgreSQL in the hands of who owns its tables: triggers and references are gone, and the rows put back."""

    def __init__(self, engine: Engine, rows: Rows) -> None:
        self._engine, self._rows = engine, rows
        with engine.begin() as connection:
            for statement in _loosening():
                connection.execute(text(statement))

    def put_back(self) -> None:
        """Make it honest again, to the last row."""
        with self.spoiling() as connection:
            for table in tables():
                connection.execute(delete(table))
                if self._rows[table.name]:
                    connection.execute(insert(table), list(self._rows[table.name]))

    @contextmanager
    def spoiling(self) -> Iterator[Connection]:
        """Hold a connection that nothing holds back; afterwards the triggers stand again."""
        with self._engine.begin() as connection:
            for table in APPEND_ONLY:
                connection.execute(text(f"ALTER TABLE {table.name} DISABLE TRIGGER {table.name}_append_only"))
            yield connection
            guard(connection)


def _loosening() -> Iterator[str]:
    for table in tables():
        for key in table.foreign_key_constraints:
            yield f"ALTER TABLE {table.name} DROP CONSTRAINT {table.name}_{'_'.join(key.column_keys)}_fkey"
        for column in table.columns:
            if not column.primary_key:
                yield f"ALTER TABLE {table.name} ALTER {column.name} DROP NOT NULL"


@contextmanager
def _schema_writer(path: Path) -> Iterator[sqlite3.Connection]:
    raw = sqlite3.connect(path)
    # nothing here need outlive a power cut
    raw.execute("PRAGMA synchronous = OFF")
    with raw:
        yield raw
    raw.close()
    _checkpointed(path)


def _checkpointed(path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
