"""
Custody: the one moment when something becomes a fact, and it is one database transaction.

`Custody.record` checks an entry against the life cycle, appends its leaf and changes the projections together or not at all.
Callers that wait at the same time share one commit (and its fsync): whoever gets the lock records for all of them on one sheet
(`storage.sheet`). If that is refused, nothing of it stays, and they are recorded again, each inside its own savepoint: one
refused entry costs the others a moment and nothing else. An answer is given only after the commit is durable.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine

from storage.database import writing
from storage.errors import EvidenceError, StorageUnavailable, YihuError
from storage.evidence import Entry, Recorded
from storage.projecting import Projector
from storage.replays import Key, current, tie
from storage.sheet import Sheet
from storage.vault import Vault

_LONGEST_BATCH = 256
"""Requests recorded in one commit at most: the unlucky last one should not wait for ever."""

_REFUSALS = (EvidenceError, ValueError, TypeError, LookupError)
"""What is wrong with one entry alone."""


@dataclass(slots=True)
class _Request:
    wanted: Sequence[Entry]
    key: Key | None = None
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
        self._turn = threading.Condition()
        self._is_recording = False

    def record(self, entry: Entry) -> Recorded:
        """
        Make *entry* a line of the ledger, durably, together with everything that follows from it.

        Raises `LifeCycleError` or `StaleState` when it may not follow, and `StorageUnavailable` when the database is away: then
        it was not recorded, or (the answer was lost) it was, and recording it again is refused by the life cycle.
        """
        return self.record_all([entry])[0]

    def record_all(self, wanted: Sequence[Entry]) -> list[Recorded]:
        """Record several entries in order, all or none."""
        request = _Request(wanted, current())
        with self._turn:
            self._waiting.append(request)
        while not request.answered:
            self._record_waiting(request)
        if request.error is not None:
            raise request.error
        return request.done

    def _record_waiting(self, mine: _Request) -> None:
        """Wait until *mine* is answered, or record for all who wait by the time that nobody else does."""
        with self._turn:
            self._turn.wait_for(lambda: mine.answered or not self._is_recording)
            if mine.answered:
                return
            self._is_recording = True
        try:
            self._record_batch([self._waiting.popleft() for _ in range(min(len(self._waiting), _LONGEST_BATCH))])
        finally:
            with self._turn:
                self._is_recording = False
                self._turn.notify_all()

    def _record_batch(self, batch: Sequence[_Request]) -> None:
        try:
            try:
                self._record_together(batch)
            except _REFUSALS:
                # nothing was committed; who is at fault is found out one by one
                self._record_apart(batch)
        except BaseException as error:
            # nothing of this batch was committed, as far as we know
            for request in batch:
                request.error = error if isinstance(error, YihuError) else StorageUnavailable(f"recording broke off: {error!r}")
            if not isinstance(error, YihuError):
                raise
        finally:
            for request in batch:
                request.answered = True

    def _record_together(self, batch: Sequence[_Request]) -> None:
        """Record what everybody wants on one sheet."""
        with writing(self._engine) as connection:
            sheet = self._sheet(connection, [entry for request in batch for entry in request.wanted])
            done = [[sheet.put(entry) for entry in request.wanted] for request in batch]
            sheet.write()
            for request, recorded in zip(batch, done, strict=True):
                _tie(connection, request, recorded)
        for request, recorded in zip(batch, done, strict=True):
            request.done = recorded

    def _record_apart(self, batch: Sequence[_Request]) -> None:
        """Record what each wants inside a savepoint of its own, entry by entry; whoever is refused leaves no trace."""
        with writing(self._engine) as connection:
            for request in batch:
                try:
                    with connection.begin_nested():
                        recorded = [self._record_alone(connection, entry) for entry in request.wanted]
                        _tie(connection, request, recorded)
                    request.done = recorded
                except _REFUSALS as error:
                    request.error = error

    def _record_alone(self, connection: Connection, entry: Entry) -> Recorded:
        sheet = self._sheet(connection, [entry])
        recorded = sheet.put(entry)
        sheet.write()
        return recorded

    def _sheet(self, connection: Connection, wanted: Sequence[Entry]) -> Sheet:
        sheet = Sheet(connection, self._projector, self._vault, log=self._log, clock=self._clock)
        sheet.read(wanted)
        return sheet


def _tie(connection: Connection, request: _Request, recorded: Sequence[Recorded]) -> None:
    # a refusal did nothing that a repeated request could be told
    if request.key is not None and any(each.entry.type != "REFUSED" for each in recorded):
        tie(connection, request.key, recorded)
