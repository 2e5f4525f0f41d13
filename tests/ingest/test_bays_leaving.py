"""
What leaves a bay: how it is shown, and how the docking is recorded to have ended.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.board import Status
from ingest.mount import Mounted
from ingest.usb import Vanished, Volume
from storage.custody import Custody
from storage.database import reading
from storage.errors import SourceChanged, StorageUnavailable
from storage.evidence import Entry, Recorded
from storage.schema import history
from tests.crashes.offices import fill, footage
from tests.docksides import Bus, Folders, Running, docks_running
from yihu.dock_crew import OfficeCrew
from yihu.wiring import Office

BAY = "platform-dummy_hcd.0-usb:1"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with two clips."""
    return fill(tmp_path / "card", footage(2))


def bodies(office: Office, type_: str) -> list[dict[str, Any]]:
    """The bodies of all entries of a type, in order."""
    with reading(office.engine) as connection:
        found = history.select().with_only_columns(history.c.seq).where(history.c.type == type_).order_by(history.c.seq)
        return [json.loads(office.log.leaf(seq))["body"] for seq in connection.scalars(found)]


def shown_after(docks: Running, number: int, bay: str, seconds: float = 1) -> list[Status]:
    """What a bay shows after change *number*, for so long."""
    end = time.monotonic() + seconds
    seen = []
    while (left := end - time.monotonic()) > 0:
        for change in docks.program.board.after(number, timedelta(seconds=left)):
            number = change.number
            shown = getattr(change, "bay", None)
            seen += [shown.status] if shown is not None and shown.name == bay else []
    return seen


class GoneWhileRead(Folders):
    """A camera that is gone before it was read."""

    @contextmanager
    def for_reading(self, volume: Volume) -> Iterator[Mounted]:
        """See `ingest.mount.Mounting`."""
        with super().for_reading(volume) as mounted:
            if volume.sysfs in self.cards:
                message = f"{volume.node}: is gone"
                raise SourceChanged(message)
            yield mounted


def test_that_a_camera_was_pulled_too_early_stays_shown_after_its_device_is_gone_too(office: Office, card: Path) -> None:
    with docks_running(office, Bus(GoneWhileRead())) as docks:
        camera = docks.bus.plug(BAY, card)
        docks.becomes(Status.FAILED, BAY)
        number = docks.program.board.picture().number
        camera.pull()

        assert set(shown_after(docks, number, BAY)) == {Status.FAILED}
        assert docks.program.board.bay(BAY).error == "pulled-early"


def test_a_docking_at_which_not_all_was_taken_in_did_not_end_as_safe(office: Office, card: Path) -> None:
    (card / "DCIM" / "elsewhere").symlink_to("/etc")
    with docks_running(office) as docks:
        camera = docks.bus.plug(BAY, card)
        assert docks.becomes(Status.FAILED, BAY).error == "not-all-taken-in"
        camera.pull()
        docks.becomes(Status.IDLE, BAY)

    assert [body["how"] for body in bodies(office, "UNDOCKED")] == ["early"]


def test_a_docking_that_broke_off_before_its_card_was_listed_ends_too(
    office: Office, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Custody.record

    def pulled_then(self: Custody, entry: Entry) -> Recorded:
        recorded = record(self, entry)
        if entry.type == "DOCKED":
            card.rename(card.with_name("pulled"))
        return recorded

    monkeypatch.setattr(Custody, "record", pulled_then)
    with docks_running(office) as docks:
        camera = docks.bus.plug(BAY, card)
        docks.becomes(Status.FAILED, BAY)
        camera.pull()
        docks.until(lambda bay: bay.error == "pulled-early", BAY)

    assert [body["how"] for body in bodies(office, "UNDOCKED")] == ["early"]


def test_the_end_of_a_docking_is_recorded_once_the_database_is_back(
    office: Office, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Custody.record
    refused: list[Entry] = []

    def away_once(self: Custody, entry: Entry) -> Recorded:
        if entry.type == "UNDOCKED" and not refused:
            refused.append(entry)
            message = "database: away"
            raise StorageUnavailable(message)
        return record(self, entry)

    monkeypatch.setattr(Custody, "record", away_once)
    with docks_running(office, again_every=timedelta(milliseconds=50)) as docks:
        camera = docks.bus.plug(BAY, card)
        docks.becomes(Status.SAFE, BAY)
        camera.pull()
        docks.becomes(Status.IDLE, BAY)
        number = docks.program.board.picture().number

        assert shown_after(docks, number, BAY) == []

    assert refused
    assert [body["how"] for body in bodies(office, "UNDOCKED")] == ["safe"]


def test_a_card_that_is_taken_out_beside_another_ends_its_own_docking(office: Office, tmp_path: Path) -> None:
    cards = [fill(tmp_path / name, footage(1)) for name in ("left", "right")]
    with docks_running(office) as docks:
        reader = docks.bus.plug(BAY, *cards)
        docks.until(lambda bay: bay.status is Status.SAFE and len(bodies(office, "MANIFESTED")) == 2, BAY)
        docks.bus.told.put(Vanished(reader.volumes[0]))
        end = time.monotonic() + 30
        while not bodies(office, "UNDOCKED") and time.monotonic() < end:
            shown_after(docks, docks.program.board.picture().number, BAY, seconds=0.1)
        assert docks.program.board.bay(BAY).status is Status.SAFE

    assert [body["how"] for body in bodies(office, "UNDOCKED")] == ["safe", "stopped"]


def test_a_bay_is_safe_in_the_end_where_nobody_could_tell_who_carried_the_camera_at_first(
    office: Office, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing, asked = OfficeCrew.standing, []

    def away_once(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - those of `Crew.standing`
        asked.append(given)
        if len(asked) == 1:
            message = "database: away"
            raise StorageUnavailable(message)
        return standing(*given, **named)

    monkeypatch.setattr(OfficeCrew, "standing", away_once)
    with docks_running(office) as docks:
        docks.bus.plug(BAY, card)
        docks.becomes(Status.FAILED, BAY)
        docks.becomes(Status.SAFE, BAY)

    assert len(bodies(office, "DOCKED")) == 1


def test_a_volume_that_is_no_card_hides_no_card_beside_it(office: Office, card: Path, tmp_path: Path) -> None:
    tools = fill(tmp_path / "tools", {b"setup/readme.txt": b"of the maker"})
    with docks_running(office) as docks:
        docks.bus.plug(BAY, tools, card)
        docks.until(lambda bay: bay.status is Status.REFUSED and office.catalog.counts().get("deposited") == 2, BAY)

    assert len(bodies(office, "DEVICE_REFUSED")) == 1


def test_a_camera_with_a_bad_contact_fills_no_ledger_and_is_read_once_it_stays(office: Office, card: Path) -> None:
    with docks_running(office) as docks:
        for _ in range(5):
            camera = docks.bus.plug(BAY, card)
            docks.becomes(Status.SAFE, BAY)
            camera.pull()
            docks.becomes(Status.IDLE, BAY)
        for _ in range(5):
            docks.bus.plug(BAY, card).pull()
            docks.until(lambda bay: bay.error == "pulled-early", BAY)
        assert len(bodies(office, "DOCKED")) == 5
        docks.bus.plug(BAY, card)
        docks.becomes(Status.SAFE, BAY)

    assert len(bodies(office, "DOCKED")) == 6
    assert len(bodies(office, "UNDOCKED")) == 6
