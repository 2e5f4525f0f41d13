"""
What passes: tables that are neither truth nor made from it.

When a session was last used and how often somebody guessed wrong is no evidence: it changes with every request and would bury
the ledger. It must outlive a restart and be the same for every process, so it lies in the database, beside the ledger. It may
be emptied at any time: then idle sessions end a little earlier, and whoever was locked out may try again. No audit asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from limits.storage import Storage
from sqlalchemy import Column, Engine, Float, Integer, MetaData, Table, Text, delete, select, text

from storage.database import reading, writing
from storage.evidence import utc_moment, utc_text

passing = MetaData()

session_seen = Table("session_seen", passing, Column("session", Text, primary_key=True), Column("seen", Text, nullable=False))
token_seen = Table("token_seen", passing, Column("session", Text, primary_key=True), Column("seen", Text, nullable=False))
attempts = Table(
    "attempts",
    passing,
    Column("name", Text, primary_key=True),
    Column("times", Integer, nullable=False),
    Column("until", Float, nullable=False),
)

_SEEN = {
    table.name: text(
        f"INSERT INTO {table.name} (session, seen) VALUES (:session, :seen)"  # noqa: S608 - a name of ours
        " ON CONFLICT (session) DO UPDATE SET seen = :seen"
    )
    for table in (session_seen, token_seen)
}
_COUNT = text(
    "INSERT INTO attempts (name, times, until) VALUES (:name, :more, :until) ON CONFLICT (name) DO UPDATE SET"
    " times = CASE WHEN attempts.until <= :now THEN :more ELSE attempts.times + :more END,"
    " until = CASE WHEN attempts.until <= :now THEN :until ELSE attempts.until END RETURNING times"
)
_SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is known when a session was last used; a commit for every request would be too dear."""


def prepare(engine: Engine) -> None:
    """Make the tables where they are not there yet."""
    with writing(engine) as connection:
        passing.create_all(connection)


class Seen:
    """When sessions were last used; or tokens, in a table of their own, of which nothing is forgotten by time."""

    def __init__(self, engine: Engine, table: Table = session_seen) -> None:
        self._engine, self._table = engine, table

    def last(self, session: str) -> datetime | None:
        """Return when *session* was last used, if anybody knows."""
        with reading(self._engine) as connection:
            found = connection.scalar(select(self._table.c.seen).where(self._table.c.session == session))
        return None if found is None else utc_moment(found)

    def now(self, session: str, now: datetime, last: datetime) -> None:
        """Note that it is used now, unless that is known exactly enough."""
        if now - last >= _SEEN_EVERY:
            with writing(self._engine) as connection:
                connection.execute(_SEEN[self._table.name], {"session": session, "seen": utc_text(now)})

    def forget(self, session: str) -> None:
        """Forget a session that is over."""
        with writing(self._engine) as connection:
            connection.execute(delete(self._table).where(self._table.c.session == session))

    def forget_before(self, moment: datetime) -> None:
        """Forget what was not used since then."""
        with writing(self._engine) as connection:
            connection.execute(delete(self._table).where(self._table.c.seen < utc_text(moment)))


class Counters(Storage):
    """Counts for the rate limits of `limits`, in the database: neither a restart nor a second process forgets them."""

    STORAGE_SCHEME = None
    base_exceptions = ()

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._engine, self._clock = engine, clock

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count *amount* more, durably, and return how many there are; the first begins a window of *expiry* seconds."""
        now = self._clock().timestamp()
        with writing(self._engine) as connection:
            counted = {"name": key, "more": amount, "now": now, "until": now + expiry}
            return int(connection.execute(_COUNT, counted).scalar_one())

    def get(self, key: str) -> int:
        """Return how many there are in the window that is open."""
        with reading(self._engine) as connection:
            open_ = (attempts.c.name == key, attempts.c.until > self._clock().timestamp())
            return connection.scalar(select(attempts.c.times).where(*open_)) or 0

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds since 1970."""
        with reading(self._engine) as connection:
            until = connection.scalar(select(attempts.c.until).where(attempts.c.name == key))
        return self._clock().timestamp() if until is None else float(until)

    def check(self) -> bool:
        """Say whether the database answers."""
        with reading(self._engine) as connection:
            return connection.scalar(select(1)) == 1

    def reset(self) -> int:
        """Forget all windows that are over, and return how many."""
        with writing(self._engine) as connection:
            return connection.execute(delete(attempts).where(attempts.c.until <= self._clock().timestamp())).rowcount

    def clear(self, key: str) -> None:
        """Begin anew for *key*."""
        with writing(self._engine) as connection:
            connection.execute(delete(attempts).where(attempts.c.name == key))
