"""
What was done under a key (``Idempotency-Key``): whoever lost the answer asks again and nothing happens twice.

A thread that works `under` a `Key` has what it records tied to that key in the very transaction that records it: after a crash
either both are there or neither. What was answered is kept afterwards; if the process dies between the two, the key still says
which entries were made. Keys are passing (`storage.passing`): they are forgotten after a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, LargeBinary, Table, Text, delete, select, text

from storage.database import reading, writing
from storage.errors import StaleState
from storage.evidence import Recorded, utc_text
from storage.passing import passing

KEPT = timedelta(days=1)
MOST = 1000
"""Keys of one account; the oldest give way."""

replays = Table(
    "replays",
    passing,
    Column("account", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("first_seq", BigInteger),
    Column("last_seq", BigInteger),
    Column("status", Integer),
    Column("headers", Text),
    Column("body", LargeBinary),
)

_TIE = text(
    "INSERT INTO replays (account, key, request, run, at, first_seq, last_seq)"
    " VALUES (:account, :key, :request, :run, :at, :first, :last) ON CONFLICT (account, key) DO UPDATE"
    " SET first_seq = COALESCE(replays.first_seq, :first), last_seq = COALESCE(:last, replays.last_seq)"
    " WHERE replays.run = :run"
)
_ANSWERED = text(
    "UPDATE replays SET status = :status, headers = :headers, body = :body"
    " WHERE account = :account AND key = :key AND run = :run"
)


@dataclass(frozen=True, slots=True)
class Key:
    """Under what one request works."""

    account: str
    key: str
    request: str
    """A code over everything that was asked for."""
    run: str
    """Which of several attempts with that key this is."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """What is known of a key: which entries were made under it, and what was answered, if that was still written down."""

    request: str
    entries: range
    status: int | None
    headers: str
    body: bytes


_UNDER: ContextVar[Key | None] = ContextVar("under", default=None)


@contextmanager
def under(key: Key) -> Iterator[None]:
    """Tie what this thread records while inside to *key*."""
    token = _UNDER.set(key)
    try:
        yield
    finally:
        _UNDER.reset(token)


def current() -> Key | None:
    """Return the key under which this thread works."""
    return _UNDER.get()


def tie(connection: Connection, key: Key, recorded: Sequence[Recorded]) -> None:
    """Write down in the transaction that records them what was *recorded* under *key*; `StaleState` where it was taken."""
    first, last = (recorded[0].seq, recorded[-1].seq) if recorded else (None, None)
    values = {"account": key.account, "key": key.key, "request": key.request, "run": key.run, "at": utc_text(key.at)}
    if connection.execute(_TIE, {**values, "first": first, "last": last}).rowcount != 1:
        message = f"{key.account}: another request was first with this key"
        raise StaleState(message)


class Replays:
    """Keys and what was answered under them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, account: str, key: str) -> Done | None:
        """Return what was done under that key of that account."""
        mine = replays.c.account == account, replays.c.key == key
        with reading(self._engine) as connection:
            row = connection.execute(select(replays).where(*mine)).first()
        if row is None:
            return None
        entries = range(0) if row.first_seq is None else range(row.first_seq, row.last_seq + 1)
        return Done(row.request, entries, row.status, row.headers or "", row.body or b"")

    def answered(self, key: Key, status: int, headers: str, body: bytes) -> None:
        """Keep what was answered; only what succeeded should be."""
        mine = {"account": key.account, "key": key.key, "run": key.run}
        newest = (
            select(replays.c.key)
            .where(replays.c.account == key.account)
            .order_by(replays.c.at.desc(), replays.c.key)
            .limit(MOST)
        )
        with writing(self._engine) as connection:
            tie(connection, key, ())
            connection.execute(_ANSWERED, {**mine, "status": status, "headers": headers, "body": body})
            connection.execute(delete(replays).where(replays.c.account == key.account, replays.c.key.not_in(newest)))

    def forget_before(self, moment: datetime) -> None:
        """Forget keys that are older."""
        with writing(self._engine) as connection:
            connection.execute(delete(replays).where(replays.c.at < utc_text(moment)))
