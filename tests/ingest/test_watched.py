"""A watched folder gives each version of a file once it has settled, whatever the kernel tells or forgets to tell."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from watchdog.events import DirCreatedEvent, FileDeletedEvent, FileModifiedEvent, FileMovedEvent, FileSystemEvent
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from ingest.cards import Card, ClaimKind, DeviceClaim
from ingest.watched import WatchedFolder, polling_observer
from storage.errors import SourceChanged, StorageUnavailable
from storage.evidence import DevicePath

QUIET = timedelta(seconds=10)
RESCAN = timedelta(minutes=5)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def go(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Office:
    """A folder, its watcher and its clock; nothing is observed, so every hint comes from the test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = Clock()
        self.card = Card(root, DeviceClaim(ClaimKind.FOLDER, str(root)))
        self.folder = WatchedFolder(self.card, clock=self.clock, quiet=QUIET, rescan=RESCAN)

    def hint(self, event: type[FileSystemEvent], path: str, target: str | None = None) -> None:
        self.folder._hints.on_any_event(event(str(self.root / path), str(self.root / target) if target else ""))

    def turn(self) -> list[str]:
        return [os.fsdecode(path.raw) for path in self.folder.turn()]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.card.close()


def test_files_that_were_there_before_are_found(office: Office) -> None:
    (office.root / "b.mp4").write_bytes(b"1")
    (office.root / "a.mp4").write_bytes(b"1")
    assert office.turn() == []

    office.clock.go(10)

    assert office.turn() == ["a.mp4", "b.mp4"]
    assert office.turn() == []


def test_a_hint_begins_the_wait(office: Office) -> None:
    office.turn()
    (office.root / "a.mp4").write_bytes(b"1")
    office.hint(FileModifiedEvent, "a.mp4")
    assert office.turn() == []

    office.clock.go(10)

    assert office.turn() == ["a.mp4"]


def test_growth_that_nobody_reported_is_seen_before_a_file_is_given(office: Office) -> None:
    file = office.root / "a.mp4"
    file.write_bytes(b"1")
    office.turn()
    office.clock.go(10)
    file.write_bytes(b"12")
    assert office.turn() == []

    office.clock.go(10)

    assert office.turn() == ["a.mp4"]


def test_what_no_hint_told_of_is_found_by_the_rescan(office: Office) -> None:
    office.turn()
    (office.root / "a.mp4").write_bytes(b"1")
    office.clock.go(299)
    assert office.turn() == []

    office.clock.go(1)
    assert office.turn() == []
    office.clock.go(10)

    assert office.turn() == ["a.mp4"]


def test_a_clock_that_steps_back_asks_for_a_rescan_and_loses_nothing(office: Office) -> None:
    office.turn()
    (office.root / "a.mp4").write_bytes(b"1")
    office.clock.go(-86_400)
    assert office.turn() == []

    office.clock.go(10)

    assert office.turn() == ["a.mp4"]


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
def test_a_file_that_vanished_is_not_given(office: Office, told: bool) -> None:  # noqa: FBT001
    (office.root / "a.mp4").write_bytes(b"1")
    office.turn()
    (office.root / "a.mp4").unlink()
    if told:
        office.hint(FileDeletedEvent, "a.mp4")
    office.clock.go(10)

    assert office.turn() == []


@pytest.mark.parametrize(
    "exchange",
    [lambda path: path.mkdir(), lambda path: path.symlink_to("/etc/hostname"), os.mkfifo],
    ids=["folder", "link", "FIFO"],
)
def test_a_file_that_became_something_else_is_not_given(office: Office, exchange: Callable[[Path], object]) -> None:
    (office.root / "a.mp4").write_bytes(b"1")
    office.turn()
    (office.root / "a.mp4").unlink()
    exchange(office.root / "a.mp4")
    office.clock.go(10)

    assert office.turn() == []


