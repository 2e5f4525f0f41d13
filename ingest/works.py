"""Clips on their way to store and review copy while the next ones are still being read."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from ingest.progress import Progress, Step, Waiting, Watcher, said
from storage.errors import StorageUnavailable, YihuError
from storage.evidence import Subject

_PATIENCE = 3
"""Failures in a row after which a store or a database is taken to be away; each may take as long as a connection waits."""


@dataclass(slots=True)
class Works:
    """
    What is under way in one run. A clip that cannot go on waits for the next run and holds up nobody.

    Used by one thread, which hands clips over to others.
    """

    move: Callable[[Subject, str, Watcher], None]
    """Does everything for one clip that is left to do; may be repeated."""
    watcher: Watcher
    pool: ThreadPoolExecutor
    _futures: dict[Subject, Future[None]] = field(default_factory=dict)
    _names: dict[Subject, str] = field(default_factory=dict)
    _waiting: dict[Subject, Waiting] = field(default_factory=dict)
    _away: int = 0
    """Failures in a row. Threads may miscount; that costs an attempt more or less."""

    def deposit(self, clip: Subject, name: str) -> None:
        """Send *clip* on its way, unless it has been in this run."""
        if clip not in self._futures:
            self._names[clip] = name
            self._futures[clip] = self.pool.submit(self._moved, clip, name)

    def deposit_again(self, clip: Subject, name: str) -> None:
        """Send *clip* on its way whatever became of it so far: only now the spool has its bytes."""
        earlier = self._futures.pop(clip, None)
        if earlier is not None:
            wait([earlier])
        self._waiting.pop(clip, None)
        self.deposit(clip, name)

    def must_wait(self, clip: Subject, name: str, error: YihuError) -> None:
        """Note that *clip* is not done in this run."""
        self._waiting[clip] = Waiting(clip, name, type(error).__name__, said(error))
        self.watcher(Progress(Step.WAITING, name, 0, reason=said(error), error=type(error).__name__))

    def finish(self) -> None:
        """Wait until everything under way has arrived or must wait, which is never an exception."""
        wait(self._futures.values())
        for clip, future in self._futures.items():
            error = future.exception()
            if error is None or clip in self._waiting:
                continue
            if not isinstance(error, YihuError):
                raise error
            self.must_wait(clip, self._names[clip], error)

    def waiting(self) -> tuple[Waiting, ...]:
        """Return what is not done."""
        return tuple(self._waiting.values())

    def _moved(self, clip: Subject, name: str) -> None:
        if self._away >= _PATIENCE:
            message = f"{clip}: not tried, since the store or the database was away {_PATIENCE} times in a row"
            raise StorageUnavailable(message)
        try:
            self.move(clip, name, self.watcher)
        except StorageUnavailable:
            self._away += 1
            raise
        self._away = 0
