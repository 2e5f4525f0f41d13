"""
The watcher: what is plugged in and pulled, as it happens.

It listens before it looks: what comes between the two is told twice and noticed once (`ingest.plugged`). Where the kernel had
to drop events because nobody read them in time, everything is listed again.

Only udev's own events are followed, never the kernel's: those come before udev has looked for a file system. They do not reach
a process in a network namespace of its own (``PrivateNetwork=yes``).
"""

from __future__ import annotations

import contextlib
import errno
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pyudev

from ingest.heard import Heard
from ingest.places import root_hub_of
from ingest.plugged import Plugged
from ingest.usb import UsbEvent
from storage.errors import StorageUnavailable

_SYS = Path("/sys")
_BUFFER = 16 * 2**20
"""For events nobody has read yet: a hub full of cameras tells several hundred at once."""
_FAST_MBIT = 5000
_TOLD = ("size", "diskseq", "serial", "manufacturer", "product")


@dataclass(slots=True)
class Watcher:
    """Listens to udev."""

    beat: timedelta = timedelta(milliseconds=250)
    """How long it takes no notice of *stop*."""
    caught_up: threading.Event = field(default_factory=threading.Event)
    """Set once everything that was there at the start has been told."""

    def events(self, stop: threading.Event) -> Iterator[UsbEvent]:
        """
        Tell what is there, then what comes and goes, until *stop* is set.

        Of a device: arrived, its volumes appeared, they vanished, departed; in this order also where the kernel's was another.
        Raises `StorageUnavailable` where udev cannot be heard; whoever calls again is told everything from the beginning.
        """
        plugged = Plugged()
        with _translated():
            context = pyudev.Context()
            monitor = _monitor(context)
        yield from plugged.found(_present(context))
        self.caught_up.set()
        while not stop.is_set():
            yield from self._heard(context, monitor, plugged)

    def _heard(self, context: pyudev.Context, monitor: pyudev.Monitor, plugged: Plugged) -> tuple[UsbEvent, ...]:
        try:
            # may be None long before the time is up
            device = monitor.poll(self.beat.total_seconds())
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                message = f"listening to udev: {error}"
                raise StorageUnavailable(message) from error
            return plugged.found(_present(context))
        return () if device is None else plugged.saw(_heard_of(device, device.action or ""))


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OSError, ImportError) as error:  # pyudev raises ImportError where there is no libudev
        message = f"listening to udev: {error}"
        raise StorageUnavailable(message) from error


def _monitor(context: pyudev.Context) -> pyudev.Monitor:
    monitor = pyudev.Monitor.from_netlink(context, "udev")
    monitor.filter_by("usb", "usb_device")
    monitor.filter_by("block")
    with contextlib.suppress(OSError):  # beyond the system's bound only CAP_NET_ADMIN gets that much
        monitor.set_receive_buffer_size(_BUFFER)
    monitor.start()
    return monitor


def _present(context: pyudev.Context) -> list[Heard]:
    found = (
        *context.list_devices(subsystem="usb", DEVTYPE="usb_device"),
        *context.list_devices(subsystem="block"),
    )
    return [_heard_of(device, "") for device in found]


def _heard_of(device: pyudev.Device, action: str) -> Heard:
    properties = dict(device.properties.items())
    sysfs = properties.get("DEVPATH", "")
    # of a device that is gone nothing can be read, or that of its successor
    is_ours = action != "remove" and root_hub_of(sysfs) is not None
    return Heard(action, properties, _attributes(properties, sysfs) if is_ours else {})


def _attributes(properties: dict[str, str], sysfs: str) -> dict[str, str]:
    found = {name: _read(sysfs, name) for name in _TOLD}
    if properties.get("DEVTYPE") == "partition":
        found["diskseq"] = _read(sysfs.rsplit("/", 1)[0], "diskseq")
    if properties.get("DEVTYPE") == "disk":
        found["parts"] = _has_parts(sysfs)
    if properties.get("SUBSYSTEM") == "usb":
        found |= {"fast": _is_fast(sysfs), "peer": _peer(sysfs)}
    return found


def _read(sysfs: str, name: str) -> str:
    """Read an attribute; what is not there, or no longer, is empty."""
    with contextlib.suppress(OSError):
        return (_SYS / sysfs.lstrip("/") / name).read_bytes().decode("utf-8", "replace").strip()
    return ""


def _has_parts(sysfs: str) -> str:
    """Say whether the kernel found partitions in a disk; it looks before it tells anybody that the disk is there."""
    with contextlib.suppress(OSError):  # pulled meanwhile
        return "1" if any((_SYS / sysfs.lstrip("/")).glob("*/partition")) else ""
    return ""


def _is_fast(sysfs: str) -> str:
    root = root_hub_of(sysfs)
    speed = "" if root is None else _read(root, "speed")
    return "1" if speed.isdecimal() and int(speed) >= _FAST_MBIT else ""


def _peer(sysfs: str) -> str:
    """Return the port of the slow contacts of the same socket, where the kernel knows it."""
    link = _SYS / sysfs.lstrip("/") / "port" / "peer"
    with contextlib.suppress(OSError, ValueError):  # no such link, or one that leaves sysfs
        return f"/{link.resolve(strict=True).relative_to(_SYS)}"
    return ""
