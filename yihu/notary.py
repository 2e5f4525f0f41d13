"""
What happens to the ledger while the office is open: signed every second, shown to its witnesses, published, counted daily.

Each of these goes its own way: a witness that is away does not hold up signing. What may be tried again is tried again;
what takes a person is said once in the log of the program, and tried again all the same, for it is checked every time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
import urllib3

from storage.errors import NotFound, StorageUnavailable, YihuError
from storage.ledger.administrators import Witness
from storage.ledger.cosigning import Cosignature
from storage.ledger.feeding import feed, over_http
from storage.ledger.log import Log
from storage.ledger.publish import BucketShelf, Published, publish, publish_all
from yihu.snapshots import daily_snapshot
from yihu.wiring import Office

__all__ = ["Asked", "ask_witnesses", "notarising", "publish_everything", "publish_newest"]

_SIGNING_SECONDS = 1.0
_ASKING_SECONDS = 0.25
"""How often is looked whether there is something new to cosign; nothing is sent where there is not."""
_LOOKING_SECONDS = 60.0
"""How often is looked whether today's snapshot is there."""
_PATIENCE_SECONDS = 30.0
"""How long a witness that was away is left alone."""

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """What one witness said: its new cosignature, None where it had cosigned already, or what went wrong."""

    witness: Witness
    cosignature: Cosignature | None
    error: YihuError | None


def ask_witnesses(log: Log, witnesses: Sequence[Witness], pool: urllib3.PoolManager) -> Iterator[Asked]:
    """Have each witness that has an address cosign the newest checkpoint, one after the other."""
    for witness in witnesses:
        if witness.url is None:
            continue
        try:
            yield Asked(witness, feed(log, witness, over_http(witness.url, pool)), None)
        except YihuError as error:
            yield Asked(witness, None, error)


def publish_newest(office: Office) -> Published:
    """Bring the index bucket to the newest checkpoint."""
    return publish(office.log, _shelf(office))


def publish_everything(office: Office) -> Published:
    """Put every file into the index bucket, or compare it with the one that is there."""
    return publish_all(office.log, _shelf(office))


def _shelf(office: Office) -> BucketShelf:
    return BucketShelf(office.store, recovered_at=office.log.recovered_at())


@contextmanager
def notarising(office: Office) -> Iterator[None]:
    """Sign, ask and publish while inside; on leaving, what is under way is ended."""
    ended = threading.Event()
    asking = _Asking(office)
    work: list[tuple[str, Callable[[], object], float]] = [
        ("sign", office.log.checkpoint, _SIGNING_SECONDS),
        ("ask", asking, _ASKING_SECONDS),
        ("snapshot", lambda: daily_snapshot(office), _LOOKING_SECONDS),
    ]
    if office.settings.ledger.publish_seconds:
        work.append(("publish", lambda: publish_newest(office), office.settings.ledger.publish_seconds))
    threads = [threading.Thread(target=_repeat, args=(ended, *each), name=each[0], daemon=True) for each in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _repeat(ended: threading.Event, name: str, act: Callable[[], object], seconds: float) -> None:
    said = ""
    while not ended.wait(seconds):
        try:
            act()
        except (StorageUnavailable, NotFound):
            # away for a moment, or nothing signed yet: the next turn does what was to be done meanwhile
            continue
        except YihuError as error:
            if str(error) != said:
                logger.error("the ledger needs a person", task=name, error=type(error).__name__, reason=str(error))  # noqa: TRY400
            said = str(error)


@dataclass
class _Asking:
    """Asks all witnesses that are not being left alone."""

    office: Office
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(maxsize=4))
    not_before: dict[str, float] = field(default_factory=dict)

    def __call__(self) -> None:
        if self.office.log.latest() is None:
            return
        now = time.monotonic()
        due = [witness for witness in self.office.log.anchors.witnesses() if self.not_before.get(witness.name, now) <= now]
        wrong = None
        for asked in ask_witnesses(self.office.log, due, self.pool):
            if asked.error is not None:
                self.not_before[asked.witness.name] = time.monotonic() + _PATIENCE_SECONDS
                wrong = wrong if isinstance(asked.error, StorageUnavailable) else asked.error
        if wrong is not None:
            raise wrong
