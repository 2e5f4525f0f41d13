"""
Whether everything that is needed is there: what is found out about each thing, and who may be told what.

A check says a state and a reason out of a short list: it is told to strangers, so it names no host, file or person.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

State: TypeAlias = Literal["ok", "warn", "failed"]
"""``warn``: somebody should look, and work goes on."""
MayScrape: TypeAlias = Literal["loopback", "token", "off"]

_FRESH_SECONDS = 2.0
"""For so long what was found out is told again: nobody can keep stores and databases busy by asking."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was found out about one thing that is needed."""

    name: str
    state: State
    reason: str = ""
    value: float | None = None
    """Seconds of an age, bytes of a room, milliseconds of a clock."""


@dataclass(slots=True)
class Operations:
    """How those who run the server look at it."""

    look: Callable[[], Sequence[Check]]
    """Looks at everything; never raises for what is away."""
    may_scrape: MayScrape = "off"
    token: str = ""
    """What ``/metrics`` asks for where it asks for a token."""
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _found: Sequence[Check] = ()
    _at: float = float("-inf")

    def checks(self) -> Sequence[Check]:
        """Return what is so now, or was so a moment ago."""
        with self._turn:
            if time.monotonic() - self._at >= _FRESH_SECONDS:
                self._found, self._at = self.look(), time.monotonic()
            return self._found


def is_ready(checks: Sequence[Check]) -> bool:
    """Say whether work can go on; where nothing was looked at, nobody knows."""
    return bool(checks) and all(check.state != "failed" for check in checks)
