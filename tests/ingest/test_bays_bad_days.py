"""
Bad days of a dock: a refusal nobody can record, a card that cannot be written to, a witness that is away while half is cleared.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.board import Status
from ingest.mount import Mounted
from ingest.usb import Volume
from storage import witnesses
from storage.errors import NotMounted, StorageUnavailable
from storage.evidence import Kind
from storage.identity import found_again
from storage.ledger.administrators import Witness
from storage.ledger.feeding import feed
from storage.ledger.witnessing import Witness as AtWork
from storage.stations import Stations
from tests.crashes.offices import fill, footage, founded
from tests.docksides import KEYBOARD, STORAGE, Bus, Folders, docks_running
from tests.ingest.clearable import AT_ONCE
from tests.ingest.test_bays_leaving import bodies, shown_after
from tests.yihu.commanding import witness_for
from yihu.wiring import Office

BAY, OTHER = "platform-dummy_hcd.0-usb:1", "platform-dummy_hcd.1-usb:1"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with two clips."""
    return fill(tmp_path / "card", footage(2))


@dataclass(slots=True)
class Counted(Folders):
    """Remembers what was mounted."""

    mounted: list[str] = field(default_factory=list)

    @contextmanager
    def for_reading(self, volume: Volume) -> Iterator[Mounted]:
        """See `ingest.mount.Mounting`."""
        self.mounted.append(volume.sysfs)
        with Folders.for_reading(self, volume) as mounted:
            yield mounted


def test_what_is_refused_stays_refused_and_unmounted_where_that_cannot_be_recorded(
    office: Office, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: object) -> None:
        message = "database: away"
        raise StorageUnavailable(message)

    monkeypatch.setattr(Stations, "refused", away)
    mounting = Counted()
    with docks_running(office, Bus(mounting), again_every=timedelta(milliseconds=50)) as docks:
        disguised = docks.bus.plug(BAY, card, classes=(STORAGE, KEYBOARD))
        assert docks.becomes(Status.REFUSED, BAY).error == "mixed-classes"

        assert shown_after(docks, docks.program.board.picture().number, BAY) == []
        docks.bus.plug(OTHER, card)
        docks.becomes(Status.SAFE, OTHER)

    assert disguised.volumes[0].sysfs not in mounting.mounted


def test_a_dock_whose_housekeeping_breaks_ends_and_says_why(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_stations: Stations, **_named: object) -> None:
        message = "nobody foresaw this"
        raise RuntimeError(message)

    def run() -> bool:
        with docks_running(office) as docks, monkeypatch.context() as patched:
            patched.setattr(Stations, "flush", broken)
            return docks.program.stop.wait(30)

    with pytest.raises(RuntimeError, match="nobody foresaw this"):
        run()


@pytest.fixture
def clearing(tmp_path: Path) -> Iterator[tuple[Office, AtWork]]:
    """An office that clears cameras at once, and its witness, which nobody can reach."""
    made = founded(tmp_path / "office", *AT_ONCE)
    at_work = witness_for(made, tmp_path / "court")
    log = found_again(made.index_key, Kind.LOG, made.log.origin)
    known = Witness("court", at_work.key, "court-of-the-county", url="http://127.0.0.1:9")
    made.custody.record(witnesses.added(known, log=log, actor=made.operator))
    made.custody.record(witnesses.quorum_set(witnesses.Quorum(least=1), log=log, actor=made.operator))
    yield made, at_work
    made.engine.dispose()


def held(office: Office, at_work: AtWork) -> None:
    """Have the witness hold everything that was recorded so far."""
    office.log.checkpoint()
    for one in office.log.anchors.witnesses():
        feed(office.log, one, lambda body: at_work.add_checkpoint(body.encode()))


def test_what_was_removed_is_not_missed_when_the_rest_is_tried_again(clearing: tuple[Office, AtWork], card: Path) -> None:
    office, at_work = clearing
    with docks_running(office, again_every=timedelta(hours=1)) as docks:
        docks.bus.plug(BAY, card, serial="BWC-0001")
        assert docks.becomes(Status.SAFE, BAY).error == "clear-no-witness"
    held(office, at_work)
    newer = card / "DCIM" / "100MEDIA" / "LATER.MP4"
    newer.parent.mkdir(exist_ok=True, parents=True)
    newer.write_bytes(b"recorded on the next day" * 100)
    with docks_running(office, again_every=timedelta(milliseconds=50)) as docks:
        docks.bus.plug(BAY, card, serial="BWC-0001")
        docks.until(lambda bay: bay.error == "clear-not-anchored", BAY)
        shown_after(docks, docks.program.board.picture().number, BAY)

        assert docks.program.board.bay(BAY).error == "clear-not-anchored"

    assert [body["left"] for body in bodies(office, "CLEARED")] == [{}]
    assert [path.name for path in card.rglob("*.MP4")] == ["LATER.MP4"]


class WriteProtected(Folders):
    """A card whose switch is set."""

    @contextmanager
    def for_clearing(self, volume: Volume) -> Iterator[Mounted]:
        """See `ingest.mount.Mounting`."""
        if volume.sysfs in self.cards:
            message = f"{volume.node}: Read-only file system: it is write-protected"
            raise NotMounted(message)
        yield Mounted(self.cards[volume.sysfs], "")


def test_a_card_that_cannot_be_written_to_is_safe_and_says_so(clearing: tuple[Office, AtWork], card: Path) -> None:
    office, at_work = clearing
    with docks_running(office) as docks:
        docks.bus.plug(BAY, card, serial="BWC-0001")
        docks.until(lambda bay: bay.error == "clear-no-witness", BAY)
    held(office, at_work)
    with docks_running(office, Bus(WriteProtected())) as docks:
        docks.bus.plug(BAY, card, serial="BWC-0001")
        shown = docks.until(lambda bay: bay.error != "" and bay.status is not Status.CLEARING, BAY)

    assert (shown.status, shown.error) == (Status.SAFE, "clear-unremovable")
    assert len(list(card.rglob("*.MP4"))) == 2
