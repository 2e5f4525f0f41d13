"""What is on the USB bus right now, for a person who wants to know; the dock itself listens to the kernel."""

from __future__ import annotations

import os
from typing import Any

import usb.core

from device_profiles.fields import Interface
from ingest.usb import UsbDevice
from storage.errors import NotFound

_BY_CLASS: dict[str, Interface] = {"060101": "mtp", "ff": "vendor", "08": "mass-storage"}


def present(backend: object = None) -> list[UsbDevice]:
    """
    List what is plugged in, by the names the kernel gives to places (``1-4.2``); nothing is opened.

    Raises `NotFound` without libusb.
    """
    try:
        found = list(usb.core.find(find_all=True, backend=backend))
    except usb.core.NoBackendError as error:
        message = "libusb is not installed: the Debian package is libusb-1.0-0"
        raise NotFound(message) from error
    return sorted(map(_described, found), key=lambda device: device.place)


def interface_of(six_digits: str) -> Interface | None:
    """Say how an interface of this class, subclass and protocol speaks; None for all that is no camera's."""
    return next((kind for start, kind in _BY_CLASS.items() if six_digits.startswith(start)), None)


def _described(found: Any) -> UsbDevice:  # noqa: ANN401 - pyusb has no types
    place = f"{found.bus}-{'.'.join(map(str, found.port_numbers or ()))}"
    classes = tuple(
        f"{interface.bInterfaceClass:02x}{interface.bInterfaceSubClass:02x}{interface.bInterfaceProtocol:02x}"
        for configuration in found
        for interface in configuration
    )
    return UsbDevice(
        sysfs=os.path.realpath(f"/sys/bus/usb/devices/{place}").removeprefix("/sys"),
        place=place,
        usb_id=f"{found.idVendor:04x}:{found.idProduct:04x}",
        interfaces=frozenset(kind for each in classes if (kind := interface_of(each)) is not None),
        classes=classes,
        number=(found.bus, found.address),
    )
