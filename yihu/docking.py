"""
A watched folder, all day: what settles is taken in, and Ctrl-C ends it between two files.

What could not be taken in and what waits for the store is tried again by itself, a minute later and then ever more rarely: at
once would be a loop that fills the ledger with the same attempt.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from ingest.cards import Card
from ingest.identify import identify
from ingest.pipeline import Pipeline
from ingest.progress import CardReport, Progress, Step, Watcher, said
from ingest.watched import WatchedFolder
from storage.errors import StorageUnavailable
from storage.evidence import DevicePath
from yihu.wiring import Office

RETRY = timedelta(minutes=1)
_RAREST = 10
"""Times `RETRY`: how long to wait after many attempts."""


def watch_folder(
    office: Office,
    folder: Path,
    *,
    device: str | None,
    watcher: Watcher,
    stop: threading.Event | None = None,
    retry: timedelta = RETRY,
) -> Iterator[CardReport]:
    """Yield what became of each batch of settled files, until *stop* is set; a store or database that is away ends nothing."""
    with (
        Card(folder, identify(folder, device)) as card,
        WatchedFolder(card, clock=office.clock, quiet=office.settings.ingest.quiet) as watched,
    ):
        docking = _Docking(office.pipeline(), card, watcher, office.clock, retry)
        docking.advance()
        for batch in watched.batches(stop or threading.Event()):
            if batch:
                yield from docking.take_in(batch)
            elif docking.is_due():
                watched.again(docking.owed)
                docking.advance()


@dataclass(slots=True)
class _Docking:
    """What is owed to a watched folder, and when to try again."""

    pipeline: Pipeline
    card: Card
    watcher: Watcher
    clock: Callable[[], datetime]
    retry: timedelta
    owed: set[DevicePath] = field(default_factory=set)
    _next: datetime | None = None
    _attempts: int = 0

    def is_due(self) -> bool:
        """Say whether it is time to try again, if there is anything; a clock that stepped back delays nothing for long."""
        now = self.clock()
        return self._next is not None and not now < self._next <= now + _RAREST * self.retry

    def take_in(self, batch: Sequence[DevicePath]) -> Iterator[CardReport]:
        """Take files in, unless the database or the spool is away."""
        try:
            report = self.pipeline.take_in(self.card, batch, self.watcher)
        except StorageUnavailable as error:
            self._put_off(error)
            self._owe(batch)
            return
        if report.problems or report.waiting or report.unsigned:
            self._owe([problem.path for problem in report.problems])
        else:
            self._attempts = 0
        yield report

    def advance(self) -> None:
        """Go on with what waits; files that are owed come with the next batch."""
        self.owed.clear()
        self._next = None
        try:
            waiting = bool(self.pipeline.advance(self.watcher))
        except StorageUnavailable as error:
            self._put_off(error)
            waiting = True
        if waiting:
            self._owe([])

    def _owe(self, paths: Sequence[DevicePath]) -> None:
        self.owed.update(paths)
        self._attempts += 1
        self._next = self.clock() + min(self._attempts, _RAREST) * self.retry

    def _put_off(self, error: StorageUnavailable) -> None:
        self.watcher(Progress(Step.WAITING, said(self.card.root), 0, reason=said(error), error=type(error).__name__))
