"""A camera that speaks MTP as a volume: it has no block device, and is mounted for reading only."""

from __future__ import annotations

from pathlib import Path

from ingest.usb import UsbDevice, Volume

MTP = "mtp"


def speaks_mtp(device: UsbDevice) -> bool:
    """Say whether *device* is read by MTP: it has that interface, and none of a disk."""
    return MTP in device.interfaces and "mass-storage" not in device.interfaces


def as_volume(device: UsbDevice) -> Volume:
    """Return the one volume that *device* is taken for; its storages are folders at the top of it."""
    bus, number = device.number
    node = Path(f"/dev/bus/usb/{bus:03}/{number:03}")
    return Volume(device, sysfs=f"{device.sysfs}/{MTP}", node=node, number=0, sequence=0, filesystem=MTP)
