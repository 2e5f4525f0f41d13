"""
A bay clears a camera once both proofs are there, and never before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingest.board import Status
from ingest.mount import Mounted
from ingest.usb import Volume
from storage import witnesses
from storage.errors import NotMounted, SourceChanged
from storage.evidence import Kind
from storage.identity import found_again
from storage.ledger.administrators import Witness
from tests.crashes.offices import fill, footage, founded
from tests.docksides import Bus, Folders, docks_running
from tests.ingest.clearable import AT_ONCE
from tests.yihu.commanding import served, witness_for
from yihu.web import Server
from yihu.wiring import Office

BAY = "platform-dummy_hcd.0-usb:1"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office that clears cameras at once, in a folder it trusts."""
    made = founded(tmp_path / "office", *AT_ONCE)
    yield made
    made.engine.dispose()


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with three clips, and a file that is none."""
    return fill(tmp_path / "card", {**footage(3), b"System Volume Information/IndexerVolumeGuid": b"not ours"})


def recordings(card: Path) -> list[Path]:
    """What is left of the clips."""
    return sorted(card.rglob("*.MP4"))


def witnessed(office: Office, place: Path) -> tuple[object, str]:
    """A witness outside the office, known by its key; it answers on loopback once it is served."""
    at_work = witness_for(office, place)
    return at_work, at_work.key.vkey


def know(office: Office, at_work: object, server: Server) -> None:
    """Have the office know who cosigns, and ask for one of them."""
    key = at_work.key  # type: ignore[attr-defined]
    log = found_again(office.index_key, Kind.LOG, office.log.origin)
    known = Witness("court", key, "court-of-the-county", url=server.url)
    office.custody.record(witnesses.added(known, log=log, actor=office.operator))
    office.custody.record(witnesses.quorum_set(witnesses.Quorum(least=1), log=log, actor=office.operator))


def test_a_camera_goes_from_plug_to_cleared_with_nobody_touching_a_keyboard(office: Office, card: Path, tmp_path: Path) -> None:
    at_work = witness_for(office, tmp_path / "court")
    with served(at_work) as server:
        know(office, at_work, server)
        with docks_running(office) as docks:
            camera = docks.bus.plug(BAY, card, serial="BWC-0001")
            docks.becomes(Status.CLEARED, BAY)
            camera.pull()
            docks.becomes(Status.IDLE, BAY)

    assert recordings(card) == []
    assert (card / "System Volume Information" / "IndexerVolumeGuid").exists()
    assert len(list((office.home / "receipts").iterdir())) == 1
    assert {clip.state for clip in office.catalog.clips()} == {"deposited"}


def refuse_to_write(volume: Volume) -> None:
    """Say what the kernel says of a card that is write-protected."""
    message = f"{volume.node}: it is write-protected"
    raise NotMounted(message)


class WriteProtected(Folders):
    """Cards with the little switch down."""

    @contextmanager
    def for_clearing(self, volume: Volume) -> Iterator[Mounted]:
        """See `ingest.mount.Mounting`."""
        with self.for_reading(volume) as mounted:
            refuse_to_write(volume)
            yield mounted


class PulledAtTheEnd(Folders):
    """Cards that are pulled when all is done and written to the ledger, before they are let go of."""

    @contextmanager
    def for_clearing(self, volume: Volume) -> Iterator[Mounted]:
        """See `ingest.mount.Mounting`."""
        with super().for_clearing(volume) as mounted:
            yield mounted
        message = f"{volume.node}: is gone"
        raise SourceChanged(message)


def test_a_card_that_cannot_be_written_to_is_safe_all_the_same(office: Office, card: Path, tmp_path: Path) -> None:
    at_work = witness_for(office, tmp_path / "court")
    with served(at_work) as server:
        know(office, at_work, server)
        with docks_running(office, Bus(WriteProtected())) as docks:
            docks.bus.plug(BAY, card, serial="BWC-0001")
            shown = docks.becomes(Status.SAFE, BAY)

    assert (shown.error, shown.reason) == ("clear-unremovable", "/dev/sample10: it is write-protected")
    assert len(recordings(card)) == 3


def test_a_clearing_has_its_receipt_also_where_the_camera_is_pulled_at_once(office: Office, card: Path, tmp_path: Path) -> None:
    at_work = witness_for(office, tmp_path / "court")
    with served(at_work) as server:
        know(office, at_work, server)
        with docks_running(office, Bus(PulledAtTheEnd())) as docks:
            docks.bus.plug(BAY, card, serial="BWC-0001")
            docks.becomes(Status.FAILED, BAY)

    assert recordings(card) == []
    assert len(list((office.home / "receipts").iterdir())) == 1


def test_nothing_is_cleared_while_nobody_outside_holds_the_ledger(office: Office, card: Path) -> None:
    with docks_running(office) as docks:
        docks.bus.plug(BAY, card, serial="BWC-0001")
        shown = docks.becomes(Status.SAFE, BAY)

    assert shown.error == "clear-no-witness"
    assert len(recordings(card)) == 3


def test_a_witness_that_comes_later_is_waited_for_while_the_camera_is_there(office: Office, card: Path, tmp_path: Path) -> None:
    at_work = witness_for(office, tmp_path / "court")
    with served(at_work) as server:
        know(office, at_work, server)
    with docks_running(office) as docks:
        docks.bus.plug(BAY, card, serial="BWC-0001")
        assert docks.becomes(Status.SAFE, BAY).error == "clear-no-witness"
        assert len(recordings(card)) == 3
        with served(at_work) as server:
            know_again(office, at_work, server)
            docks.becomes(Status.CLEARED, BAY)

    assert recordings(card) == []


def know_again(office: Office, at_work: object, server: Server) -> None:
    """The witness answers under another address now."""
    log = found_again(office.index_key, Kind.LOG, office.log.origin)
    office.custody.record(witnesses.removed("court", log=log, actor=office.operator))
    know(office, at_work, server)


def test_the_folder_store_is_not_trusted_unless_somebody_says_so(tmp_path: Path, card: Path) -> None:
    office = founded(tmp_path / "careful", "", "[clear]", 'policy = "at-once"')
    at_work = witness_for(office, tmp_path / "court")
    with served(at_work) as server:
        know(office, at_work, server)
        with docks_running(office) as docks:
            docks.bus.plug(BAY, card, serial="BWC-0001")

            assert docks.becomes(Status.SAFE, BAY).error == "clear-store-untrusted"

    assert len(recordings(card)) == 3
    office.engine.dispose()


def test_a_camera_is_kept_as_it_is_where_the_office_says_nothing(tmp_path: Path, card: Path) -> None:
    office = founded(tmp_path / "silent")
    with docks_running(office) as docks:
        docks.bus.plug(BAY, card, serial="BWC-0001")

        assert docks.becomes(Status.SAFE, BAY).error == ""
        assert docks.bus.mounting.cleared == []

    assert len(recordings(card)) == 3
    office.engine.dispose()
