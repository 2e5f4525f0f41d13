"""A log with a clock of its own, stamped by an authority whose word is only made up, or is real where a test wants that."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from storage.evidence import utc_text
from storage.ledger.leaf import Leaf
from storage.verifier.errors import VerificationError
from storage.verifier.leaves import read_leaf
from storage.verifier.times import TIMESTAMPED, Bounds, stamps_in

from .conftest import START, SmallLog

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


class Pegged:
    """A log with a clock, and an authority with one of its own."""

    def __init__(self) -> None:
        self.log, self.now = SmallLog(), START

    def grow(self, count: int = 1, *, late: timedelta = timedelta(0)) -> Pegged:
        """So many entries, a second apart; they claim to be *late* by that much."""
        for _ in range(count):
            self.now += SECOND
            self.put(self.now + late)
        return self

    def put(self, at: datetime, **more: object) -> Leaf:
        before = self.log.leaves[-1].at if self.log.leaves else at
        back = max(0, (before - at) // timedelta(milliseconds=1))
        return self.log.add(at=at, stepped_back_ms=back, **more)

    def stamp(self, over: int | None = None, *, at: datetime | None = None, **changes: Any) -> Pegged:  # noqa: ANN401 - JSON
        """The tree of *over* entries is stamped *at* that time, and the log says so a second later."""
        head = self.log.head(over)
        body = {
            "size": head.size,
            "root": head.root.hex(),
            "token": f"{len(self.log.leaves):064x}",
            "time": utc_text(at or self.now + SECOND),
            "accuracy_ms": 1000,
            "authority": "a" * 64,
        }
        self.now += 2 * SECOND
        self.put(self.now, type=TIMESTAMPED, subject="log:1", body={**body, **changes})
        return self

    def faults(self) -> list[str]:
        """What follows from going through it entry by entry."""
        bounds, found = Bounds(stamps_in(self.log.raws)), []
        for raw in self.log.raws:
            try:
                bounds.follow(read_leaf(raw))
            except VerificationError as error:
                found.append(str(error))
        return found


def honest() -> Pegged:
    log = Pegged()
    for _ in range(3):
        log.grow(4).stamp()
        log.now += 10 * MINUTE
    return log.grow(2)
