"""
Where a USB device hangs: the controller and the chain of hub ports, read from its path in sysfs.

A place says the same as long as nobody moves a cable: bus and device numbers are dealt anew at every start and every plug, a
place is not. ``pci-0000:00:14.0-usb:4.2`` is port 2 of the hub in port 4 of that controller.

A port for USB 3 has two sets of contacts, and the kernel has a root hub, and of every hub a device, for each. Which two ports
are one socket is known to the kernel (it links them as peers), so a device at the fast contacts gets the place of the slow
ones. Where the kernel knows no peer the place says ``usb3:``, lest two sockets of the same number be taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_ROOT_HUB = re.compile(r"usb\d+")
_DEVICE = re.compile(r"\d+-(\d+(?:\.\d+)*)")
_PORT = re.compile(r"(?:usb\d+|\d+-(?P<hub>\d+(?:\.\d+)*))-port(?P<port>\d+)")
_PCI = re.compile(r"[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")


def place_of(sysfs: str, *, peer: str = "", is_fast: bool = False) -> str:
    """
    Return the place of the USB device at *sysfs* (a path without ``/sys``).

    *is_fast* tells that it hangs at the contacts of USB 3, and *peer* is the path of the port that is the same socket at
    the slow ones. A path nobody foresaw is its own place: unique, if not lasting.
    """
    if not is_fast:
        return _written(sysfs.split("/"), "usb") or sysfs
    return _of_port(peer.split("/")) or _written(sysfs.split("/"), "usb3") or sysfs


def root_hub_of(sysfs: str) -> str | None:
    """Return the path of the root hub above *sysfs*, or None where there is none."""
    parts = sysfs.split("/")
    at = _root_hub(parts)
    return None if at is None else "/".join(parts[: at + 1])


def is_root_hub(sysfs: str) -> bool:
    """Say whether the device is a root hub: part of the host, never plugged in."""
    return _ROOT_HUB.fullmatch(sysfs.rsplit("/", 1)[-1]) is not None


def _written(parts: Sequence[str], bus: str) -> str | None:
    chain = _DEVICE.fullmatch(parts[-1])
    controller = _controller(parts)
    return None if chain is None or controller is None else f"{controller}-{bus}:{chain[1]}"


def _of_port(parts: Sequence[str]) -> str | None:
    port = _PORT.fullmatch(parts[-1])
    controller = _controller(parts)
    if port is None or controller is None:
        return None
    return f"{controller}-usb:{port['hub'] + '.' if port['hub'] else ''}{port['port']}"


def _controller(parts: Sequence[str]) -> str | None:
    at = _root_hub(parts)
    if not at:
        return None
    name = parts[at - 1]
    return f"pci-{name}" if _PCI.fullmatch(name) else f"platform-{name}"


def _root_hub(parts: Sequence[str]) -> int | None:
    return next((at for at, part in enumerate(parts) if _ROOT_HUB.fullmatch(part)), None)
