"""
Cameras in login mode that come back, or do not: nobody is given back unread, and none is taken for another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.board import Status
from ingest.camera import Asked
from ingest.usb import UsbDevice
from storage.errors import SourceChanged
from tests.crashes.offices import fill, footage
from tests.docksides import Bus, docks_running
from tests.ingest.test_bays_leaving import GoneWhileRead, shown_after
from yihu.wiring import Office

BAY = "platform-dummy_hcd.0-usb:1"
LOCKED = "4255:0001"


@dataclass
class Opens:
    """Opens cameras of one kind, unless it is told a fault."""

    fault: str = ""
    is_another: bool = False
    """What comes back is another camera."""
    asked: list[str] = field(default_factory=list)
    given_back: list[str] = field(default_factory=list)

    @property
    def askable(self) -> frozenset[str]:
        return frozenset({LOCKED})

    def ask(self, device: UsbDevice) -> Asked | None:
        self.asked.append(device.sysfs)
        return Asked("bc-plus", device="A1B2C3D")

    def unlock(self, _device: UsbDevice, _asked: Asked) -> str:
        return self.fault

    def farewell(self, device: UsbDevice, _asked: Asked) -> None:
        if self.is_another:
            message = f"camera {device.usb_id}: says that it is another"
            raise SourceChanged(message)
        self.given_back.append(device.sysfs)


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with two clips."""
    return fill(tmp_path / "card", footage(2))


def test_why_a_camera_was_not_opened_stays_shown_as_long_as_it_is_there(office: Office) -> None:
    with docks_running(office, volume_within=timedelta(milliseconds=100), login=Opens("wrong-password")) as docks:
        docks.bus.plug(BAY, usb_id=LOCKED, classes=("ff0000",))
        docks.becomes(Status.REFUSED, BAY)

        assert shown_after(docks, docks.program.board.picture().number, BAY) == []


def test_a_camera_that_was_read_and_given_back_stays_safe(office: Office, card: Path) -> None:
    login = Opens()
    with docks_running(office, volume_within=timedelta(seconds=1), login=login) as docks:
        docks.bus.plug(BAY, usb_id=LOCKED, classes=("ff0000",)).pull()
        volume = docks.bus.plug(BAY, card)
        docks.becomes(Status.SAFE, BAY)
        volume.pull()
        docks.becomes(Status.IDLE, BAY)
        docks.bus.plug(BAY, usb_id=LOCKED, classes=("ff0000",))
        docks.becomes(Status.SAFE, BAY)

        assert shown_after(docks, docks.program.board.picture().number, BAY, seconds=2) == []
    assert len(login.given_back) == 1


def test_a_camera_that_was_pulled_before_it_was_read_is_opened_again_and_not_given_back(office: Office, card: Path) -> None:
    login = Opens()
    with docks_running(office, Bus(GoneWhileRead()), login=login) as docks:
        docks.bus.plug(BAY, usb_id=LOCKED, classes=("ff0000",)).pull()
        volume = docks.bus.plug(BAY, card)
        docks.becomes(Status.FAILED, BAY)
        volume.pull()
        docks.until(lambda bay: bay.error == "pulled-early", BAY)
        docks.bus.plug(BAY, usb_id=LOCKED, classes=("ff0000",))
        docks.becomes(Status.IDENTIFYING, BAY)

    assert login.given_back == []
    assert len(login.asked) == 2


def test_another_camera_that_comes_right_after_one_is_asked_itself(office: Office, card: Path) -> None:
    login = Opens(is_another=True)
    with docks_running(office, volume_within=timedelta(milliseconds=500), login=login) as docks:
        docks.bus.plug(BAY, usb_id=LOCKED, classes=("ff0000",)).pull()
        volume = docks.bus.plug(BAY, card)
        docks.becomes(Status.SAFE, BAY)
        volume.pull()
        docks.becomes(Status.IDLE, BAY)
        docks.bus.plug(BAY, usb_id=LOCKED, classes=("ff0000",)).pull()

        assert docks.becomes(Status.FAILED, BAY).error == "not-back-as-volume"
    assert len(login.asked) == 2


def test_a_camera_that_never_came_back_lends_its_name_to_nobody(office: Office, card: Path) -> None:
    with docks_running(office, volume_within=timedelta(milliseconds=200), login=Opens()) as docks:
        docks.bus.plug(BAY, usb_id=LOCKED, classes=("ff0000",)).pull()
        docks.until(lambda bay: bay.error == "not-back-as-volume", BAY)
        docks.bus.plug(BAY, card, serial="BWC-0002")

        assert docks.becomes(Status.SAFE, BAY).camera == "abcd:0001 BWC-0002"
