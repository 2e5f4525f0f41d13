"""
What signed-in people were refused: an entry each, and of very many only how many.

So many in a minute of one account are an entry each, with the object and the reason. What comes on top of that is counted in
memory, by what it was and on which route, and recorded as one entry with ``times`` for each of these: nobody grows the ledger
at will, and nobody hides among their own refusals. What was counted in the last minute before a power cut is lost.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from storage.custody import Custody
from storage.evidence import Actor, Entry, Json, utc_text


@dataclass(frozen=True, slots=True)
class _Sort:
    """What is counted together."""

    actor: Actor
    act: str
    route: str


class Refusals:
    """Records or counts them. Safe to call from many threads."""

    def __init__(self, custody: Custody, clock: Callable[[], datetime], most: int) -> None:
        self._custody, self._clock, self._most = custody, clock, most
        self._minute, self._taken = -1, Counter[Actor]()
        self._since: datetime | None = None
        self._counted = Counter[_Sort]()
        self._lock = threading.Lock()

    def record(self, actor: Actor, body: dict[str, Json]) -> None:
        """Record, durably, that *actor* was refused what *body* tells, or count it where there were very many."""
        if self._is_one_too_many(actor, _Sort(actor, str(body["act"]), str(body["route"]))):
            return
        self._custody.record(Entry("REFUSED", actor.who, actor, body))

    def fold(self) -> None:
        """Record what was counted since the last time; where that fails it stays counted."""
        with self._lock:
            since, counted = self._since, list(self._counted.items())
        for sort, times in counted:
            assert since is not None  # noqa: S101 - set with the first that is counted
            body: dict[str, Json] = {"act": sort.act, "route": sort.route, "since": utc_text(since), "times": times}
            self._custody.record(Entry("REFUSED", sort.actor.who, sort.actor, body))
            with self._lock:
                self._counted[sort] -= times
                self._counted += Counter()  # drops what is nothing any more
        with self._lock:
            self._since = self._clock() if self._counted else None

    def _is_one_too_many(self, actor: Actor, sort: _Sort) -> bool:
        now = self._clock()
        minute = int(now.timestamp()) // 60
        with self._lock:
            if minute != self._minute:
                self._minute, self._taken = minute, Counter()
            self._taken[actor] += 1
            if self._taken[actor] <= self._most:
                return False
            self._since = self._since or now
            self._counted[sort] += 1
            return True
