"""When a bay looks again: soon at first, then ever more rarely, so that no ledger fills with the same attempt."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

_RAREST = 10
"""Times the first delay: how long to wait after many attempts."""


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
