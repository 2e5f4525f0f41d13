"""
A camera that must be asked, at a bay: asked first, unlocked once, read as a volume, and given back.

The recorder answers through the real pyusb; nothing here was tried on a maker's camera.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.board import Status
from ingest.camera_login import CameraLogin
from ingest.dialects import Password
from storage.database import reading
from storage.schema import history
from tests.crashes.offices import fill, footage
from tests.docksides import Bus, Plugged, docks_running
from tests.ingest.asked import BC, desk
from tests.ingest.recorders import BcRecorder
from tests.ingest.usb_bus import Cable
from yihu.wiring import Office

BAY = "platform-dummy_hcd.0-usb:1"


def login_of(office: Office, cable: Cable, password: Password | None, *, sets_clock: bool = False) -> CameraLogin:
    """What opens cameras here, on a bus where only this one is."""
    return CameraLogin(desk(office, cable, password, sets_clock=sets_clock).asking, lambda _asked: None, office.dock.who)


def put_in(bus: Bus, cable: Cable) -> Plugged:
    """Put it in, in login mode."""
    return bus.plug(BAY, usb_id=cable.usb_id, classes=("ff0000",), number=cable.number)


def body_of(office: Office, type_: str) -> dict[str, Any]:
    """The body of the newest entry of a type."""
    with reading(office.engine) as connection:
        newest = history.select().with_only_columns(history.c.seq).where(history.c.type == type_)
        seq = connection.scalar(newest.order_by(history.c.seq.desc()).limit(1))
    assert seq is not None, f"no {type_}"
    found: dict[str, Any] = json.loads(office.log.leaf(seq))["body"]
    return found


def test_it_is_asked_unlocked_read_and_known_by_the_id_it_gave(office: Office, tmp_path: Path) -> None:
    card, cable, bus = fill(tmp_path / "card", footage(2)), Cable(BcRecorder()), Bus()
    with docks_running(office, bus, login=login_of(office, cable, BC)) as docks:
        put_in(bus, cable).pull()  # it leaves the bus by itself, and comes back as another
        bus.plug(BAY, card, usb_id="abcd:0001", label="A1B2C3D")
        shown = docks.becomes(Status.SAFE, BAY)

    assert (shown.camera, shown.profile) == ("A1B2C3D", "amba-4255-0001")
    docked = body_of(office, "DOCKED")
    assert (docked["asked"], docked["battery"], docked["usb"]) == ("bc-plus", 87, ["4255:0001", "abcd:0001"])
    assert docked["clock"]["raw"] == "20261124160007"


@pytest.mark.parametrize(("password", "fault"), [(None, "no-password"), (Password("999999"), "wrong-password")])
def test_who_may_not_open_it_is_told_so_and_it_is_recorded(office: Office, password: Password | None, fault: str) -> None:
    cable, bus = Cable(BcRecorder()), Bus()
    with docks_running(office, bus, login=login_of(office, cable, password)) as docks:
        put_in(bus, cable)

        assert docks.becomes(Status.REFUSED, BAY).error == fault

    assert body_of(office, "UNLOCK_REFUSED") == {"dialect": "bc-plus", "fault": fault, "profile": "amba-4255-0001"}
    assert cable.recorder.passwords_tried == (0 if password is None else 1)
    assert not cable.recorder.is_volume


def test_one_that_does_not_come_back_as_a_volume_is_told_of(office: Office) -> None:
    cable, bus = Cable(BcRecorder()), Bus()
    within = timedelta(seconds=1)
    with docks_running(office, bus, login=login_of(office, cable, BC), volume_within=within) as docks:
        put_in(bus, cable).pull()

        assert docks.becomes(Status.FAILED, BAY).error == "not-back-as-volume"
