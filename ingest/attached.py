"""What is plugged in right now, as far as it matters who else is: shared serials, and readers with several slots."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from ingest.usb import Appeared, Arrived, Departed, UsbDevice, UsbEvent, Vanished, Volume


@dataclass(slots=True)
class Attached:
    """Everything that is plugged in. Threads share it."""

    _devices: dict[str, UsbDevice] = field(default_factory=dict)
    _slots: dict[str, int] = field(default_factory=dict)
    """How many slots a device showed, by its path in sysfs."""
    _alone: threading.Lock = field(default_factory=threading.Lock)

    def saw(self, event: UsbEvent) -> None:
        """Take note of what came or went."""
        with self._alone:
            match event:
                case Arrived(device):
                    self._devices[device.sysfs] = device
                case Departed(device):
                    self._devices.pop(device.sysfs, None)
                    self._slots.pop(device.sysfs, None)
                case Appeared(volume):
                    slots = self._slots.get(volume.device.sysfs, 1)
                    self._slots[volume.device.sysfs] = max(slots, volume.lun + 1)
                case Vanished():
                    pass

    def serial_is_shared(self, volume: Volume) -> bool:
        """Say whether something else that is plugged in brings the same USB id and serial."""
        with self._alone:
            mine = volume.device
            others = (each for each in self._devices.values() if each.sysfs != mine.sysfs)
            return any((each.usb_id, each.serial) == (mine.usb_id, mine.serial) for each in others)

    def slots_of(self, volume: Volume) -> int:
        """Say how many slots the device of *volume* showed so far."""
        with self._alone:
            return self._slots.get(volume.device.sysfs, 1)
