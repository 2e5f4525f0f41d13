"""Who reads first: while a camera in a bay with priority (优先采集) is read, the others wait between two of their files."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

_PATIENCE = timedelta(minutes=1)
"""The longest wait before one file, so that a broken camera in a bay with priority stops nobody."""


class Turns:
    """The turns of all bays of a host. Threads share it."""

    def __init__(self, patience: timedelta = _PATIENCE) -> None:
        self._patience = patience
        self._first = 0
        self._changed = threading.Condition()

    @contextmanager
    def before_others(self) -> Iterator[None]:
        """Be read before others while inside."""
        with self._changed:
            self._first += 1
        try:
            yield
        finally:
            with self._changed:
                self._first -= 1
                self._changed.notify_all()

    def wait(self) -> None:
        """Wait until nobody goes before others, or patience is at its end."""
        with self._changed:
            self._changed.wait_for(lambda: self._first == 0, self._patience.total_seconds())
