"""How fast one account may make entries about access, counted in memory: nobody can make the ledger grow at will."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from starlette.exceptions import HTTPException

from storage.evidence import Subject


class Pace:
    """Counts what each account began in this minute."""

    def __init__(self, clock: Callable[[], datetime], most: int) -> None:
        self._clock, self._most = clock, most
        self._minute, self._counts = -1, Counter[Subject]()
        self._lock = threading.Lock()

    def take(self, account: Subject) -> None:
        """Count one more, or answer 429 where that was too many."""
        minute = int(self._clock().timestamp()) // 60
        with self._lock:
            if minute != self._minute:
                self._minute, self._counts = minute, Counter()
            self._counts[account] += 1
            too_many = self._counts[account] > self._most
        if too_many:
            raise TOO_MANY


TOO_MANY = HTTPException(HTTPStatus.TOO_MANY_REQUESTS, "too-many", {"Retry-After": "60"})
