"""
One database, SQLite or PostgreSQL, and the one way to write to it.

`writing` is a transaction that no other writer overlaps, on either database and across processes: the ledger has one order.
What the driver raises is translated here: a database that is away is `StorageUnavailable`, one that refuses us is `Refused`.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    bindparam,
    create_engine,
    event,
    inspect,
    make_url,
)
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from storage import migrations
from storage.errors import LedgerError, Refused, StorageUnavailable, YihuError

__all__ = [
    "ByName",
    "Connection",
    "Engine",
    "connect",
    "is_new",
    "migrate",
    "migrating",
    "parsed_url",
    "reading",
    "translated",
    "writing",
]

_PATIENCE_SECONDS = 30
"""How long a writer waits for the others before it is told to try again."""

_BUSY_SECONDS = 0.01
"""How long a database is left alone that is busy being made."""

_TAKE_LOG_LOCK = "SELECT pg_advisory_xact_lock(0x59696875)"
"""The PostgreSQL lock that orders appends ("Yihu"); it ends with the transaction."""

_BEGIN_WRITING = f"BEGIN ISOLATION LEVEL READ COMMITTED; {_TAKE_LOG_LOCK}"
"""Sent together. What comes after it sees what was committed while it waited: there is a snapshot for each statement."""

_POSTGRESQL = {
    "connect_timeout": 10,
    # a server that lost its power answers nothing; without these that is noticed after two hours
    "keepalives_idle": 30,
    "tcp_user_timeout": _PATIENCE_SECONDS * 1000,
}
_POSTGRESQL_SESSION = f"""
SELECT set_config('lock_timeout', '{_PATIENCE_SECONDS}s', false),
       -- a process that froze while it held the lock must not hold up everybody else for ever
       set_config('idle_in_transaction_session_timeout', '2min', false),
       -- our answers promise that a commit is durable, whatever this server prefers
       CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END