def test_a_folder_that_arrived_whole_is_looked_into(office: Office, tmp_path_factory: pytest.TempPathFactory) -> None:
    office.turn()
    card = tmp_path_factory.mktemp("elsewhere") / "card"
    (card / "DCIM").mkdir(parents=True)
    (card / "DCIM" / "a.mp4").write_bytes(b"1")
    shutil.move(card, office.root / "card")
    office.hint(DirCreatedEvent, "card")
    office.turn()
    office.clock.go(10)

    assert office.turn() == ["card/DCIM/a.mp4"]


def test_a_renamed_file_is_given_by_its_new_name_only(office: Office) -> None:
    (office.root / "a.part").write_bytes(b"1")
    office.turn()
    (office.root / "a.part").rename(office.root / "a.mp4")
    office.hint(FileMovedEvent, "a.part", "a.mp4")
    office.clock.go(5)
    office.turn()
    office.clock.go(10)

    assert office.turn() == ["a.mp4"]


def test_a_file_that_changed_after_it_was_given_is_given_again(office: Office) -> None:
    file = office.root / "a.mp4"
    file.write_bytes(b"1")
    office.turn()
    office.clock.go(10)
    assert office.turn() == ["a.mp4"]

    file.write_bytes(b"12")
    office.hint(FileModifiedEvent, "a.mp4")
    office.turn()
    office.clock.go(10)

    assert office.turn() == ["a.mp4"]


def test_a_file_of_which_nothing_came_can_be_had_again(office: Office) -> None:
    (office.root / "a.mp4").write_bytes(b"1")
    office.turn()
    office.clock.go(10)
    office.turn()

    office.folder.again([DevicePath(b"a.mp4")])

    assert office.turn() == ["a.mp4"]


def test_a_folder_that_is_gone_ends_the_watch_with_a_reason(office: Office) -> None:
    office.turn()
    office.root.rmdir()
    office.folder._hints.on_any_event(FileDeletedEvent(str(office.root)))
    office.turn()

    with pytest.raises(SourceChanged, match="is gone"):
        office.turn()


@pytest.mark.parametrize(
    "observe", [Observer, lambda: polling_observer(timedelta(milliseconds=20))], ids=["inotify", "polling"]
)
def test_a_real_observer_wakes_a_waiting_watcher(tmp_path: Path, observe: Callable[[], BaseObserver]) -> None:
    root = tmp_path / "watched"
    root.mkdir()
    name = "现场 \udcff.mp4"  # as the camera wrote it, in no encoding
    stop = threading.Event()
    settings = {"quiet": timedelta(0), "rescan": timedelta(days=1)}
    with (
        Card(root, DeviceClaim(ClaimKind.FOLDER, str(root))) as card,
        WatchedFolder(card, clock=lambda: datetime.now(UTC), observer=observe(), **settings) as folder,
    ):
        assert folder.turn() == ()
        (tmp_path / "a.part").write_bytes(b"1")
        (tmp_path / "a.part").rename(root / name)

        batch = next(filter(None, folder.batches(stop)))

        assert batch == (DevicePath(os.fsencode(name)),)
        stop.set()
        folder.interrupt()
        assert list(folder.batches(stop)) == []


def test_a_polling_observer_is_not_caught_in_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    with (
        Card(tmp_path, DeviceClaim(ClaimKind.FOLDER, str(tmp_path))) as card,
        WatchedFolder(card, clock=Clock(), observer=polling_observer(timedelta(milliseconds=20))) as folder,
    ):
        assert folder.turn() == ()


def test_a_folder_that_cannot_be_watched_is_a_reason_to_try_again_later(tmp_path: Path) -> None:
    root = tmp_path / "watched"
    root.mkdir()
    with Card(root, DeviceClaim(ClaimKind.FOLDER, str(root))) as card:
        root.rmdir()

        with pytest.raises(StorageUnavailable, match="cannot be watched"), WatchedFolder(card, clock=Clock()):
            pass
