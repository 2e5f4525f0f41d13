"""What is under way in this process, counted: nobody may have too much of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Running:
    """Names of what is under way. Safe to use from many threads."""

    most: int
    """Of one name at the same time."""
    now: Counter[Hashable] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, name: Hashable) -> bool:
        """Count one more; False, and nothing counted, where that would be too many."""
        with self._lock:
            if self.now[name] >= self.most:
                return False
            self.now[name] += 1
            return True

    def end(self, name: Hashable) -> None:
        """Count one less."""
        with self._lock:
            self.now[name] -= 1
            if self.now[name] <= 0:
                del self.now[name]
