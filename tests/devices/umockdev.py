"""
A bed of devices that libudev, and so pyudev, takes for the real ones; through ctypes, without GObject introspection.

The process must have been started with the preload library of umockdev (``umockdev-wrapper``), which answers for /sys,
/run/udev and udev's netlink socket.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.devices.bus import Described

PRELOADED = "libumockdev-preload" in os.environ.get("LD_PRELOAD", "")


class Bed:
    """Devices that are there, and the events of those that come and go."""

    def __init__(self) -> None:
        self._lib = ctypes.CDLL("libumockdev.so.0")
        self._lib.umockdev_testbed_new.restype = ctypes.c_void_p
        self._lib.umockdev_testbed_get_root_dir.restype = ctypes.c_char_p
        self._lib.umockdev_testbed_get_root_dir.argtypes = [ctypes.c_void_p]
        self._lib.umockdev_testbed_add_from_string.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        self._lib.umockdev_testbed_uevent.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
        self._lib.umockdev_testbed_remove_device.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        self._lib.umockdev_testbed_set_property.argtypes = [ctypes.c_void_p, *[ctypes.c_char_p] * 3]
        self._bed = self._lib.umockdev_testbed_new()
        self.root = Path(self._lib.umockdev_testbed_get_root_dir(self._bed).decode())

    def add(self, *described: Described) -> None:
        """Plug in devices, each told as ``add``."""
        for each in described:
            lines = [f"P: {each.path}"]
            lines += [f"E: {name}={value}" for name, value in each.properties.items()]
            lines += [f"A: {name}={value}" for name, value in each.attributes.items()]
            if not self._lib.umockdev_testbed_add_from_string(self._bed, ("\n".join(lines) + "\n\n").encode(), None):
                message = f"umockdev does not take {each.path}"
                raise ValueError(message)

    def tell(self, action: str, described: Described) -> None:
        """Send an event about a device that is there."""
        self._lib.umockdev_testbed_uevent(self._bed, b"/sys" + described.path.encode(), action.encode())

    def change(self, described: Described, **properties: str) -> None:
        """Change what udev knows of a device, and tell."""
        for name, value in properties.items():
            self._lib.umockdev_testbed_set_property(self._bed, b"/sys" + described.path.encode(), name.encode(), value.encode())
        self.tell("change", described)

    def remove(self, *described: Described) -> None:
        """Pull devices, each told as ``remove``; a USB device has lost what udev knew of it by then, as on a real host."""
        for each in described:
            if each.properties["SUBSYSTEM"] == "usb":
                self._forget(each)
            self.tell("remove", each)
            self._lib.umockdev_testbed_remove_device(self._bed, b"/sys" + each.path.encode())
            with suppress(
                FileNotFoundError
            ):  # left behind by umockdev 0.17.16, which then aborts at the next disk of that name
                (self.root / "sys" / "block" / each.path.rsplit("/", 1)[-1]).unlink()

    def _forget(self, described: Described) -> None:
        uevent = self.root / "sys" / described.path.lstrip("/") / "uevent"
        kept = [line for line in uevent.read_text().splitlines() if not line.startswith("ID_")]
        uevent.write_text("\n".join(kept) + "\n")

    def close(self) -> None:
        """Take all of it away."""
        gobject = ctypes.CDLL("libgobject-2.0.so.0")
        gobject.g_object_unref.argtypes = [ctypes.c_void_p]
        gobject.g_object_unref(self._bed)


@contextmanager
def bed() -> Iterator[Bed]:
    """Make an empty bed; one at a time, and before anybody listens."""
    made = Bed()
    try:
        yield made
    finally:
        made.close()
