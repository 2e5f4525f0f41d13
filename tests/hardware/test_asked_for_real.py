"""Cameras that are no disks, at the bays of the service: over MTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.hardware.dock import Dock
from tests.hardware.functions import PLACE, mtp_camera
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
