"""
Custody: the one moment when something becomes a fact, and it is one database transaction.

`Custody.record` checks an entry against the life cycle, appends its leaf and changes the projections together or not at all.
Callers that wait at the same time share one commit (and its fsync): whoever gets the lock records for all of them, each inside
its own savepoint, so that one refused entry costs the others nothing. An answer is given only after the commit is durable.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Engine, insert, select

from storage.database import writing
from storage.errors import EvidenceError, StorageUnavailable, YihuError
from storage.evidence import Entry, Recorded, utc_moment
from storage.ledger.leaf import Leaf
from storage.ledger.tree import leaf_hash
from storage.projecting import Projector
from storage.schema import entries, history
from storage.vault import Vault

_LONGEST_BATCH = 256
"""Requests recorded in one commit at most: the unlucky last one should not wait for ever."""

_REFUSALS = (EvidenceError, ValueError, TypeError, LookupError)
"""What is wrong with one entry alone; a savepoint takes back what it did."""

_APPEND = insert(entries)
_LAST = (
    select(entries.c.seq, history.c.at)
    .outerjoin(history, history.c.seq == entries.c.seq)
    .order_by(entries.c.seq.desc())
    .limit(1)
)


class _Head(NamedTuple):
    """How many entries there are, and the log's time of the last one."""

    size: int
    at: datetime | None


@dataclass(slots=True)
class _Request:
    wanted: Sequence[Entry]
    done: list[Recorded] = field(default_factory=list)
    error: BaseException | None = None
    answered: bool = False


class Custody:
    """Records entries. Safe to call from many threads; other processes are kept out by the database."""

    def __init__(self, engine: Engine, projector: Projector, vault: Vault, *, log: str, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._projector = projector
        self._vault = vault
        self._log = log
        self._clock = clock
        self._waiting: deque[_Request] = deque()
        self._writer = threading.Lock()

    def record(self, entry: Entry) -> Recorded:
        """
        Make *entry* a line of the ledger, durably, together with everything that follows from it.

        Raises `LifeCycleError` or `StaleState` when it may not follow, and `StorageUnavailable` when the database is away: then
        it was not recorded, or (the answer was lost) it was, and recording it again is refused by the life cycle.
        """
        return self.record_all([entry])[0]

    def record_all(self, wanted: Sequence[Entry]) -> list[Recorded]:
        """Record several entries in order, all or none."""
        request = _Request(wanted)
        self._waiting.append(request)
        with self._writer:
            while not request.answered:
                self._record_waiting()
        if request.error is not None:
            raise request.error
        return request.done

    def _record_waiting(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _LONGEST_BATCH))]
        try:
            with writing(self._engine) as connection:
                head = _head(connection)
                for request in batch:
                    head = self._try(connection, request, head)
        except BaseException as error:
            # nothing of this batch was committed, as far as we know
            for request in batch:
                request.error = error if isinstance(error, YihuError) else StorageUnavailable(f"recording broke off: {error!r}")
            if not isinstance(error, YihuError):
                raise
        finally:
            for request in batch:
                request.answered = True

    def _try(self, connection: Connection, request: _Request, head: _Head) -> _Head:
        """Record what one caller wants after *head* and return the new head; whoever is refused leaves no trace."""
        recorded: list[Recorded] = []
        try:
            with connection.begin_nested():
                after = head
                for entry in request.wanted:
                    recorded.append(self._append(connection, entry, after))
                    after = _Head(after.size + 1, recorded[-1].at)
        except _REFUSALS as error:
            request.error = error
            return head
        request.done = recorded
        return after

    def _append(self, connection: Connection, entry: Entry, head: _Head) -> Recorded:
        seq, now = head.size, _milliseconds(self._clock())
        standing = self._projector.standing(connection, entry.subject)
        commitments = self._vault.commit(entry.personal, seq=seq)
        leaf = Leaf(
            log=self._log,
            seq=seq,
            at=now,
            type=entry.type,
            subject=str(entry.subject),
            actor=str(entry.actor.who),
            role=entry.actor.role.value,
            body=entry.body,
            commitments=tuple((c.field, c.commitment) for c in commitments),
            previous=standing.previous,
            # a clock that steps back is a fact to record, never a reason to stop a dock
            stepped_back_ms=0 if head.at is None else max(0, (head.at - now) // timedelta(milliseconds=1)),
        )
        raw = leaf.encode()
        recorded = Recorded(seq=seq, at=now, leaf_hash=leaf_hash(raw), entry=entry)
        connection.execute(_APPEND, {"seq": seq, "leaf": raw, "hash": recorded.leaf_hash})
        self._vault.follow(connection, entry, commitments, seq=seq)
        self._projector.apply(connection, recorded, standing)
        return recorded


def _head(connection: Connection) -> _Head:
    last = connection.execute(_LAST).first()
    return _Head(0, None) if last is None else _Head(last.seq + 1, None if last.at is None else utc_moment(last.at))


def _milliseconds(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)
