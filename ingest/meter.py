"""
How fast a camera is read and how long it will take: pure, told of every piece that was read.

Every ``at`` is a moment of a clock that never steps (`time.monotonic`), in seconds. Nothing is claimed before it is known:
no rate before two seconds have been seen, no time left before three, and neither once nothing has come for a while; after that
both are taken anew. The time left is led towards what the rate says instead of jumping there, for people plan by it.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

_WINDOW = 6.0
"""Seconds over which the rate is taken."""
_STALE = 4.0
"""Seconds without a byte after which there is no rate any more."""
_RATE_AFTER = 2.0
_LEFT_AFTER = 3.0
_LEADING = 8.0
"""Seconds within which the time left follows most of a change of the rate."""
_STEP = 0.1
"""Seconds between two readings that are worth keeping."""
SHOWN_EVERY = 0.5
"""Seconds between two updates of a bay."""


@dataclass(slots=True)
class Meter:
    """Takes the rate of one camera."""

    size: int
    """Bytes to read."""
    _seen: deque[tuple[float, int]] = field(default_factory=deque)
    """Moments and the bytes read until then; the first is a little before the window."""
    _began: float | None = None
    _moved: float = 0.0
    """When bytes last came."""
    _end: float | None = None
    """When reading is expected to end, as it is told to people."""
    _led: float = 0.0
    """When `_end` was last led."""

    def saw(self, done: int, at: float) -> None:
        """Take note that *done* bytes are read; a moment before the last one is taken for the last one."""
        if self._seen:
            at = max(at, self._seen[-1][0])
        if self._began is None or at - self._moved > _STALE:
            self._seen.clear()
            self._began, self._end = at, None
        if not self._seen or done > self._seen[-1][1]:
            self._moved = at
        self._keep(done, at)
        self._lead(at)

    def rate(self, at: float) -> int:
        """Bytes a second over the last seconds; 0 until that is known."""
        if self._began is None or at - self._began < _RATE_AFTER or at - self._moved > _STALE:
            return 0
        (first, before), (_, done) = self._seen[0], self._seen[-1]
        return max(round((done - before) / (at - first)), 0) if at > first else 0

    def left(self, at: float) -> timedelta | None:
        """How long it will still take; None until that is known, and while nothing comes."""
        if self._end is None or not self.rate(at):
            return None
        return timedelta(seconds=max(math.ceil(self._end - at), 0))

    def _keep(self, done: int, at: float) -> None:
        if len(self._seen) > 1 and at - self._seen[-2][0] < _STEP:
            self._seen.pop()
        self._seen.append((at, done))
        while len(self._seen) > 2 and self._seen[1][0] <= at - _WINDOW:  # noqa: PLR2004 - the first and the last
            self._seen.popleft()

    def _lead(self, at: float) -> None:
        rate = self.rate(at)
        if not rate or self._began is None or at - self._began < _LEFT_AFTER:
            return
        expected = at + max(self.size - self._seen[-1][1], 0) / rate
        if self._end is None:
            self._end = expected
        else:
            self._end += (expected - self._end) * (1 - math.exp(-(at - self._led) / _LEADING))
        self._led = at


@dataclass(slots=True)
class Throttle:
    """Lets through what need not be shown more often than twice a second."""

    every: float = SHOWN_EVERY
    _last: float = -math.inf

    def lets(self, at: float) -> bool:
        """Say whether it is time to show something again, and take it as shown."""
        if at - self._last < self.every:
            return False
        self._last = at
        return True
