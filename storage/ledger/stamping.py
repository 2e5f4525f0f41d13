"""
Having the newest head stamped, and writing the token back into the log (the two-way peg).

In this order: the reply is verified; it is kept, durably; the entry ``TIMESTAMPED`` is recorded. Whoever asks begins by
recording what was kept and not recorded, so a crash after any line is made good by asking again.

A reply that contradicts the log's own clock is refused: one of the two is wrong, a person must see which, and an entry would
hold the contradiction for ever without saying whose fault it was. Whoever turns the clock back to put an entry into the past
gains nothing by that: he gets no tokens, and his entries lie behind the last one.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, func, insert, select

from storage.custody import Custody
from storage.database import reading, writing
from storage.errors import EvidenceError, LedgerError, NotFound, StaleState
from storage.evidence import Actor, Recorded, Subject, utc_moment, utc_text
from storage.ledger.checkpoint import Checkpoint
from storage.ledger.log import Log
from storage.ledger.timestamp import Authority, judged, request_for
from storage.schema import checkpoints, history, timestamps
from storage.timestamps import is_stamped_enough, last_stamp, recorded_at, timestamped, unrecorded
from storage.verifier.errors import VerificationError
from storage.verifier.times import TOLERANCE_MS
from storage.verifier.tokens import Token, read_token

__all__ = ["Stamped", "Stamping", "head_at"]


@dataclass(frozen=True, slots=True)
class Stamped:
    """A head that an authority has stamped."""

    size: int
    token: Token
    digest: str
    """SHA-256 of the reply, in hexadecimal."""
    seq: int
    """Where the log says so itself."""


@dataclass(frozen=True, slots=True)
class Stamping:
    """One log, and whom it believes the time."""

    engine: Engine
    log: Log
    custody: Custody
    roots: bytes
    """Certificates (PEM) of the authorities that are believed."""
    subject: Subject
    """The log, as the subject of entries."""
    actor: Actor
    clock: Callable[[], datetime]

    def due(self) -> Checkpoint | None:
        """Return the newest head if anything happened since the last one that was stamped; else None."""
        with reading(self.engine) as connection:
            size = connection.scalar(select(func.max(checkpoints.c.size)))
            if size is None or is_stamped_enough(connection, size):
                return None
            return head_at(connection, self.log, size)

    def settle(self) -> list[Stamped]:
        """Record what was kept and not recorded: a crash lay between, or the answer of the database was lost."""
        with reading(self.engine) as connection:
            waiting = [(head_at(connection, self.log, size), digest, raw) for size, digest, raw in unrecorded(connection)]
        settled = []
        for head, digest, raw in waiting:
            try:
                token = read_token(raw)
            except VerificationError as error:
                message = f"the kept reply {digest[:16]} about {head.size} entries: {error}"
                raise LedgerError(message) from error
            # another process that asks at the same moment may have recorded it, or a later one
            with contextlib.suppress(StaleState):
                settled.append(self._record(head, token, digest))
        return settled

    def ask(self, authority: Authority) -> Stamped | None:
        """Have the newest head stamped and record that; None where nothing happened since. Raises what `accept` raises."""
        settled = self.settle()
        head = self.due()
        if head is None:
            return settled[-1] if settled else None
        request = request_for(head)
        return self.accept(authority(request), request=request, size=head.size)

    def accept(self, reply: bytes, *, request: bytes, size: int) -> Stamped:
        """
        Keep and record the *reply* to *request* about our checkpoint of *size* entries; one that is recorded is fine.

        Raises `NotFound` where we signed none of that size, `StaleState` where a larger one was stamped already, and
        `EvidenceError` naming what is wrong with the reply, or that its time and the log's clock contradict each other.
        """
        digest = hashlib.sha256(reply).hexdigest()
        with reading(self.engine) as connection:
            head = head_at(connection, self.log, size)
            token = judged(reply, request=request, head=head, roots=self.roots)
            seq = recorded_at(connection, digest)
            if seq is not None:
                return Stamped(size, token, digest, seq)
            self._refuse_backwards(connection, head, token)
            self._refuse_contradiction(connection, head, token)
        self._keep(size, digest, reply)
        # a crash from here on is made good by `settle`
        return self._record(head, token, digest)

    def _keep(self, size: int, digest: str, reply: bytes) -> None:
        with writing(self.engine) as connection:
            same = select(timestamps.c.size).where(timestamps.c.size == size, timestamps.c.digest == digest)
            if connection.execute(same).first() is None:
                connection.execute(insert(timestamps).values(size=size, digest=digest, token=reply))

    def _record(self, head: Checkpoint, token: Token, digest: str) -> Stamped:
        recorded: Recorded = self.custody.record(timestamped(head, token, digest, log=self.subject, actor=self.actor))
        return Stamped(head.size, token, digest, recorded.seq)

    def _refuse_backwards(self, connection: Connection, head: Checkpoint, token: Token) -> None:
        size, time = last_stamp(connection)
        if head.size < size:
            message = f"a checkpoint of {size} entries was stamped already, so one of {head.size} says nothing new"
            raise StaleState(message)
        if token.time < time:
            message = f"the authority says it is {token.time}, but {time} was stamped before: its clock went back"
            raise EvidenceError(message)

    def _refuse_contradiction(self, connection: Connection, head: Checkpoint, token: Token) -> None:
        stamped, _ = last_stamp(connection)
        below = select(func.max(history.c.at)).where(history.c.seq >= min(stamped, head.size - 1), history.c.seq < head.size)
        claimed = connection.scalar(below) or ""
        # what is recorded next will claim this machine's time, and must not lie before the authority's
        now = utc_text(self.clock())
        slack = timedelta(milliseconds=token.accuracy_ms + TOLERANCE_MS)
        if claimed and utc_moment(claimed) > utc_moment(token.time) + slack:
            message = (
                f"the authority says it is {token.time}, but an entry below the checkpoint of {head.size} claims {claimed}: "
                "the clock of this machine is fast, or the authority's is slow"
            )
            raise EvidenceError(message)
        if utc_moment(now) < utc_moment(token.time) - slack:
            message = (
                f"the authority says it is {token.time}, but this machine says {now}: "
                "the clock of this machine is slow, or the authority's is fast"
            )
            raise EvidenceError(message)


def head_at(connection: Connection, log: Log, size: int) -> Checkpoint:
    """Return the checkpoint of *size* entries that this log signed; `NotFound` if there is none."""
    note = connection.scalar(select(checkpoints.c.note).where(checkpoints.c.size == size))
    if note is None:
        message = f"{log.origin}: there is no checkpoint of {size} entries"
        raise NotFound(message)
    head = log.keys.opened(note, connection)
    if head.size != size:
        message = f"{log.origin}: the checkpoint kept for {size} entries covers {head.size}"
        raise LedgerError(message)
    return head
