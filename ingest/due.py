"""When a bay looks again: soon at first, then ever more rarely, so that no ledger fills with the same attempt."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

_RAREST = 10
"""Times the first delay: how long to wait after many attempts."""
_MANY, _LATELY = 5, 60.0
"""So often within so many seconds nobody takes a camera out by hand."""


@dataclass(slots=True)
class Due:
    """One moment, by the monotonic clock."""

    _at: float | None = None
    _attempts: int = 0

    def within(self, delay: timedelta) -> None:
        """Look again then, if not earlier."""
        at = time.monotonic() + delay.total_seconds()
        self._at = at if self._at is None else min(self._at, at)

    def once_more(self, delay: timedelta) -> None:
        """Look again after *delay*, and after more of it each time."""
        if self._at is None:
            self._attempts += 1
            self.within(min(self._attempts, _RAREST) * delay)

    def never(self) -> None:
        """Do not look again, for now."""
        self._at = None

    def afresh(self) -> None:
        """Something else begins."""
        self._at, self._attempts = None, 0

    def has_come(self) -> bool:
        """Say, once, that it is time."""
        if self._at is None or time.monotonic() < self._at:
            return False
        self._at = None
        return True


@dataclass(slots=True)
class Lately:
    """How often something happened of late: a bad contact comes and goes every second, and would be docked each time."""

    _at: deque[float] = field(default_factory=lambda: deque(maxlen=_MANY))

    def once_more(self) -> None:
        """It happened again."""
        self._at.append(time.monotonic())

    @property
    def are_many(self) -> bool:
        """Whether that was too often."""
        return len(self._at) == _MANY and time.monotonic() - self._at[0] < _LATELY
