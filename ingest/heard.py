"""
What udev said of one device at one moment, and the values it makes.

Everything a device says of itself comes through here once: names and serials lose what cannot be shown and are cut short.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from device_profiles.fields import Interface
from ingest.places import place_of
from ingest.usb import UsbDevice, Volume

_LONGEST = 128
_SECTOR = 512
"""Of sysfs, whatever the disk uses."""
_ESCAPED = re.compile(rb"\\x([0-9a-fA-F]{2})")
_CLASS = re.compile(r"[0-9a-f]{6}")
_USB_ID = re.compile(r"[0-9a-f]{4}")
_SCSI_ADDRESS = re.compile(r"/\d+:\d+:\d+:(\d+)/block/")


@dataclass(frozen=True, slots=True)
class Heard:
    """One device as udev described it, in an event or when everything was listed."""

    action: str
    """``add``, ``remove``, ``change``, ``bind``, …; empty where it was listed."""
    properties: Mapping[str, str]
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Of sysfs: ``size``, ``diskseq``, ``serial``, ``manufacturer``, ``product``; ``fast`` and ``peer`` of `place_of`;
    ``parts`` where a disk has partitions."""

    @property
    def sysfs(self) -> str:
        """Its path in sysfs."""
        return self.properties.get("DEVPATH", "")

    @property
    def is_block(self) -> bool:
        """Whether it is a disk or partition, not a USB device."""
        return self.properties.get("SUBSYSTEM") == "block"

    @property
    def is_partition(self) -> bool:
        """Whether it is a part of a disk."""
        return self.properties.get("DEVTYPE") == "partition"

    @property
    def sequence(self) -> int:
        """DISKSEQ, or 0."""
        return _number(self.properties.get("DISKSEQ") or self.attributes.get("diskseq"))

    @property
    def size(self) -> int:
        """Of a block device, in bytes."""
        sectors = self.attributes.get("size") or self.properties.get("ID_PART_ENTRY_SIZE")
        return _number(sectors) * _SECTOR

    @property
    def usb_number(self) -> tuple[int, int]:
        """Bus and device number, also where all that is left of a device is the name of its node."""
        bus, device = self.properties.get("BUSNUM"), self.properties.get("DEVNUM")
        if not bus or not device:
            *_, bus, device = ("", *self.properties.get("DEVNAME", "").split("/"))[-2:]
        return _number(bus), _number(device)

    @property
    def has_filesystem(self) -> bool:
        """
        Whether it can be mounted.

        A disk in which the kernel found partitions cannot, whatever else somebody saw on it. What udev says of partition tables
        does not count: it takes the boot sector of exFAT for one. A driver disc that some devices bring is none of our
        business; what udev finds ambiguous has no usage.
        """
        said = self.properties
        usable = said.get("ID_FS_USAGE") == "filesystem" and "ID_CDROM" not in said
        return usable and (self.is_partition or not self.attributes.get("parts"))

    def usb_device(self) -> UsbDevice | None:
        """Return the USB device, or None where udev has not looked at it yet."""
        vendor, product = (self.properties.get(key, "").lower() for key in ("ID_VENDOR_ID", "ID_MODEL_ID"))
        if not _USB_ID.fullmatch(vendor) or not _USB_ID.fullmatch(product):
            return None
        classes = _classes(self.properties.get("ID_USB_INTERFACES", ""))
        return UsbDevice(
            sysfs=self.sysfs,
            place=place_of(self.sysfs, peer=self.attributes.get("peer", ""), is_fast=self.attributes.get("fast") == "1"),
            usb_id=f"{vendor}:{product}",
            interfaces=frozenset(filter(None, map(interface_of, classes))),
            classes=classes,
            serial=self._said("serial", "ID_SERIAL_SHORT") or None,
            manufacturer=self._said("manufacturer", "ID_VENDOR"),
            product=self._said("product", "ID_MODEL"),
            number=self.usb_number,
        )

    def volume_of(self, device: UsbDevice) -> Volume:
        """Return the volume that this is on *device*."""
        said = self.properties
        lun = _SCSI_ADDRESS.search(self.sysfs)
        return Volume(
            device=device,
            sysfs=self.sysfs,
            node=Path(said.get("DEVNAME", "")),
            number=os.makedev(_number(said.get("MAJOR")), _number(said.get("MINOR"))),
            sequence=self.sequence,
            filesystem=said.get("ID_FS_TYPE", ""),
            uuid=_shown(said.get("ID_FS_UUID", "")) or None,
            label=_shown(_unescaped(said["ID_FS_LABEL_ENC"]) if "ID_FS_LABEL_ENC" in said else said.get("ID_FS_LABEL", "")),
            lun=_number(lun[1]) if lun else 0,
            size=self.size,
        )

    def _said(self, attribute: str, key: str) -> str:
        return _shown(self.attributes.get(attribute) or self.properties.get(key, ""))


def interface_of(usb_class: str) -> Interface | None:
    """Return how an interface of this class (six hexadecimal digits) speaks, or None where it is none of a camera."""
    if usb_class.startswith("08"):
        return "mass-storage"
    if usb_class == "060101":
        return "mtp"
    return "vendor" if usb_class.startswith("ff") else None


def _classes(text: str) -> tuple[str, ...]:
    return tuple(each for each in text.lower().split(":") if _CLASS.fullmatch(each))


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else 0  # noqa: PLR2004 - 64 bits


def _shown(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text).strip()[:_LONGEST]


def _unescaped(text: str) -> str:
    raw = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text.encode("utf-8", "surrogateescape"))
    return raw.decode("utf-8", "replace")
