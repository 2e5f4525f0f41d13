"""
Viewings from their ``ACCESSED`` to their ``WATCHED``.

Every viewing ends in one ``WATCHED`` entry: when the player says that it is over, when nobody asked for anything for a while,
after the longest time, or when the session ended. Until then it is kept beside the ledger (`storage.open_viewings`), and
`Viewings.fold` records what is over: the server calls it every minute and at its end, so a program that was killed goes on
where it stood. Recording comes first and forgetting second; whoever dies in between finds the entry there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from api.access.watched import Span, merged, total, within
from api.queries import Engine
from api.sessions import IDLE_VIEWING
from storage.catalog import Catalog
from storage.custody import Custody
from storage.errors import LifeCycleError, NotFound, StaleState
from storage.evidence import Entry, Json, Subject
from storage.open_viewings import OpenViewing, OpenViewings

_NOTED_EVERY = timedelta(minutes=1)
"""How exactly it is known when a viewing was last used; a commit for every request would be too dear."""
_LONGEST_CLIP = 24 * 60 * 60 * 1000
"""Milliseconds, where nobody knows how long a clip is."""


@dataclass(slots=True)
class _Live:
    one: OpenViewing
    noted: datetime


class Viewings:
    """What somebody is watching. Safe to call from many threads."""

    def __init__(
        self,
        custody: Custody,
        engine: Engine,
        clock: Callable[[], datetime],
        is_good: Callable[[str], bool],
    ) -> None:
        self._custody, self._catalog, self._clock, self._is_good = custody, Catalog(engine), clock, is_good
        self._kept = OpenViewings(engine)
        self._live: dict[Subject, _Live] = {}
        self._lock = threading.Lock()

    def keep(self, one: OpenViewing) -> None:
        """Keep a viewing whose ``ACCESSED`` is recorded, durably."""
        self._kept.keep(one)

    def standing(self, asked: str) -> OpenViewing | None:
        """Return the viewing that came of the same question and is not over: a page that is loaded again goes on with it."""
        for found in self._kept.asked_for(asked):
            one = self.find(found.viewing)
            if one is not None and (one.copy is None or not is_whole(one)):
                return one
        return None

    def find(self, viewing: Subject) -> OpenViewing | None:
        """Return a viewing that is not over; being asked for keeps it from idling."""
        now = self._clock()
        with self._lock:
            live = self._of(viewing)
            if live is None or _why_over(live.one, now) is not None:
                return None
            live.one = replace(live.one, last=now)
        if now - live.noted >= _NOTED_EVERY:
            self._note(live)
        return live.one

    def sent(self, viewing: Subject, span: Span) -> None:
        """Note that these bytes were sent."""
        with self._lock:
            live = self._of(viewing)
            if live is not None:
                live.one = replace(live.one, served=merged([*live.one.served, span]))

    def played(self, viewing: Subject, spans: Iterable[Span]) -> None:
        """Note, durably, what the player says it played; what does not lie inside the clip is not believed."""
        with self._lock:
            live = self._of(viewing)
            if live is None:
                return
            inside = within(spans, self._length(live.one.clip))
            live.one = replace(live.one, ranges=merged([*live.one.ranges, *inside]))
        self._note(live)

    def close(self, viewing: Subject) -> None:
        """End a viewing now; twice is fine."""
        with self._lock:
            live = self._of(viewing)
        if live is not None:
            self._end(live.one, "closed")

    def fold(self) -> None:
        """Record every viewing that is over, and write down what is known of the others."""
        now = self._clock()
        for kept in self._kept.every():
            with self._lock:
                live = self._live.get(kept.viewing) or _Live(kept, kept.last)
            why = _why_over(live.one, now) or ("" if self._is_good(kept.credential) else "session")
            if why:
                self._end(live.one, why)
            elif live.one != kept:
                self._note(live)

    def _of(self, viewing: Subject) -> _Live | None:
        live = self._live.get(viewing)
        if live is None:
            found = self._kept.find(viewing)
            if found is None:
                return None
            live = self._live[viewing] = _Live(found, found.last)
        return live

    def _note(self, live: _Live) -> None:
        self._kept.note(live.one)
        live.noted = live.one.last

    def _end(self, one: OpenViewing, why: str) -> None:
        # it may be recorded already, where dying kept us from forgetting it; or the clip is there no more
        with suppress(StaleState, LifeCycleError):
            self._custody.record(watched(one, why))
        self._kept.remove(one.viewing)
        with self._lock:
            self._live.pop(one.viewing, None)

    def _length(self, clip: Subject) -> int:
        try:
            return self._catalog.clip(clip).duration_ms or _LONGEST_CLIP
        except NotFound:
            return _LONGEST_CLIP


def is_whole(one: OpenViewing) -> bool:
    """Say whether every byte was sent."""
    return one.served == ((0, one.size),) or one.size == 0


def watched(one: OpenViewing, why: str) -> Entry:
    """Return the entry that says what was watched in a viewing, and how it ended."""
    body: dict[str, Json] = {
        "accessed": one.accessed,
        "ended": why,
        "ranges_ms": [[start, end] for start, end in one.ranges],
        "sent": total(one.served),
        "size": one.size,
        "viewing": str(one.viewing),
    }
    return Entry("WATCHED", one.clip, one.actor, body)


def _why_over(one: OpenViewing, now: datetime) -> str | None:
    if now >= one.until:
        return "longest"
    return "idle" if now >= one.last + IDLE_VIEWING else None
