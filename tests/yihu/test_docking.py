"""A watched folder is taken in by itself, and what went wrong is tried again by itself, neither at once nor never."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.progress import CardReport, Progress, Step
from storage.clips import DEPOSITED
from storage.room import Room
from storage.testing import FaultyStore
from tests.crashes.offices import Watched, faults, fill, founded, opened
from yihu.docking import RETRY, watch_folder
from yihu.wiring import Office


@dataclass(slots=True)
class Clock:
    """A clock that goes on each time somebody looks at it."""

    now: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)
    step: timedelta = timedelta(seconds=2)

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now


@dataclass(slots=True)
class Dock:
    """An office that watches a folder; the test looks at each report and says what happens then."""

    office: Office
    folder: Path
    stop: threading.Event = field(default_factory=threading.Event)
    watched: Watched = field(default_factory=Watched)

    def reports(self) -> Iterator[CardReport]:
        return watch_folder(self.office, self.folder, device="DEMO-1", watcher=self.watched, stop=self.stop)

    def until(self, happened: Callable[[], bool]) -> Callable[[Progress], None]:
        """A watcher that ends the watch once something has happened."""

        def look(progress: Progress) -> None:
            self.watched(progress)
            if happened():
                self.stop.set()

        return look


@pytest.fixture
def dock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dock:
    """Nobody waits: where a watcher would, its clock just goes on."""
    monkeypatch.setattr("ingest.watched._Hints.wait", lambda _hints, _longest: None)
    founded(tmp_path / "office").engine.dispose()
    folder = fill(tmp_path / "watched", {b"1.MP4": b"one", b"2.MP4": b"two" * 9_000})
    return Dock(opened(tmp_path / "office", Clock()), folder)


def entries(office: Office, kind: str) -> int:
    with office.engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM history WHERE type = ?", (kind,)).scalar_one())


def test_what_settles_is_taken_in(dock: Dock) -> None:
    report = next(dock.reports())

    assert (len(report.secured), report.problems) == (2, ())
    assert faults(dock.office, {"DEMO-1": dock.folder}) == []


def test_a_file_that_failed_is_tried_again_later_and_ever_more_rarely(dock: Dock, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once would fill the ledger with attempts; never would leave the file on the camera."""
    begun = dock.office.clock()
    times = []
    with monkeypatch.context() as patch:
        patch.setattr(Room, "free", lambda _room: 5_000)
        reports = dock.reports()
        for _ in range(4):
            assert [problem.path.text for problem in next(reports).problems] == ["2.MP4"]
            times.append(dock.office.clock())
    pauses = [later - earlier for earlier, later in zip([begun, *times], times, strict=False)]

    assert all(pause >= RETRY for pause in pauses[1:])
    assert pauses[3] > pauses[1]
    assert entries(dock.office, "MANIFESTED") == 4
    assert len(next(reports).secured) == 1
    assert faults(dock.office, {"DEMO-1": dock.folder}) == []


def test_clips_that_wait_for_the_store_go_on_without_a_new_file(dock: Dock) -> None:
    store = FaultyStore(dock.office.store, away=True)
    vars(dock.office)["store"] = store
    watcher = dock.until(lambda: len(dock.office.catalog.clips([DEPOSITED])) == 2)
    reports = watch_folder(dock.office, dock.folder, device="DEMO-1", watcher=watcher, stop=dock.stop)

    assert len(next(reports).waiting) == 2
    store.away = False

    assert list(reports) == []
    assert [shown.step for shown in dock.watched.shown].count(Step.DEPOSITED) == 2
    assert {clip.state for clip in dock.office.catalog.clips()} == {"deposited"}


def test_a_person_may_take_a_card_in_beside_it(dock: Dock, tmp_path: Path) -> None:
    """The spool is held only while something is read; a folder whose turn it is not is told to wait and comes again."""
    beside = opened(dock.office.home)
    lock = beside.spool.lock()
    lock.__enter__()

    def let_go(progress: Progress) -> None:
        dock.watched(progress)
        if progress.step is Step.WAITING and len(dock.watched.shown) == 2:
            lock.__exit__(None, None, None)

    report = next(watch_folder(dock.office, dock.folder, device="DEMO-1", watcher=let_go))

    assert "the spool is in use by process" in dock.watched.shown[0].reason
    assert len(report.secured) == 2
    card = fill(tmp_path / "card", {b"3.MP4": b"three"})
    assert len(beside.pipeline().ingest(card, device="DEMO-2").secured) == 1
