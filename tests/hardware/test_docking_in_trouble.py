"""Docks where something is wrong: cameras that look alike, a store that goes away, cards and hubs that do not behave."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.hardware.dock import Card, Dock, Office
from tests.hardware.machine import GuestFailed
from tests.hardware.service import CLEARS, witnessed

pytestmark = [pytest.mark.hardware, pytest.mark.timeout(1800)]

MIB = 1 << 20
TOWER = """
name = "tower"
[[docks]]
name = "left"
at = ["{hub}"]
[[bays]]
name = "1"
ports = ["1"]
[[bays]]
name = "2"
ports = ["3"]
"""
HUB_CONTROLLER = "basename $(readlink -f /sys/bus/pci/drivers/xhci_hcd/0000*)"
LEDGER = """
import json
from pathlib import Path
from sqlalchemy import func, select
from storage.database import reading
from storage.schema import history
from yihu.wiring import Office
office = Office.open(Path("yihu.toml").resolve())
with reading(office.engine) as connection:
    last = connection.scalar(select(func.max(history.c.seq)))
leaves = [json.loads(office.log.leaf(seq)) for seq in range(last + 1)]
print(json.dumps([[leaf["type"], leaf["body"]] for leaf in leaves]))
"""


def bodies(office: Office, kind: str) -> list[dict[str, Any]]:
    """Return the bodies of the entries of one type."""
    return [body for type_, body in office.guest.python(LEDGER, directory=office.home).answer() if type_ == kind]


@pytest.mark.full
def test_two_cameras_of_one_serial_are_two_cameras(dock: Dock) -> None:
    office = dock.office()
    one = dock.card("vfat", profile="generic-dcim", files={"DCIM/100MEDIA/ONE.MP4": 1000})
    two = dock.card("vfat", profile="garmin", files={"DCIM/100MEDIA/TWO.MP4": 1000})

    with office.docking() as running:
        cameras = [dock.plug(card, serial="0000", wait=False) for card in (one, two)]
        bays = [running.bay(camera) for camera in cameras]

    assert [bay["status"] for bay in bays] == ["safe", "safe"]
    assert len({bay["camera"] for bay in bays}) == 2
    office.has_taken_in(one, two)


@pytest.mark.full
def test_a_card_that_is_write_protected_stays_as_it_is(dock: Dock) -> None:
    """It is safe all the same, and the bay says why nothing was removed."""
    office = dock.office(settings=CLEARS)
    card = dock.card("vfat", files={"DCIM/100MEDIA/0001.MP4": 1000})
    before = card.digest()

    with witnessed(office), office.docking() as running:
        camera = dock.plug(None, wait=False)
        medium = f"/sys/kernel/config/usb_gadget/{camera.name}/functions/mass_storage.0/lun.0"
        dock.guest.run(f"echo 1 >{medium}/ro && echo {card.image} >{medium}/file")
        bay = running.until(lambda bay: bay["status"] in {"safe", "failed", "cleared"})

    assert (bay["status"], bay["error"]) == ("safe", "clear-unremovable"), bay
    assert card.digest() == before
    office.has_taken_in(card)


@pytest.mark.full
def test_what_was_read_while_the_store_was_away_is_stored_later(dock: Dock) -> None:
    office = dock.office()
    card = dock.card("vfat", profile="generic-dcim")
    store = f"{office.home}/store"

    with office.docking() as running:
        dock.guest.run(f"mkdir -p {store} && mount --bind {store} {store} && mount -o remount,bind,ro {store}")
        dock.plug(card, wait=False)
        away = running.until(lambda bay: bay["status"] == "safe")
        dock.guest.run(f"umount {store}")
        back = running.until(lambda bay: bay["status"] == "safe" and not bay["error"])

    assert away["error"] == "stored-later"
    assert back["error"] == ""
    office.has_taken_in(card)


@pytest.mark.full
def test_a_hub_that_is_pulled_with_cameras_in_it_is_a_dock_that_is_gone(dock: Dock, tmp_path: Path) -> None:
    office = dock.office(settings='[dock]\nprofiles = "docks"\n')
    controller = dock.guest.run(HUB_CONTROLLER).out.strip()
    dock.guest.write(f"{office.home}/docks/tower.toml", TOWER.format(hub=f"pci-{controller}-usb:2"))
    cards = [dock.card("vfat", files={"DCIM/100MEDIA/ONE.MP4": 1000}), dock.card("vfat", files={"DCIM/100MEDIA/TWO.MP4": 1000})]

    with behind_hub(dock, tmp_path, dict(zip(("2.1", "2.3"), cards, strict=True))), office.docking() as running:
        seen: dict[str, str] = {}
        while seen != {"1": "safe", "2": "safe"}:
            bay = running.until(lambda bay: bay["status"] in {"safe", "failed", "refused"})
            seen[bay["name"]] = bay["status"]
        dock.guest.machine.ask("device_del", id="hub")
        running.job.until(lambda said: said.get("change", {}).get("alarm", {}).get("kind") == "dock-lost")

    assert [body["how"] for body in bodies(office, "DOCK_DETACHED")] == ["gone"]
    assert len(bodies(office, "DOCK_ATTACHED")) == 1
    office.has_taken_in(*cards)


@contextmanager
def behind_hub(dock: Dock, place: Path, cards: dict[str, Card]) -> Iterator[None]:
    """Plug a hub of QEMU's own in, and a disk of QEMU's own with each of *cards* behind it."""
    ask = dock.guest.machine.ask
    ask("device_add", driver="usb-hub", id="hub", bus="xhci.0", port="2")
    for port, card in cards.items():
        dock.guest.run(f"gzip -1 -c {card.image} >/srv/cards/packed")
        image, node = place / f"{port}.img", f"card-{port.replace('.', '-')}"
        image.write_bytes(gzip.decompress(dock.guest.read("/srv/cards/packed")))
        ask("blockdev-add", **{"driver": "raw", "node-name": node, "file": {"driver": "file", "filename": str(image)}})
        ask("device_add", driver="usb-storage", id=node, bus="xhci.0", port=port, drive=node, serial=node)
    try:
        yield
    finally:
        with suppress(GuestFailed):  # the test may have pulled it
            ask("device_del", id="hub")
