"""
What is plugged in right now: told what udev says, it answers with what came and what went.

No udev is asked here. Only paths in sysfs tell devices apart: serials and UUIDs may come twice or not at all. Being told the
same again, being told late, and being told again from the beginning all change nothing, so whoever lost events lists
everything anew and goes on.

A volume belongs to the USB device below whose path the kernel put it. ``ID_BUS`` is not asked: udev says ``ata`` of some disks
that hang on USB, and loop devices on this host are nobody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ingest.heard import Heard
from ingest.places import is_root_hub
from ingest.usb import Appeared, Arrived, Departed, UsbDevice, UsbEvent, Vanished, Volume

_LEAVING = frozenset({"unbind", "offline"})
"""Told on the way out, before ``remove``: nothing arrives by it, and nothing is gone yet."""


@dataclass(slots=True)
class Plugged:
    """Devices and volumes that are there."""

    _devices: dict[str, UsbDevice] = field(default_factory=dict)
    _volumes: dict[str, Volume] = field(default_factory=dict)

    def saw(self, heard: Heard) -> tuple[UsbEvent, ...]:
        """Say what one event of udev changes."""
        return tuple(self._changes(heard))

    def found(self, everything: Iterable[Heard]) -> tuple[UsbEvent, ...]:
        """Say what a list of everything changes: what is not in it is gone."""
        listed = sorted(everything, key=lambda each: (each.is_block, each.sysfs))  # devices before what is on them
        there = {each.sysfs for each in listed}
        gone = [path for path in (*self._volumes, *self._devices) if path not in there]
        return (
            *(event for path in gone for event in self._lost(path)),
            *(event for each in listed for event in self._changes(each)),
        )

    def _changes(self, heard: Heard) -> Iterator[UsbEvent]:
        if heard.action in _LEAVING or not heard.sysfs:
            return
        if heard.action == "remove":
            yield from () if self._is_late(heard) else self._lost(heard.sysfs)
        elif heard.is_block:
            yield from self._saw_block(heard)
        elif not is_root_hub(heard.sysfs):
            yield from self._saw_device(heard)

    def _is_late(self, heard: Heard) -> bool:
        """Whether this is said of what was at the path before what is known there now."""
        if heard.is_block:
            volume = self._volumes.get(heard.sysfs)
            return volume is not None and 0 < heard.sequence < volume.sequence
        device = self._devices.get(heard.sysfs)
        return device is not None and device.number > (0, 0) and heard.usb_number not in {(0, 0), device.number}

    def _lost(self, path: str) -> Iterator[UsbEvent]:
        """Let go of everything at *path* and below it, volumes before devices, what hangs deepest first."""
        for volume in [each for each in self._volumes.values() if _is_within(each.sysfs, path)]:
            yield self._vanished(volume)
        for sysfs in sorted((each for each in self._devices if _is_within(each, path)), key=len, reverse=True):
            yield Departed(self._devices.pop(sysfs))

    def _saw_device(self, heard: Heard) -> Iterator[UsbEvent]:
        device = heard.usb_device()
        known = self._devices.get(heard.sysfs)
        if device is None or (known is not None and (known.number, known.usb_id) == (device.number, device.usb_id)):
            return
        # another one at the same place: nobody told that the first one left
        yield from self._lost(heard.sysfs)
        self._devices[device.sysfs] = device
        yield Arrived(device)

    def _saw_block(self, heard: Heard) -> Iterator[UsbEvent]:
        device = self._device_above(heard.sysfs)
        if device is None:
            return  # no USB device, or one whose own event is still to come, and then so is this one's
        if not heard.is_partition:
            yield from self._outlived(heard)
        known = self._volumes.get(heard.sysfs)
        if known is not None and 0 < heard.sequence < known.sequence:
            return
        volume = heard.volume_of(device) if self._is_volume(heard) else None
        if known is not None and volume is not None and _is_same(known, volume):
            return
        if known is not None:
            yield self._vanished(known)
        if volume is not None:
            yield from self._appeared(volume)

    def _outlived(self, disk: Heard) -> Iterator[UsbEvent]:
        """Let go of the partitions of a card that is no longer in the slot."""
        for volume in [each for each in self._volumes.values() if _is_within(each.sysfs, disk.sysfs)]:
            if volume.sysfs != disk.sysfs and (disk.size == 0 or 0 < volume.sequence < disk.sequence):
                yield self._vanished(volume)

    def _is_volume(self, heard: Heard) -> bool:
        parts = (each for each in self._volumes if each != heard.sysfs and _is_within(each, heard.sysfs))
        return heard.has_filesystem and next(parts, None) is None

    def _appeared(self, volume: Volume) -> Iterator[UsbEvent]:
        # a disk that was taken for a volume before the kernel found its partitions
        for whole in [each for each in self._volumes.values() if _is_within(volume.sysfs, each.sysfs)]:
            yield self._vanished(whole)
        self._volumes[volume.sysfs] = volume
        yield Appeared(volume)

    def _vanished(self, volume: Volume) -> Vanished:
        return Vanished(self._volumes.pop(volume.sysfs))

    def _device_above(self, sysfs: str) -> UsbDevice | None:
        """Return the device nearest above *sysfs*; hubs above it are further away."""
        above = [each for each in self._devices if _is_within(sysfs, each)]
        return self._devices[max(above, key=len)] if above else None


def _is_within(path: str, above: str) -> bool:
    return path == above or path.startswith(f"{above}/")


def _is_same(one: Volume, other: Volume) -> bool:
    return (one.number, one.sequence, one.filesystem, one.uuid, one.size) == (
        other.number,
        other.sequence,
        other.filesystem,
        other.uuid,
        other.size,
    )
