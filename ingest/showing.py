"""From the progress of a card to what its bay shows: a watcher for `Pipeline`, made anew for every card."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ingest.board import Board, Status
from ingest.meter import Meter, Throttle
from ingest.progress import Progress, Step

_ENDS = {Step.SECURED, Step.MET_AGAIN, Step.FAILED}
"""A file of the card is done with, as far as reading goes."""


@dataclass(slots=True)
class Showing:
    """
    Shows the reading of one card at its bay; `saw` is the watcher. Several threads may tell it.

    It counts bytes and files and leaves the status of the bay to whoever runs it, and it is silent unless the bay is reading: a
    step that comes late never shows a camera as read that was pulled meanwhile.
    """

    board: Board
    bay: str
    files: int = 0
    """On the card, where known."""
    clock: Callable[[], float] = time.monotonic
    _meter: Meter = field(default_factory=lambda: Meter(0))
    _throttle: Throttle = field(default_factory=Throttle)
    _under_way: dict[str, int] = field(default_factory=dict)
    _ended: int = 0
    """Bytes of the files that are done with."""
    _files_done: int = 0
    _problems: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def saw(self, progress: Progress) -> None:
        """Take note of *progress*, and show it if it is time."""
        with self._lock:
            at = self.clock()
            if progress.step is Step.LISTED:
                self._meter.size = progress.size
                self._show(progress, at)
            elif progress.step is Step.READING:
                self._under_way[progress.name] = progress.done
                self._meter.saw(self._done(), at)
                if self._throttle.lets(at):
                    self._show(progress, at)
            elif progress.step in _ENDS:
                self._end(progress, at)

    def _end(self, progress: Progress, at: float) -> None:
        self._under_way.pop(progress.name, None)
        self._ended += progress.size
        self._files_done += 1
        self._problems += progress.step is Step.FAILED
        self._meter.saw(self._done(), at)
        # thousands of small files are no reason to show more often; the last one is always shown
        if self._throttle.lets(at) or self._done() >= self._meter.size:
            self._show(progress, at)

    def _done(self) -> int:
        return min(self._ended + sum(self._under_way.values()), self._meter.size)

    def _show(self, progress: Progress, at: float) -> None:
        bay = self.board.bay(self.bay)
        if bay.status is not Status.READING:
            return
        is_file = progress.step is not Step.LISTED
        shown = replace(
            bay,
            file=progress.name if is_file else "",
            file_size=progress.size if is_file else 0,
            file_done=progress.done if is_file else 0,
            files=max(self.files, self._files_done),
            files_done=self._files_done,
            size=self._meter.size,
            done=self._done(),
            rate=self._meter.rate(at),
            left=self._meter.left(at),
            problems=self._problems,
        )
        self.board.show(shown)
