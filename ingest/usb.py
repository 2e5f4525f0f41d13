"""
What the kernel tells of the USB bus, as values.

Only where a device hangs and what the kernel itself made of it are facts. Ids, serials, names and labels are the device's
claims: two cameras may bring the same serial, two cards the same UUID, and many bring none. So what must be told apart is told
apart by its place in sysfs (`UsbDevice.sysfs`, `Volume.sysfs`), never by a claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from device_profiles.fields import Interface


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """Something that was plugged in."""

    sysfs: str
    """Its path in sysfs without ``/sys``; the key of everything that later happens to it."""
    place: str
    """Where it hangs, controller and chain of hub ports: ``platform-dummy_hcd.3-usb:1``, ``pci-0000:00:14.0-usb:4.2``."""
    usb_id: str
    """``vid:pid`` in lower-case hexadecimal."""
    interfaces: frozenset[Interface] = frozenset()
    """What its interfaces say they are; decided by class, never by a list of known ids."""
    classes: tuple[str, ...] = ()
    """The same as six hexadecimal digits each, in order: ``080650``."""
    serial: str | None = None
    manufacturer: str = ""
    product: str = ""
    number: tuple[int, int] = (0, 0)
    """Bus and device number of this moment, by which libusb finds it."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A file system on a USB device: a partition, or a whole disk without partitions."""

    device: UsbDevice
    sysfs: str
    """Its own path in sysfs; a card that is changed without unplugging keeps the path and gets another `sequence`."""
    node: Path
    """``/dev/sdb1``."""
    number: int
    """Device number (``st_rdev`` of the node)."""
    sequence: int
    """The kernel's DISKSEQ: never given twice while the machine runs; 0 where the kernel does not say."""
    filesystem: str
    """As udev found it: ``vfat``, ``exfat``, ``ext4``."""
    uuid: str | None = None
    label: str = ""
    lun: int = 0
    size: int = 0
    """In bytes, of the partition or disk."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A device was plugged in, or was there at the start."""

    device: UsbDevice


@dataclass(frozen=True, slots=True)
class Departed:
    """A device is gone; its volumes went before or with it."""

    device: UsbDevice


@dataclass(frozen=True, slots=True)
class Appeared:
    """A volume can be mounted now."""

    volume: Volume


@dataclass(frozen=True, slots=True)
class Vanished:
    """A volume is gone: pulled, or its card was taken out of the device that stays."""

    volume: Volume


UsbEvent: TypeAlias = Arrived | Departed | Appeared | Vanished
