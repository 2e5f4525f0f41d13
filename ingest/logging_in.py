"""
A camera in login mode, while it stays in a bay: asked, unlocked once, gone from the bus, back as a volume, and given back.

What it said before it was unlocked is remembered until it is taken out: it goes into the record of the docking.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from ingest.camera import Asked
from ingest.crew import Login
from ingest.usb import UsbDevice
from storage.errors import SourceChanged

_BACK_WITHIN = timedelta(seconds=30)


@dataclass(slots=True)
class Stay:
    """One camera in one bay."""

    login: Login
    first: UsbDevice | None = None
    """As it was before it was unlocked."""
    asked: Asked | None = None
    is_under_way: bool = False
    """It was unlocked, and has not come back yet."""
    _left: float | None = None
    """When its volume went, by the monotonic clock."""

    @property
    def told(self) -> str | None:
        """The id it gave."""
        return self.asked.device if self.asked is not None else None

    def ask(self, device: UsbDevice) -> str | None:
        """Ask *device*, before anything is set, and return the id it gives."""
        self.first, self.asked, self._left = device, self.login.ask(device), None
        return self.told

    def unlock(self, device: UsbDevice) -> str:
        """Unlock it and return why that was refused, or nothing."""
        if self.asked is None:
            return "no-answer"
        fault = self.login.unlock(device, self.asked)
        self.is_under_way = not fault
        return fault

    def is_volume(self) -> None:
        """It came back as a volume."""
        self.is_under_way = False

    def is_back(self, device: UsbDevice) -> bool:
        """Say whether *device* is the camera that was just read, back in login mode; then its clock is set and it is locked."""
        asked, left = self.asked, self._left
        if asked is None or left is None or time.monotonic() - left > _BACK_WITHIN.total_seconds():
            self.forget()
            return False
        self.forget()
        try:
            self.login.farewell(device, asked)
        except SourceChanged:
            return False  # another camera in its place
        return True

    def over(self, *, is_read: bool) -> None:
        """The volume is gone: the camera was taken out, or comes back in login mode in a moment, to be read if it was not."""
        if is_read and self.asked is not None:
            self._left = time.monotonic()
        else:
            self.forget()

    def forget(self) -> None:
        """Nothing is known of what comes next."""
        self.first, self.asked, self._left, self.is_under_way = None, None, None, False
