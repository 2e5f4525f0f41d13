"""The unit of ``deploy/`` as an office installs it: an unprivileged user, one capability, and cameras all the same."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.hardware.dock import Dock
from tests.hardware.service import CLEARS, HOME, UNIT, install, serving, uninstall, was_cleared, witnessed

pytestmark = [pytest.mark.hardware, pytest.mark.timeout(900)]

MIB = 1 << 20
LITTER = {"System Volume Information/WPSettings.dat": 12}
"""What a desktop system left on a card; that is no recording."""


@pytest.fixture
def installing(dock: Dock) -> Iterator[Dock]:
    yield dock
    uninstall(dock.guest)


def test_the_service_takes_a_camera_in_as_an_unprivileged_user(installing: Dock) -> None:
    """And what it mounted is seen by nobody else."""
    dock, guest = installing, installing.guest
    office = install(guest)
    card = dock.card("vfat", profile="generic-dcim")
    before = card.digest()
    assert guest.run(f"systemd-analyze verify /etc/systemd/system/{UNIT}").err == ""

    with serving(guest) as service:
        camera = dock.plug(card)
        bay = service.until(camera, "safe", "refused", "failed")
        node = guest.run(
            f"stat -c '%U %G %a' {camera.volume}; udevadm info --query=property {camera.volume} | grep UDISKS_IGNORE"
        ).out
        who = guest.run(
            f"ps -o user= -p $(systemctl show -P MainPID {UNIT}); grep -c {HOME}/mounts /proc/mounts", code=1
        ).out.split()
        exposure = guest.run(f"systemd-analyze security --no-pager {UNIT} | tail -n 1").out

    assert bay["status"] == "safe", bay
    assert node.split() == ["root", "yihu", "640", "UDISKS_IGNORE=1"]
    assert who == ["yihu", "0"]
    assert float(exposure.split(":")[1].split()[0]) < 4.0, exposure
    assert card.digest() == before
    office.has_taken_in(card)


def test_four_cameras_are_taken_in_and_cleared_with_nobody_touching_a_keyboard(installing: Dock) -> None:
    """Two of them are pulled: one at any moment, the other while it is being cleared."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    draw = random.Random(seed)
    dock, office = installing, install(installing.guest, CLEARS)
    cards = [
        dock.card("vfat", profile="generic-dcim", files={f"DCIM/100MEDIA/{n:04}.MP4": 100_000 for n in range(8)} | LITTER),
        dock.card("exfat", profile="gopro", partitioned=True, files={"DCIM/100GOPRO/GX019999.MP4": 4 * MIB}),
        dock.card("vfat", profile="generic-officer-names", partitioned=True, files=LITTER),
        dock.card("exfat", profile="garmin"),
    ]

    with witnessed(office), serving(dock.guest) as service:
        cameras = [dock.plug(card, wait=False) for card in cards]
        in_clearing, at_any_time, *undisturbed = cameras
        service.hear_for(draw.uniform(0.2, 8.0))
        at_any_time.pull()
        service.hear_for(draw.uniform(0.0, 2.0))
        at_any_time.put_back()
        service.until(in_clearing, "clearing", "cleared")
        in_clearing.pull()
        service.hear_for(draw.uniform(0.0, 2.0))
        in_clearing.put_back()
        service.until_at_rest(cameras)

    assert {service.bay(camera)["status"] for camera in undisturbed} == {"cleared"}
    assert len({service.bay(camera)["profile"] for camera in cameras}) == 4
    was_cleared(office, *cards)
