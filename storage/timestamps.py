"""
Time-stamps of an authority outside (RFC 3161), as entries of the log itself.

===============  =======  ================  ====================================================================
entry            subject  moves             body
===============  =======  ================  ====================================================================
``TIMESTAMPED``  log      stays             size and root of the tree; the authority's time and how far it may be
                                            off; SHA-256 of its reply, and of the certificate that signed it
===============  =======  ================  ====================================================================

The reply itself lies in the table ``timestamps``: kept first, recorded then, so that every entry has its reply. Entries go
forward only, in size and in time; two processes that ask at the same moment cannot record the later one first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, Engine, Table, Text, bindparam, func, insert, literal, or_, select

from storage.database import reading
from storage.evidence import Actor, Entry, Json, Kind, Recorded, Subject
from storage.ledger import stored
from storage.lifecycle import move
from storage.projecting import Change
from storage.schema import checkpoints, history, projections, timestamps
from storage.verifier.checkpoint import Checkpoint
from storage.verifier.strict import LARGEST_INTEGER
from storage.verifier.times import TIMESTAMPED
from storage.verifier.tokens import Token

__all__ = [
    "MOVES",
    "TIMESTAMPED",
    "Standing",
    "is_stamped_enough",
    "last_stamp",
    "project",
    "recorded_at",
    "recorded_stamps",
    "stamps",
    "standing_in",
    "timestamped",
    "unrecorded",
]

MOVES = (move(Kind.LOG, TIMESTAMPED, "running"),)

stamps = Table(
    "stamps",
    projections,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("token", Text, nullable=False, unique=True),
    Column("time", Text, nullable=False),
)


_PAGE = select(stamps).where(stamps.c.seq < bindparam("below")).order_by(stamps.c.seq.desc()).limit(100)


def timestamped(head: Checkpoint, token: Token, digest: str, *, log: Subject, actor: Actor) -> Entry:
    """Return the entry saying that *head* was stamped by the reply with this *digest*, which is kept."""
    body: dict[str, Json] = {
        "size": head.size,
        "root": head.root.hex(),
        "token": digest,
        "time": token.time,
        "accuracy_ms": token.accuracy_ms,
        "authority": token.authority,
    }
    return Entry(TIMESTAMPED, log, actor, body)


def project(recorded: Recorded) -> Iterable[Change]:
    """Add a row for the entry; none is added, and so the entry refused, where it goes back behind one that is recorded."""
    if recorded.entry.type != TIMESTAMPED:
        return
    body = recorded.entry.body
    row = select(literal(recorded.seq), *(literal(body[key]) for key in ("size", "token", "time")))
    ahead = select(stamps.c.seq).where(or_(stamps.c.size > body["size"], stamps.c.time > body["time"]))
    yield Change(insert(stamps).from_select(["seq", "size", "token", "time"], row.where(~ahead.exists())))


def last_stamp(connection: Connection) -> tuple[int, str]:
    """Return size and time of the last recorded time-stamp; 0 and an empty text where there is none."""
    row = connection.execute(select(stamps.c.size, stamps.c.time).order_by(stamps.c.seq.desc()).limit(1)).first()
    return (0, "") if row is None else (row.size, row.time)


def recorded_at(connection: Connection, digest: str) -> int | None:
    """Return the number of the entry that records the reply with this digest, or None."""
    seq: int | None = connection.scalar(select(stamps.c.seq).where(stamps.c.token == digest))
    return seq


def recorded_stamps(connection: Connection) -> Iterator[tuple[int, str]]:
    """Give size and digest of all recorded replies, the newest first, as far as somebody wants to know."""
    below = LARGEST_INTEGER
    while rows := connection.execute(_PAGE, {"below": below}).all():
        yield from ((row.size, row.token) for row in rows)
        below = rows[-1].seq


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of the ledger has a time that somebody else vouches for."""

    count: int
    """How many time-stamps there are."""
    stamped: int
    """Entries under the last of them."""
    time: str
    """When that was; empty where there is none."""
    signed: int
    """Entries under the newest checkpoint."""
    is_waiting: bool
    """Whether anything happened since, signed already or not."""


def standing_in(engine: Engine) -> Standing:
    """Say how much was stamped last, and what waits."""
    with reading(engine) as connection:
        (stamped, time), count = last_stamp(connection), connection.scalar(select(func.count()).select_from(stamps))
        signed = connection.scalar(select(func.max(checkpoints.c.size))) or 0
        return Standing(count or 0, stamped, time, signed, not is_stamped_enough(connection, stored.count(connection)))


def is_stamped_enough(connection: Connection, size: int) -> bool:
    """
    Say whether a head of *size* entries need not be stamped: since the last one nothing happened but time-stamps.

    So an idle log stays idle: recording ``TIMESTAMPED`` makes a new head, and that one is not worth another.
    """
    stamped, _ = last_stamp(connection)
    news = select(history.c.seq).where(history.c.seq >= stamped, history.c.seq < size, history.c.type != TIMESTAMPED)
    return connection.execute(news.limit(1)).first() is None


def unrecorded(connection: Connection) -> list[tuple[int, str, bytes]]:
    """Return size, digest and bytes of the replies that were kept and not recorded, and still may be, smallest first."""
    stamped, _ = last_stamp(connection)
    waiting = (
        select(timestamps)
        .outerjoin(stamps, stamps.c.token == timestamps.c.digest)
        .where(stamps.c.seq.is_(None), timestamps.c.size >= stamped)
        .order_by(timestamps.c.size)
    )
    return [(row.size, row.digest, row.token) for row in connection.execute(waiting)]
