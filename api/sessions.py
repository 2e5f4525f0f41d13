"""
What is kept in memory for a while, by one process, and gone with it.

That is what somebody is watching, and a second factor that is being set. Sessions outlive the program (`api.people.sessions`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

LONGEST_VIEWING = timedelta(hours=4)
IDLE_VIEWING = timedelta(minutes=15)
"""A player that asked for nothing for so long has to ask for a new viewing, with a reason."""

_MOST = 10_000
"""Of each kind; the oldest gives way, so that nobody can fill the memory."""

Thing = TypeVar("Thing")


@dataclass(slots=True)
class _Kept(Generic[Thing]):
    thing: Thing
    until: datetime
    idle_until: datetime


class Passing(Generic[Thing]):
    """Things that are kept for a while: at most *longest*, and no longer than *idle* after they were last asked for."""

    def __init__(self, clock: Callable[[], datetime], *, longest: timedelta, idle: timedelta) -> None:
        self._clock, self._longest, self._idle = clock, longest, idle
        self._kept: dict[Hashable, _Kept[Thing]] = {}
        self._lock = threading.Lock()

    def keep(self, name: Hashable, thing: Thing) -> datetime:
        """Keep *thing* under *name* and return until when at most."""
        now = self._clock()
        with self._lock:
            self._forget(now)
            self._kept[name] = _Kept(thing, now + self._longest, now + self._idle)
        return now + self._longest

    def find(self, name: Hashable) -> Thing | None:
        """Return what is kept under *name*, if it still is; being asked for keeps it from idling."""
        now = self._clock()
        with self._lock:
            found = self._kept.get(name)
            if found is None or now >= min(found.until, found.idle_until):
                return None
            found.idle_until = now + self._idle
            return found.thing

    def drop(self, name: Hashable) -> None:
        """Forget *name*; twice is fine."""
        with self._lock:
            self._kept.pop(name, None)

    def _forget(self, now: datetime) -> None:
        for name in [name for name, kept in self._kept.items() if now >= min(kept.until, kept.idle_until)]:
            del self._kept[name]
        while len(self._kept) >= _MOST:
            del self._kept[next(iter(self._kept))]
