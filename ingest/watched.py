"""
A folder that people and programs drop footage into: files are given out once they have settled.

What the kernel tells of changes is a hint to look, never a fact: it may overflow, and a network mount tells nothing of what
others write. So everything is looked at with the eyes of `Card`, and a slow rescan finds what nobody told.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserverVFS

from ingest.cards import Card, Sighting, What
from ingest.settling import Settling
from storage.errors import StorageUnavailable
from storage.evidence import DevicePath

QUIET = timedelta(seconds=10)
RESCAN = timedelta(minutes=5)

_CHANGES: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]  # not opening and reading: we do that ourselves
_LONGEST_WAIT = timedelta(seconds=5)
_AT_ONCE = timedelta(0)


def polling_observer(interval: timedelta) -> BaseObserver:
    """Make an observer for network mounts, where the kernel does not see what others write; it never follows links."""
    return PollingObserverVFS(stat=os.lstat, listdir=os.scandir, polling_interval=interval.total_seconds())


class WatchedFolder:
    """
    The settled files of a folder, each version of a file once; use it as a context manager.

    Files that were there before are found by the first look. What was given out is remembered only while the program runs:
    after a restart everything is given again, and the pipeline recognises what it has.
    """

    def __init__(
        self,
        card: Card,
        *,
        clock: Callable[[], datetime],
        observer: BaseObserver | None = None,
        quiet: timedelta = QUIET,
        rescan: timedelta = RESCAN,
    ) -> None:
        self._card = card
        self._clock = clock
        self._observer = observer if observer is not None else Observer()
        self._settling = Settling(quiet)
        self._every = rescan
        self._hints = _Hints(os.fsencode(card.root))
        self._looked_at: datetime | None = None
        """When everything was last looked at; None asks for it at once."""
        self._last_turn: datetime | None = None

    def __enter__(self) -> Self:
        try:
            self._observer.start()
            self._observer.schedule(self._hints, str(self._card.root), recursive=True, event_filter=_CHANGES)
        except OSError as error:  # among others: the kernel's number of watches is used up
            self._stop()
            message = f"folder {self._card.root}: cannot be watched: {error.strerror}"
            raise StorageUnavailable(message) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def batches(self, stop: threading.Event) -> Iterator[tuple[DevicePath, ...]]:
        """
        Give settled files, batch by batch, until *stop* is set; waits in between.

        When nothing has settled for some seconds an empty batch is given, so that whoever asks can do something else.
        Raises `SourceChanged` where the folder itself is gone or replaced; make a new one once it is back.
        """
        while not stop.is_set():
            batch = self.turn()
            yield batch
            if not batch:
                self._hints.wait(self._until_next())

    def turn(self) -> tuple[DevicePath, ...]:
        """Look where something changed, at everything if it is time, and give what has settled. Does not wait."""
        now = self._clock()
        hints = self._hints.taken()
        if self._must_rescan(now):
            self._rescan(now)
        else:
            for path in sorted(hints):
                self._follow(path, now)
        self._last_turn = now
        return self._confirmed(now)

    def again(self, paths: Collection[DevicePath]) -> None:
        """Give these files once more, because nothing came of them; call it from the thread that asks for batches."""
        self._settling.give_back(paths)

    def interrupt(self) -> None:
        """Let a waiting `batches` look at its *stop* now."""
        self._hints.wake()

    def _stop(self) -> None:
        self._observer.stop()
        if self._observer.is_alive():
            self._observer.join()

    def _must_rescan(self, now: datetime) -> bool:
        stepped_back = self._last_turn is not None and now < self._last_turn
        return self._looked_at is None or stepped_back or now - self._looked_at >= self._every

    def _rescan(self, now: datetime) -> None:
        self._card.require()
        met = [self._note(each, now) for each in self._card.walk()]
        self._card.require()  # a pulled card lists as empty; nothing is forgotten because of that
        self._settling.keep({path for path in met if path is not None})
        self._looked_at = now

    def _follow(self, path: bytes, now: datetime) -> None:
        met = self._card.look(path) if path else None
        if met is None:
            self._forget(path)
        elif met.what is What.FILE:
            self._note(met, now)
        else:
            self._settling.replaced(DevicePath(path))
            for each in self._card.walk(path) if met.what is What.FOLDER else ():
                self._note(each, now)

    def _note(self, met: Sighting, now: datetime) -> DevicePath | None:
        if met.what is not What.FILE:  # a manifest lists it as refused; there is nothing to wait for
            return None
        path = DevicePath(met.path)
        self._settling.saw(path, size=met.size, modified_ns=met.modified_ns, at=now)
        return path

    def _forget(self, path: bytes) -> None:
        if path:
            self._settling.vanished(DevicePath(path))
        else:
            self._looked_at = None  # something happened to the folder itself

    def _confirmed(self, now: datetime) -> tuple[DevicePath, ...]:
        """Look once more at what has settled, since a change may have gone unreported, and give what still has."""
        for path in self._settling.settled(now):
            self._follow(path.raw, now)
        batch = tuple(self._settling.settled(now))
        self._settling.take(batch)
        return batch

    def _until_next(self) -> timedelta:
        settles = self._settling.next_at()
        if settles is None:
            return _LONGEST_WAIT
        return min(max(settles - self._clock(), _AT_ONCE), _LONGEST_WAIT)


class _Hints(FileSystemEventHandler):
    """Where something changed, each place once, handed from the observer's thread to the one that looks."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._paths: set[bytes] = set()
        self._changed = threading.Condition()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note the place, or both places, of a change."""
        with self._changed:
            self._paths.update(self._relative(os.fsencode(path)) for path in (event.src_path, event.dest_path) if path)
            self._changed.notify_all()

    def taken(self) -> set[bytes]:
        """Give the places noted so far and begin anew."""
        with self._changed:
            paths, self._paths = self._paths, set()
        return paths

    def wait(self, longest: timedelta) -> None:
        """Wait until something is noted, but not longer."""
        with self._changed:
            if not self._paths:
                self._changed.wait(longest.total_seconds())

    def wake(self) -> None:
        """End a `wait`."""
        with self._changed:
            self._changed.notify_all()

    def _relative(self, path: bytes) -> bytes:
        """Cut the root off; empty for the root itself and for whatever is not below it."""
        prefix = self._root.rstrip(b"/") + b"/"
        return path.removeprefix(prefix) if path.startswith(prefix) else b""
