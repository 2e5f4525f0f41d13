"""
A bay takes whatever is put into it from plug to safe to remove, and says what it does.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ingest.board import AlarmKind, Status
from storage.database import reading
from storage.schema import history
from tests.crashes.offices import fill, footage
from tests.docksides import KEYBOARD, Bus, docks_running
from yihu.wiring import Office

BAY = "platform-dummy_hcd.0-usb:1"
OTHER = "platform-dummy_hcd.1-usb:1"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with three clips."""
    return fill(tmp_path / "card", footage(3))


def types(office: Office) -> list[str]:
    """The types of all entries, in order."""
    with reading(office.engine) as connection:
        return list(connection.scalars(history.select().with_only_columns(history.c.type).order_by(history.c.seq)))


def test_a_camera_goes_from_plug_to_safe_to_remove(office: Office, card: Path) -> None:
    with docks_running(office) as docks:
        camera = docks.bus.plug(BAY, card, serial="BWC-0001")
        shown = docks.becomes(Status.SAFE, BAY)
        camera.pull()
        docks.becomes(Status.IDLE, BAY)

    assert (shown.camera, shown.profile, shown.files_done, shown.problems) == ("abcd:0001 BWC-0001", "generic-dcim", 3, 0)
    assert office.catalog.counts()["deposited"] == 3
    assert types(office)[-1] == "UNDOCKED"


def test_the_same_camera_is_met_again_and_nothing_is_taken_twice(office: Office, card: Path) -> None:
    with docks_running(office) as docks:
        for _ in range(2):
            camera = docks.bus.plug(BAY, card, serial="BWC-0001")
            docks.becomes(Status.SAFE, BAY)
            camera.pull()
            docks.becomes(Status.IDLE, BAY)

    assert office.catalog.counts()["devices"] == 1
    assert types(office).count("SECURED") == 3


def test_cameras_in_all_bays_are_taken_in_side_by_side(office: Office, tmp_path: Path) -> None:
    bays = [f"platform-dummy_hcd.{number}-usb:1" for number in range(8)]
    with docks_running(office) as docks:
        for number, bay in enumerate(bays):
            docks.bus.plug(bay, fill(tmp_path / f"card-{number}", footage(4)), serial=f"BWC-{number}")
        for bay in bays:
            docks.becomes(Status.SAFE, bay)

    assert office.catalog.counts()["devices"] == 8
    assert office.catalog.counts()["deposited"] == 32


def test_two_cameras_with_the_same_serial_are_two_devices(office: Office, tmp_path: Path) -> None:
    with docks_running(office) as docks:
        docks.bus.plug(BAY, fill(tmp_path / "a", footage(1)), serial="123456", uuid="1111-1111")
        docks.becomes(Status.SAFE, BAY)
        docks.bus.plug(OTHER, fill(tmp_path / "b", footage(1)), serial="123456", uuid="2222-2222")
        docks.becomes(Status.SAFE, OTHER)

    assert office.catalog.counts()["devices"] == 2
    assert types(office).count("SECURED") == 2


@pytest.mark.parametrize(
    ("classes", "reason"),
    [((KEYBOARD,), "not-a-camera"), (("080650", KEYBOARD), "mixed-classes"), (("ff0000",), "unknown-device")],
    ids=["a keyboard", "a disk with a keyboard", "a vendor's device"],
)
def test_what_is_no_camera_is_refused_recorded_and_never_mounted(
    office: Office, card: Path, classes: tuple[str, ...], reason: str
) -> None:
    bus = Bus()
    with docks_running(office, bus) as docks:
        bus.plug(BAY, card, classes=classes)
        shown = docks.becomes(Status.REFUSED, BAY)

    assert shown.error == reason
    assert "DEVICE_REFUSED" in types(office)
    assert office.catalog.counts()["devices"] == 0


def test_a_stick_that_no_profile_knows_is_refused_and_rings(office: Office, tmp_path: Path) -> None:
    stick = fill(tmp_path / "stick", {b"letters/draft.doc": b"not footage"})
    with docks_running(office) as docks:
        plugged = docks.bus.plug(BAY, stick)
        shown = docks.becomes(Status.REFUSED, BAY)
        ringing = docks.program.board.picture().alarms
        plugged.pull()
        docks.becomes(Status.IDLE, BAY)

        assert docks.program.board.picture().alarms == tuple(a for a in ringing if a.kind is not AlarmKind.PROFILE_UNKNOWN)

    assert shown.error == "no-profile"
    assert AlarmKind.PROFILE_UNKNOWN in {alarm.kind for alarm in ringing}
    assert office.catalog.counts()["devices"] == 0


def test_a_camera_that_shows_no_volume_is_told_of(office: Office) -> None:
    with docks_running(office, volume_within=timedelta(milliseconds=300)) as docks:
        docks.bus.plug(BAY)

        assert docks.becomes(Status.FAILED, BAY).error == "no-volume"


def test_several_volumes_of_one_camera_are_all_taken_in(office: Office, tmp_path: Path) -> None:
    cards = [fill(tmp_path / name, footage(2)) for name in ("inside", "outside")]
    with docks_running(office) as docks:
        docks.bus.plug(BAY, *cards, serial="BWC-0001", uuid="1111-1111")
        docks.until(lambda bay: bay.status is Status.SAFE and office.catalog.counts()["deposited"] >= 2, BAY)
        docks.until(lambda bay: bay.status is Status.SAFE and types(office).count("MANIFESTED") == 2, BAY)

    assert types(office).count("DOCKED") == 2


def test_a_camera_that_was_in_before_the_program_started_is_taken_in(office: Office, card: Path) -> None:
    bus = Bus()
    bus.plug(BAY, card, serial="BWC-0001")
    with docks_running(office, bus) as docks:
        docks.becomes(Status.SAFE, BAY)

    assert "UNDOCKED" in types(office)