"""

_NAMES_AT_ONCE = 500
"""In one question; SQLite was built for as few as 999."""

_NO_PRIVILEGE, _NO_TABLE = "42501", "42P01"


def connect(url: str, *, home: Path | None = None) -> Engine:
    """
    Return an engine for *url* with durable commits; nothing is created or reached yet.

    The file of a SQLite database is taken to be relative to *home*. A URL that cannot be used, or that holds a password, raises
    `ValueError`, and the message does not repeat it: passwords belong into ``~/.pgpass``.
    """
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed if home is None or not parsed.database else parsed.set(database=str(home / parsed.database)))
    return _postgresql(parsed)


def parsed_url(url: str) -> URL:
    """Read *url*; raises `ValueError`, which does not repeat it, when it cannot be used or holds a password."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or parsed.drivername not in {"sqlite", "postgresql", "postgresql+psycopg"}:
        message = "database url: expected sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
        raise ValueError(message)
    if parsed.password is not None or "password" in parsed.query:
        message = "database url: expected no password; it belongs into ~/.pgpass"
        raise ValueError(message)
    return parsed


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _PATIENCE_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _tune_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _tune_sqlite(connection: Any, _record: Any) -> None:  # noqa: ANN401 - the DBAPI has no types
    # the driver must not begin transactions by itself: _begin_sqlite says which kind
    connection.isolation_level = None
    _use_write_ahead_log(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Wait for whoever changes the mode of a new database too: SQLite itself refuses at once, for fear of a deadlock."""
    ended = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > ended:
                raise
            time.sleep(_BUSY_SECONDS)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("migrating"):
        # a table that is made anew is dropped first, and others refer to it; within a transaction this has no effect
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    kind = "IMMEDIATE" if options.get("writing") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {kind}")


def _postgresql(url: URL) -> Engine:
    chosen = {name: value for name, value in _POSTGRESQL.items() if name not in url.query}
    try:
        engine = create_engine(
            url, connect_args=chosen, isolation_level="READ COMMITTED", pool_pre_ping=True, hide_parameters=True
        )
    except ModuleNotFoundError as error:
        message = f"{error.name}: this package is not installed; it comes with the extra 'postgres'"
        raise StorageUnavailable(message) from error
    event.listen(engine, "connect", _tune_postgresql)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _tune_postgresql(connection: Any, _record: Any) -> None:  # noqa: ANN401 - the DBAPI has no types
    connection.execute(_POSTGRESQL_SESSION)
    connection.commit()


def _begin_postgresql(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("writing"):
        # whoever migrates has a connection of his own, on which the driver begins
        connection.exec_driver_sql(_TAKE_LOG_LOCK if options.get("migrating") else _BEGIN_WRITING)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Hold the only writing transaction; it is committed durably on leaving, or rolled back by any exception."""
    with translated(), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            # the driver must not begin transactions by itself: _begin_postgresql does. It does end them.
            connection.execution_options(isolation_level="AUTOCOMMIT")
        with _only_writer(connection):
            yield connection


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """Hold the only writing transaction, one that may make tables anew."""
    with translated(), engine.connect() as connection:
        # closed at the end, not used again: it was told to look less closely
        connection.detach()
        with _only_writer(connection.execution_options(migrating=True)):
            yield connection


@contextmanager
def _only_writer(connection: Connection) -> Iterator[None]:
    with connection.execution_options(writing=True).begin():
        yield


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Hold one consistent view of the database; nothing can be written through it by our code."""
    with translated(), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


@contextmanager
def translated() -> Iterator[None]:
    """Turn a database that is away, locked, full or not whole into `StorageUnavailable`, one that refuses us into `Refused`."""
    try:
        yield
    except PoolTimeoutError as error:
        message = "the database is away: every connection is in use"
        raise StorageUnavailable(message) from error
    except DBAPIError as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        raise meaning from error


def _meaning(error: DBAPIError) -> YihuError | None:
    # further lines repeat values, and those may name a person
    reason = (str(error.orig).splitlines() or [""])[0]
    code = getattr(error.orig, "sqlstate", None)
    if code == _NO_PRIVILEGE:
        return Refused(f"the database refused: {reason}")
    if error.connection_invalidated or code == _NO_TABLE or isinstance(error, OperationalError | InterfaceError):
        return StorageUnavailable(f"the database is away: {reason}")
    # not one of its kinds, but the kind of all: a file that is no SQLite database, or not any more
    return LedgerError(f"the database is damaged: {reason}") if type(error) is DatabaseError else None


class ByName:
    """Finds the rows in which *column* holds one of some names; the two statements are made once."""

    def __init__(self, statement: Select[Any], column: ColumnElement[str]) -> None:
        self._one = statement.where(column == bindparam("name"))
        self._some = statement.where(column.in_(bindparam("names", expanding=True)))

    def find(self, connection: Connection, names: Collection[str]) -> Iterator[Row[Any]]:
        """Yield the rows; a database takes only so many names at a time."""
        asked = list(names)
        if len(asked) == 1:
            yield from connection.execute(self._one, {"name": asked[0]})
            return
        for start in range(0, len(asked), _NAMES_AT_ONCE):
            yield from connection.execute(self._some, {"names": asked[start : start + _NAMES_AT_ONCE]})


def is_new(engine: Engine) -> bool:
    """Say whether there is no ledger in the database yet; raises `StorageUnavailable` when it cannot be reached."""
    if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
        return True
    with reading(engine) as connection:
        return not inspect(connection).has_table("entries")


def migrate(engine: Engine, *, step: str = "head") -> None:
    """Bring the permanent tables to the newest shape (or to *step*), each with its guard; where all that is so, only look."""
    with reading(engine) as connection:
        if step == "head" and migrations.is_done(connection):
            return
    # slow to import, and needed once in the life of an installation
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    configuration = Config()
    configuration.set_main_option("script_location", str(files("storage") / "migrations"))
    with migrating(engine) as connection:
        configuration.attributes["connection"] = connection
        try:
            command.upgrade(configuration, step)
        except CommandError as error:
            # made by a newer program, or by nobody: nothing is changed
            message = f"the tables of this database stand at a step that this program does not know: {error}"
            raise LedgerError(message) from error
