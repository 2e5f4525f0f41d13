"""Clips on their way to store and review copy while the next ones are still being read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ingest.progress import Progress, Step, Waiting, Watcher, said
from storage.errors import Stopping, StorageUnavailable, YihuError
from storage.evidence import Subject

_PATIENCE = 3
"""Failures in a row after which a store or a database is taken to be away; each may take as long as a connection waits."""


@dataclass(slots=True)
class Works:
    """
    What is under way, of all cards together. A clip that cannot go on waits until `try_again` and holds up nobody.

    Any thread may hand clips over and wait for its own.
    """

    move: Callable[[Subject, str, Watcher], None]
    """Does everything for one clip that is left to do; may be repeated."""
    watcher: Watcher
    pool: ThreadPoolExecutor
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _under_way: set[Subject] = field(default_factory=set)
    _waiting: dict[Subject, Waiting] = field(default_factory=dict)
    _broken: BaseException | None = None
    """An error nobody foresaw; whoever waits is told."""
    _away: int = 0
    _is_stopped: bool = False

    def deposit(self, clip: Subject, name: str, watcher: Watcher | None = None) -> None:
        """Send *clip* on its way, unless it is, or must wait."""
        with self._changed:
            if clip in self._under_way or clip in self._waiting:
                return
            self._under_way.add(clip)
        self.pool.submit(self._moved, clip, name, watcher or self.watcher)

    def deposit_again(self, clip: Subject, name: str, watcher: Watcher | None = None) -> None:
        """Send *clip* on its way whatever became of it so far: only now the spool has its bytes."""
        self.finish([clip])
        with self._changed:
            self._waiting.pop(clip, None)
        self.deposit(clip, name, watcher)

    def must_wait(self, clip: Subject, name: str, error: YihuError, watcher: Watcher | None = None) -> None:
        """Note that *clip* cannot go on for now."""
        with self._changed:
            self._waiting[clip] = Waiting(clip, name, type(error).__name__, said(error))
        (watcher or self.watcher)(Progress(Step.WAITING, name, 0, reason=said(error), error=type(error).__name__))

    def try_again(self, clips: Collection[tuple[Subject, str]]) -> None:
        """Send *clips* on their way, those that had to wait among them; at no moment are they neither under way nor waiting."""
        with self._changed:
            self._waiting.clear()
            self._away = 0
            new = [one for one in clips if one[0] not in self._under_way]
            self._under_way.update(clip for clip, _ in new)
        for clip, name in new:
            self.pool.submit(self._moved, clip, name, self.watcher)

    def stop(self) -> None:
        """Begin with nothing more: what is under way comes to its end, everything else waits for the next start."""
        self._is_stopped = True

    def finish(self, clips: Collection[Subject] | None = None) -> None:
        """Wait until *clips*, or all, have arrived or must wait, which is never an exception."""
        with self._changed:
            self._changed.wait_for(lambda: self._broken is not None or not self._left(clips))
            if self._broken is not None:
                raise self._broken

    def waiting(self, clips: Collection[Subject] | None = None) -> tuple[Waiting, ...]:
        """Return which of *clips*, or of all, must wait."""
        with self._changed:
            return tuple(one for clip, one in self._waiting.items() if clips is None or clip in clips)

    @property
    def is_idle(self) -> bool:
        """Say whether nothing is under way."""
        with self._changed:
            return not self._under_way

    def _left(self, clips: Collection[Subject] | None) -> bool:
        return bool(self._under_way) if clips is None else not self._under_way.isdisjoint(clips)

    def _moved(self, clip: Subject, name: str, watcher: Watcher) -> None:
        try:
            self._move(clip, name, watcher)
        except YihuError as error:
            self.must_wait(clip, name, error, watcher)
        except BaseException as error:  # the thread that waits raises it
            with self._changed:
                self._broken = error
            raise
        finally:
            with self._changed:
                self._under_way.discard(clip)
                self._changed.notify_all()

    def _move(self, clip: Subject, name: str, watcher: Watcher) -> None:
        if self._is_stopped:
            message = f"{clip}: not begun"
            raise Stopping(message)
        if self._away >= _PATIENCE:
            message = f"{clip}: not tried, since the store or the database was away {_PATIENCE} times in a row"
            raise StorageUnavailable(message)
        try:
            self.move(clip, name, watcher)
        except StorageUnavailable:
            self._away += 1  # threads may miscount; that costs an attempt more or less
            raise
        self._away = 0
