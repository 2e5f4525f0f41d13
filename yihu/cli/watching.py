"""Progress on the screen: one bar for each file that is being read, one line for each that arrived."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bars

from ingest.progress import Progress, Step, Watcher, unwatched
from yihu.clear_words import clear_reason_text
from yihu.language import either, explained

_WORDS = {
    Step.SECURED: ("✔ 已固证", "✔ secured"),
    Step.MET_AGAIN: ("· 已采集过", "· already ours"),
    Step.DEPOSITED: ("⇪ 已存储", "⇪ deposited"),
    Step.RENDERED: ("▶ 可播放", "▶ playable"),
    Step.EXAMINED: ("○ 已检查，无可播放内容", "○ examined, nothing to play"),
    Step.FAILED: ("✘ 未能采集", "✘ not taken in"),
    Step.WAITING: ("… 等待", "… waiting"),
    Step.CLEARED: ("⌫ 已从摄像机删除", "⌫ removed from the camera"),
    Step.LEFT: ("· 保留在摄像机上", "· stays on the camera"),
}
_READING = {Step.READING, Step.PROVING, Step.CLEARING}
"""The steps that take time, and show how far they are."""
_READ = {Step.SECURED, Step.MET_AGAIN, Step.FAILED}
"""The steps by which a file of the card is done with, as far as reading goes."""


@contextmanager
def watching(*, shown: bool) -> Iterator[Watcher]:
    """Show progress on standard error while inside; without a terminal only finished steps are printed."""
    if not shown:
        yield unwatched
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _Screen(bars).saw


class _Screen:
    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._lock = threading.Lock()
        self._reading: dict[str, TaskID] = {}
        self._card: TaskID | None = None

    def saw(self, progress: Progress) -> None:
        with self._lock:
            if progress.step is Step.LISTED:
                self._begin_card(progress)
                return
            if progress.step in _READING:
                self._read(progress)
                return
            if progress.step is Step.READ:
                return
            if progress.step in _READ and self._card is not None:
                self._bars.advance(self._card, progress.size)
            task = self._reading.pop(progress.name, None)
            if task is not None:
                self._bars.remove_task(task)
            reason = f": {_why(progress)}" if progress.reason else ""
            self._bars.console.print(f"{either(*_WORDS[progress.step])} {progress.name}{reason}", markup=False, highlight=False)

    def _begin_card(self, progress: Progress) -> None:
        """Show one bar for the whole card above those of its files; the card before it is done."""
        if self._card is not None:
            self._bars.remove_task(self._card)
        self._card = self._bars.add_task(escape(progress.name), total=progress.size)

    def _read(self, progress: Progress) -> None:
        if progress.name not in self._reading:
            self._reading[progress.name] = self._bars.add_task(escape(progress.name), total=progress.size)
        self._bars.update(self._reading[progress.name], completed=progress.done)


def _why(progress: Progress) -> str:
    if progress.step is Step.LEFT:
        return clear_reason_text(progress.reason)
    return f"{explained(progress.error)} ({progress.reason})"
