"""
What becomes of files that were sent, while ``yihu serve`` runs.

Whatever is whole is recorded even if its sender never came back, and what was left alone is given up. A spool belongs to the
one process that holds its lock. Where a dock runs it holds the lock all day and takes what was handed over at its next turn.
Where none runs, this deposits: it takes the lock when something that was sent waits there, and lets go of it at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from storage.clips import DEPOSITED, SECURED
from storage.errors import NotFound, StorageUnavailable, YihuError
from storage.evidence import Algorithm
from storage.hashing import ALWAYS
from storage.intake import Intake
from storage.receiving import Receiving
from storage.spool import Berth
from yihu.wiring import Office

_BEAT = 1.0
_PATIENCE = 30.0
"""Seconds until a deposit that did not end well is tried again."""
_LEAVING = 5.0
"""Seconds that a deposit under way is waited for at the end; the next start goes on with it."""

logger = structlog.get_logger()


def intake_of(office: Office) -> Intake | None:
    """Return where files are received, or None where they are not."""
    settings = office.settings
    if not settings.uploads.enabled:
        return None
    place = Receiving(
        office.home / settings.spool.path,
        reserve=settings.spool.reserve_mib * 2**20,
        clock=office.clock,
        allowance=settings.uploads.allowance,
        algorithms=ALWAYS | ({Algorithm.SM3} if settings.ingest.sm3 else set()),
    )
    return Intake(place, office.custody, office.catalog, office.index_key)


@contextmanager
def receiving(office: Office, intake: Intake | None) -> Iterator[None]:
    """Look after files that are sent while inside."""
    if intake is None:
        yield
        return
    intake.receiving.sweep()
    ended = threading.Event()
    thread = threading.Thread(target=_repeat, args=(Turn(office, intake), ended), name="receive", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_LEAVING)


@dataclass(slots=True)
class Turn:
    """Does what is due."""

    office: Office
    intake: Intake
    _not_before: float = 0.0

    def __call__(self) -> None:
        """Settle, give up, deposit; raises `StorageUnavailable` for what is worth trying again, and then is."""
        self.intake.receiving.give_up_abandoned()
        done = self.intake.settle()
        is_due = done or time.monotonic() >= self._not_before
        if is_due and any(map(self._waits, self.office.spool.berths())):
            self._not_before = time.monotonic() + _PATIENCE
            self.office.pipeline().advance()

    def _waits(self, berth: Berth) -> bool:
        """Say whether a berth holds something that was sent and not everything was done for it."""
        try:
            if berth.state != "complete" or "upload" not in berth.claim:
                return False
            state = self.office.catalog.clip(berth.clip).state
        except (NotFound, StorageUnavailable):
            return False
        return state == SECURED or (state == DEPOSITED and self.office.settings.media.render)


def _repeat(turn: Turn, ended: threading.Event) -> None:
    said = ""
    while not ended.wait(_BEAT):
        try:
            turn()
        except StorageUnavailable:
            continue  # away for a moment, or a dock has the spool, and does it
        except YihuError as error:
            if str(error) != said:
                logger.error("what was sent needs a person", error=type(error).__name__, reason=str(error))  # noqa: TRY400
            said = str(error)
