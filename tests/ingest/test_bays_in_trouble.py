"""
What goes wrong at a bay: a camera that is pulled, a store that is away, a program that is stopped, a camera nobody may read.

Nothing is lost, nothing is taken twice, and the bay says what a person has to do.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.board import Status
from ingest.mount import Mounted
from ingest.usb import Volume
from storage.database import reading
from storage.errors import SourceChanged, StorageUnavailable
from storage.schema import history
from tests.crashes.offices import fill, footage, founded, opened
from tests.docksides import Bus, Folders, docks_running
from yihu.wiring import Office

BAY, OTHER = "platform-dummy_hcd.0-usb:1", "platform-dummy_hcd.1-usb:1"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with four clips."""
    return fill(tmp_path / "card", footage(4))


def types(office: Office) -> list[str]:
    """The types of all entries, in order."""
    with reading(office.engine) as connection:
        return list(connection.scalars(history.select().with_only_columns(history.c.type).order_by(history.c.seq)))


def digests(office: Office) -> list[str]:
    """Digests of all clips that lie in the store."""
    return sorted(str(clip.sha256) for clip in office.catalog.clips() if clip.state == "deposited")


class PulledWhileRead(Folders):
    """A camera that goes while it is read, once."""

    was_pulled = False

    @contextmanager
    def for_reading(self, volume: Volume) -> Iterator[Mounted]:
        """See `ingest.mount.Mounting`."""
        with super().for_reading(volume) as mounted:
            yield mounted
        if not self.was_pulled:
            self.was_pulled = True
            message = f"{volume.node}: is gone"
            raise SourceChanged(message)


def test_a_camera_that_is_pulled_is_said_to_be_until_it_comes_again(office: Office, card: Path) -> None:
    bus = Bus(PulledWhileRead())
    with docks_running(office, bus, again_every=timedelta(hours=1)) as docks:
        camera = bus.plug(BAY, card, serial="BWC-0001")
        docks.becomes(Status.FAILED, BAY)
        camera.pull()
        docks.until(lambda bay: bay.error == "pulled-early", BAY)
        bus.plug(BAY, card, serial="BWC-0001")
        docks.becomes(Status.SAFE, BAY)

    assert len(digests(office)) == 4


def test_a_store_that_is_away_keeps_no_camera_waiting(office: Office, card: Path) -> None:
    """All of it is ours and may be taken out; it is stored once the store is back, without the camera."""
    store = office.home / office.settings.store.path
    store.write_bytes(b"no directory")
    with docks_running(office) as docks:
        camera = docks.bus.plug(BAY, card, serial="BWC-0001")
        shown = docks.becomes(Status.SAFE, BAY)
        camera.pull()
        docks.becomes(Status.IDLE, BAY)
        shutil.rmtree(card)
        store.unlink()
    # the next start, or the next minute, goes on without the camera
    assert office.pipeline().advance() == ()

    assert shown.error == "stored-later"
    assert len(digests(office)) == 4


def test_a_program_that_is_stopped_while_it_reads_goes_on_with_the_next_start(tmp_path: Path, card: Path) -> None:
    office = founded(tmp_path / "office")
    read = threading.Event()

    class Slow(Folders):
        @contextmanager
        def for_reading(self, volume: Volume) -> Iterator[Mounted]:
            with super().for_reading(volume) as mounted:
                read.set()
                yield mounted

    with docks_running(office, Bus(Slow())) as docks:
        docks.bus.plug(BAY, card, serial="BWC-0001")
        assert read.wait(30)
    office.engine.dispose()
    again = opened(tmp_path / "office")
    with docks_running(again) as docks:
        docks.bus.plug(BAY, card, serial="BWC-0001")
        docks.becomes(Status.SAFE, BAY)

    assert len(digests(again)) == 4
    assert types(again).count("SECURED") == 4
    again.engine.dispose()


def test_two_programs_do_not_run_the_docks_of_one_host(office: Office) -> None:
    with docks_running(office) as docks:
        docks.bus.caught_up.wait(30)
        with pytest.raises(StorageUnavailable, match="process"), docks_running(opened(office.home)):
            pass


def rules(text: str) -> tuple[str, ...]:
    """Lines of the settings about one bay."""
    return ("", f'[dock.ports."{BAY}"]', text)


def test_a_locked_bay_reads_nothing(tmp_path: Path, card: Path) -> None:
    office = founded(tmp_path / "office", *rules("locked = true"))
    with docks_running(office) as docks:
        docks.bus.plug(BAY, card)
        shown = docks.becomes(Status.REFUSED, BAY)
        docks.bus.plug(OTHER, card)
        docks.becomes(Status.SAFE, OTHER)

    assert (shown.error, shown.is_locked) == ("bay-locked", True)
    office.engine.dispose()


@pytest.mark.parametrize(("serial", "status"), [("BWC-0001", Status.SAFE), ("BWC-0002", Status.REFUSED)])
def test_a_bay_is_kept_for_one_camera(tmp_path: Path, card: Path, serial: str, status: Status) -> None:
    office = founded(tmp_path / "office", *rules('device = "abcd:0001/BWC-0001"'))
    with docks_running(office) as docks:
        docks.bus.plug(BAY, card, serial=serial)

        assert docks.becomes(status, BAY).error == ("" if status is Status.SAFE else "bay-kept")
    office.engine.dispose()


def test_an_office_that_admits_only_cameras_it_knows_mounts_no_other(tmp_path: Path, card: Path) -> None:
    office = founded(tmp_path / "office", "", "[dock]", 'admit = "known"', 'known = ["abcd:0001/BWC-0001"]')
    with docks_running(office) as docks:
        docks.bus.plug(BAY, card, serial="BWC-0001")
        docks.bus.plug(OTHER, card, serial="BWC-0002")
        docks.becomes(Status.SAFE, BAY)

        assert docks.becomes(Status.REFUSED, OTHER).error == "not-known"
    office.engine.dispose()
