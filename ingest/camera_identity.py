"""
Which device a camera in a bay claims to be, so that the same one is met again.

It is called by the first of these that it brings; none is more than a claim, and which one it was is recorded:

1. the id it told when it was asked;
2. the label of its volume, where its profile says that this is the id of the device;
3. its USB serial, with its USB id, unless something else in the dock brings the same at this moment;
4. the UUID of its volume, as for a card that a person names; cards that were cloned share it;
5. its USB id and the bay, for a camera without any name.

A reader for cards brings a serial of its own, which says nothing of the cards in it: with several slots the UUID comes first.
"""

from __future__ import annotations

from device_profiles.profile import Profile
from ingest.camera import Docking
from ingest.identify import ClaimKind, DeviceClaim
from ingest.usb import UsbDevice, Volume


def claim_of(
    docking: Docking, profile: Profile, volume: Volume | None, *, serial_is_shared: bool, slots: int = 1
) -> DeviceClaim:
    """Say which device it claims to be; *slots* are the LUNs that its USB device has."""
    asked = docking.asked.device if docking.asked is not None else None
    if asked:
        return DeviceClaim(ClaimKind.ASKED, _plain(asked))
    if profile.identity is not None and docking.label:
        return DeviceClaim(ClaimKind.LABEL, _plain(docking.label))
    serial = _serial(docking.usb)
    if serial and not serial_is_shared and slots == 1:
        return DeviceClaim(ClaimKind.SERIAL, serial)
    if volume is not None and volume.uuid:
        return DeviceClaim(ClaimKind.VOLUME, _plain(volume.uuid))
    usb_id = docking.usb.usb_id if docking.usb is not None else "unknown"
    return DeviceClaim(ClaimKind.BAY, _plain(f"{serial or usb_id} in {docking.bay}"))


def _serial(device: UsbDevice | None) -> str:
    return _plain(f"{device.usb_id} {device.serial}") if device is not None and device.serial else ""


def _plain(text: str) -> str:
    """Return *text* as it can be kept; a camera may send what is no character."""
    return text.encode("utf-8", "backslashreplace").decode()
