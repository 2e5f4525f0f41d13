"""What several steps under way may use together, so that many small ones run side by side and few large ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """So many of something, for instance bytes of memory. Threads may share it."""

    def __init__(self, total: int) -> None:
        if total < 1:
            message = f"budget: expected at least 1, found {total}"
            raise ValueError(message)
        self._total = self._left = total
        self._changed = threading.Condition()

    @contextmanager
    def spending(self, wanted: int) -> Iterator[None]:
        """Wait until *wanted* are left, and use them while inside; who wants more than there is takes all of it, alone."""
        share = min(wanted, self._total)
        with self._changed:
            self._changed.wait_for(lambda: self._left >= share)
            self._left -= share
        try:
            yield
        finally:
            with self._changed:
                self._left += share
                self._changed.notify_all()
