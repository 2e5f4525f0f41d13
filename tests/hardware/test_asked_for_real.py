"""Cameras that are no disks when they are put in, at the bays of the service: over MTP, and in login mode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.hardware.dock import Dock
from tests.hardware.functions import PLACE, PORT, mtp_camera, recorder
from tests.hardware.service import install, serving, uninstall

pytestmark = [pytest.mark.hardware, pytest.mark.full, pytest.mark.timeout(900)]


@pytest.fixture
def installing(dock: Dock) -> Iterator[Dock]:
    yield dock
    uninstall(dock.guest)


def test_a_camera_over_mtp_is_taken_in(installing: Dock) -> None:
    """By a process without any right of its own but the one to mount."""
    guest, office = installing.guest, install(installing.guest)
    guest.run("mkdir -p /srv/mtp/DCIM/100GOPRO")
    for number in range(3):
        guest.write(f"/srv/mtp/DCIM/100GOPRO/GX01000{number}.MP4", f"{number}".encode() * 300_000)
    digests = [guest.digest(f"/srv/mtp/DCIM/100GOPRO/GX01000{number}.MP4") for number in range(3)]

    with serving(guest) as service, mtp_camera(guest, "2672:0059", "/srv/mtp"):
        bay = service.until_at(PLACE, "safe", "refused", "failed")

    assert (bay["status"], bay["profile"]) == ("safe", "gopro"), bay
    assert Counter(office.stock()) == Counter(digests)
    office.yihu("verify")


def test_a_camera_in_login_mode_is_asked_unlocked_and_read(installing: Dock) -> None:
    """It comes back as a disk in the same bay, labelled with the id it told."""
    guest, office = installing.guest, install(installing.guest)
    office.yihu("camera", "password", "amba-4255-0001", stdin="654321\n")
    card = installing.card(profile="amba-4255-0001", label="A1B2C3D")

    with serving(guest) as service, recorder(guest) as locked:
        locked.program.until_line("unlocked")
        locked.pull()
        installing.plug(card, usb_id="4255:000f", port=PORT, wait=False)
        bay = service.until_at(PLACE, "safe", "refused", "failed")

    assert (bay["status"], bay["profile"], bay["camera"]) == ("safe", "amba-4255-0001", "A1B2C3D"), bay
    office.has_taken_in(card)
