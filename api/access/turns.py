"""Taking turns: two who ask the same at once are answered one after the other."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

_LANES = 64


@dataclass(frozen=True, slots=True)
class Turns:
    """A few locks for very many names; different names seldom wait for each other."""

    _locks: tuple[threading.Lock, ...] = field(default_factory=lambda: tuple(threading.Lock() for _ in range(_LANES)))

    def of(self, name: str) -> threading.Lock:
        """Return the lock of *name*."""
        return self._locks[hash(name) % _LANES]
