"""
Virtual USB cameras: gadgets of the guest's own kernel, each on a virtual host controller that is one port of the dock.

Everything is done by writing into configfs, from this process: a shell that forks for every line takes seconds where the
processor is emulated.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CONFIG = Path("/sys/kernel/config/usb_gadget")
ENGLISH = "strings/0x409"
PATIENCE = 60.0

_plugging = threading.Lock()
_plugged: dict[str, Gadget] = {}


@dataclass(slots=True)
class Gadget:
    """A device that is or was plugged in."""

    place: Path
    port: int
    undo: list[list[str]] = field(default_factory=list)
    """What stands behind its medium, to be taken down again; last first."""

    @property
    def medium(self) -> Path:
        """The first medium."""
        return self.place / "functions/mass_storage.0/lun.0"


def plug(  # noqa: PLR0913 - what the tests may want to be otherwise
    name: str,
    images: list[str],
    *,
    usb_id: str,
    serial: str | None,
    manufacturer: str,
    product: str,
    port: int | None,
    slow: int,
    bad: list[int] | None,
    wait: bool,
) -> dict[str, Any]:
    """
    Plug in a storage device with one medium for each of *images*; an empty name is an empty slot.

    *slow*: milliseconds that every read of the first medium takes; *bad*: first sector and number of sectors that cannot be
    read. With *wait*, returns when udev is done with it.
    """
    gadget = Gadget(CONFIG / name, -1)
    first = _behind(gadget, name, images[0], slow, bad) if slow or bad else images[0]
    gadget.place.mkdir()
    vendor, _, model = usb_id.partition(":")
    _set(gadget.place, idVendor=f"0x{vendor}", idProduct=f"0x{model}", bcdUSB="0x0200", bcdDevice="0x0100")
    (gadget.place / ENGLISH).mkdir()
    _set(gadget.place / ENGLISH, manufacturer=manufacturer, product=product)
    if serial is not None:
        _set(gadget.place / ENGLISH, serialnumber=serial)
    _add_media(gadget.place, [first, *images[1:]], f"{manufacturer:8.8}{product:16.16}0100")
    _connect(gadget, port)
    _plugged[name] = gadget
    return {"port": gadget.port, "nodes": _nodes(gadget) if wait else []}


def pull(name: str) -> None:
    """Pull the cable without a word before."""
    _set(_plugged[name].place, UDC="")


def put_back(name: str) -> None:
    """Plug a device that was pulled in again, where it was."""
    gadget = _plugged[name]
    _set(gadget.place, UDC=f"dummy_udc.{gadget.port}")


def replug(name: str) -> dict[str, Any]:
    """Do the same, and return when udev is done with it."""
    put_back(name)
    gadget = _plugged[name]
    return {"port": gadget.port, "nodes": _nodes(gadget)}


def unplug(name: str) -> None:
    """Pull the cable, if it is in, and forget the device; its images stay."""
    gadget = _plugged.pop(name)
    if (gadget.place / "UDC").read_text().strip():
        _set(gadget.place, UDC="")
    for link in gadget.place.glob("configs/c.1/mass_storage.*"):
        link.unlink()
    for folder in (f"configs/c.1/{ENGLISH}", "configs/c.1"):
        (gadget.place / folder).rmdir()
    for medium in sorted(gadget.place.glob("functions/mass_storage.0/lun.*"))[1:]:
        medium.rmdir()
    for folder in ("functions/mass_storage.0", ENGLISH, "."):
        (gadget.place / folder).resolve().rmdir()
    for command in reversed(gadget.undo):
        subprocess.run(command, check=True)


def card_out(name: str) -> None:
    """Take the card out of a device that stays."""
    _set(_plugged[name].medium, forced_eject="1")


def card_in(name: str, image: str) -> None:
    """Put a card into a device that has none."""
    _set(_plugged[name].medium, file=image)


def plugged() -> list[str]:
    """Return the devices that are there, pulled or not."""
    return sorted(_plugged)


def ports(count: int) -> None:
    """Have *count* ports from now on; nothing may be plugged in."""
    for command in (["modprobe", "-r", "dummy_hcd"], ["modprobe", "dummy_hcd", f"num={count}"], ["udevadm", "settle"]):
        subprocess.run(command, check=True)


def _set(place: Path, **values: str) -> None:
    for name, value in values.items():
        (place / name).write_text(f"{value}\n")


def _add_media(place: Path, images: list[str], inquiry: str) -> None:
    function = place / "functions/mass_storage.0"
    function.mkdir(parents=True)
    for number, image in enumerate(images):
        medium = function / f"lun.{number}"
        medium.mkdir(exist_ok=True)
        _set(medium, removable="1", ro="0", nofua="1", inquiry_string=inquiry)
        if image:
            _set(medium, file=image)
    configuration = place / "configs/c.1"
    (configuration / ENGLISH).mkdir(parents=True)
    _set(configuration / ENGLISH, configuration="Mass Storage")
    (configuration / "mass_storage.0").symlink_to(function)


def _connect(gadget: Gadget, port: int | None) -> None:
    """Put the cable in; two at once do not take the same port."""
    with _plugging:
        taken = {gadget.port for gadget in _plugged.values()}
        free = sorted({int(each.name.rpartition(".")[2]) for each in Path("/sys/class/udc").iterdir()} - taken)
        gadget.port = free[0] if port is None else port
        _plugged[gadget.place.name] = gadget
        _set(gadget.place, UDC=f"dummy_udc.{gadget.port}")


def _nodes(gadget: Gadget) -> list[str]:
    """Return disk and partitions of every medium, once udev is done with them."""
    controller = Path(f"/sys/devices/platform/dummy_hcd.{gadget.port}")
    media = sum(bool((medium / "file").read_text().strip()) for medium in gadget.medium.parent.glob("lun.*"))
    end = time.monotonic() + PATIENCE
    disks: list[Path] = []
    while len(disks) < media:
        if time.monotonic() > end:
            message = f"{gadget.place.name}: {media} disks expected, found {disks}"
            raise TimeoutError(message)
        time.sleep(0.02)
        disks = [disk for disk in controller.glob("usb*/*-1/*:1.0/host*/target*/*/block/sd*") if _size(disk)]
    subprocess.run(["udevadm", "settle", "--timeout=30"], check=False)
    found = [part for disk in sorted(disks) for part in (disk, *sorted(disk.glob(f"{disk.name}[0-9]*")))]
    return [f"/dev/{part.name}" for part in found]


def _size(disk: Path) -> int:
    try:
        return int((disk / "size").read_text())
    except OSError:
        return 0


def _behind(gadget: Gadget, name: str, image: str, slow: int, bad: list[int] | None) -> str:
    """Put a slow or broken block device before *image*."""
    loop = subprocess.run(["losetup", "--find", "--show", image], check=True, capture_output=True, text=True).stdout.strip()
    gadget.undo.append(["losetup", "--detach", loop])
    sectors = Path(image).stat().st_size // 512
    if slow:
        table = f"0 {sectors} delay {loop} 0 {slow}"
    else:
        start, length = bad or (0, 0)
        rest = start + length
        parts = [f"0 {start} linear {loop} 0", f"{start} {length} error", f"{rest} {sectors - rest} linear {loop} {rest}"]
        table = "\n".join(parts)
    subprocess.run(["modprobe", "-a", "dm_mod", "dm_delay"], check=True)
    subprocess.run(["dmsetup", "create", f"rig-{name}"], check=True, input=table.encode())
    gadget.undo.append(["dmsetup", "remove", "--retry", f"rig-{name}"])
    return f"/dev/mapper/rig-{name}"


ORDERS: dict[str, Callable[..., Any]] = {
    each.__name__: each for each in (plug, pull, put_back, replug, unplug, card_out, card_in, plugged, ports)
}
