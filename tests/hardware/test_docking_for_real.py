"""``yihu dock`` with cables: cameras come, are read, and are pulled when nobody expects it."""

from __future__ import annotations

import random

import pytest

from tests.hardware.dock import Dock

pytestmark = [pytest.mark.hardware, pytest.mark.timeout(900)]

MIB = 1 << 20


@pytest.mark.full  # the service takes four from plug to cleared in every run
def test_four_cameras_at_once_are_taken_in_with_nobody_touching_anything(dock: Dock) -> None:
    """Four makers, three file systems, with and without a partition table; not a bit of their cards is another afterwards."""
    office = dock.office()
    cards = [
        dock.card("vfat", profile="generic-dcim", files={"DCIM/100MEDIA/LONG.MP4": 4 * MIB}),
        dock.card("exfat", profile="gopro", partitioned=True),
        dock.card("vfat", profile="generic-officer-names", partitioned=True),
        dock.card("ext4", profile="garmin"),
    ]
    before = [card.digest() for card in cards]

    with office.docking() as running:
        cameras = [dock.plug(card, wait=False) for card in cards]
        bays = [running.bay(camera) for camera in cameras]
        for camera in cameras:
            camera.pull()

    assert [bay["status"] for bay in bays] == ["safe"] * 4
    assert len({bay["profile"] for bay in bays}) == 4
    assert [card.digest() for card in cards] == before
    office.has_taken_in(*cards)


def test_cameras_pulled_at_random_moments_lose_nothing(dock: Dock, request: pytest.FixtureRequest) -> None:
    """Before it is read, in the middle of a file, while it is proved: plugged in again, it goes on."""
    times = 30 if request.config.getoption("--full") else 3
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    draw = random.Random(seed)
    office = dock.office()
    card = dock.card(
        "vfat", profile="generic-dcim", files={f"DCIM/100MEDIA/{n:04}.MP4": 8 * MIB for n in range(6)}, mebibytes=80
    )
    before = card.digest()

    with office.docking() as running:
        camera = dock.plug(card, wait=False)
        for _ in range(times):
            running.watch(draw.uniform(0.2, 5.0))
            camera.pull()
            running.watch(draw.uniform(0.0, 1.0))
            camera.put_back()
        running.until(lambda bay: bay["status"] == "safe")

    assert card.digest() == before
    office.has_taken_in(card)


def test_a_card_with_bad_sectors_gives_what_can_be_read_and_is_not_called_safe(dock: Dock) -> None:
    office = dock.office()
    files = {f"DCIM/100MEDIA/{number:04}.MP4": 4 * MIB for number in range(5)}
    card = dock.card(files=files)

    with office.docking() as running:
        bay = running.bay(dock.plug(card, bad=((18 * MIB) // 512, 64), wait=False))

    assert bay["status"] == "failed"
    assert bay["problems"] == 1
    assert len(office.stock()) == 4


def test_what_is_no_camera_is_refused_and_never_mounted(dock: Dock) -> None:
    """A keyboard, and a stick on which nothing says that it is a camera."""
    office = dock.office()
    stick = dock.card(files={"letter.docx": 2000})
    before = stick.digest()

    with office.docking() as running:
        bay = running.bay(dock.plug(stick, wait=False))
        dock.guest.machine.ask("device_add", driver="usb-kbd", id="keyboard", bus="xhci.0")
        keyboard = running.until(lambda bay: bay["error"] == "not-a-camera")
        dock.guest.machine.ask("device_del", id="keyboard")

    assert (bay["status"], bay["error"]) == ("refused", "no-profile")
    assert keyboard["status"] == "refused"
    assert stick.digest() == before
    assert office.stock() == []
