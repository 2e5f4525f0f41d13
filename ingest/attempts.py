"""
One attempt for each time a camera is put in: a wrong password that is sent again may lock a camera for good, or empty it.

The attempt is written down before it is made. After a crash in between nobody knows whether the camera heard it, so it counts:
the camera is taken out and put in again, which gives it another number on the bus.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ingest.usb import UsbDevice
from storage import durable
from storage.errors import StorageUnavailable

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Attempts:
    """The directory in which they are written down."""

    folder: Path
    boot: str
    """Which start of the machine this is; numbers on the bus begin anew with each."""

    @classmethod
    def since_boot(cls, folder: Path) -> Attempts:
        """Return those of this start of the machine, and throw away what is left of earlier ones."""
        attempts = cls(folder, _BOOT.read_text("ascii").strip())
        for old in folder.glob("*.attempt") if folder.is_dir() else ():
            if not old.name.startswith(f"{attempts.boot}."):
                old.unlink(missing_ok=True)
        return attempts

    def claim(self, device: UsbDevice, what: str) -> bool:
        """Write down, durably, that *what* is tried on *device* now; False if it was before. One thread asks for one device."""
        bus, number = device.number
        path = self.folder / f"{self.boot}.{bus}-{number}-{_plugged_in(device)}.{what}.attempt"
        try:
            durable.make_directory(self.folder)
            durable.write_new(path, b"")
        except FileExistsError:
            return False
        except OSError as error:
            message = f"{path}: cannot be written, so nothing is tried: {error.strerror}"
            raise StorageUnavailable(message) from error
        return True


def _plugged_in(device: UsbDevice) -> int:
    """Tell this time from earlier ones: numbers on the bus come again after 127, those of folders in sysfs do not."""
    try:
        return Path(f"/sys{device.sysfs}").stat().st_ino
    except OSError:  # gone already, or no sysfs
        return 0
