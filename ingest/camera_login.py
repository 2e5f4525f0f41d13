"""What a bay asks of cameras in login mode: `ingest.crew.Login`, by the dialects that are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ingest.asking import Asking, Unlocked, Way, way_of
from ingest.camera import Asked
from ingest.usb import UsbDevice
from storage.errors import NotFound
from storage.evidence import Subject


@dataclass(frozen=True, slots=True)
class CameraLogin:
    """Speaks to cameras that must be asked before they are a volume."""

    asking: Asking
    known: Callable[[Asked], Subject | None]
    """The camera that said this, if it was here before."""
    dock: Subject
    """What a refusal is about where the camera is not known."""

    @property
    def askable(self) -> frozenset[str]:
        """USB ids that some dialect knows."""
        told = (Way(profile, usb) for profile in self.asking.profiles for usb in profile.usb)
        return frozenset(usb_id for way in told if way.is_told for usb_id in way.usb.ids)

    def ask(self, device: UsbDevice) -> Asked | None:
        """See `Asking.ask`."""
        return self.asking.ask(device)

    def unlock(self, device: UsbDevice, asked: Asked) -> str:
        """See `Asking.unlock`; return the fault, or nothing."""
        outcome = self.asking.unlock(device, asked, self.known(asked) or self.dock)
        return "" if isinstance(outcome, Unlocked) else outcome.fault.value

    def farewell(self, device: UsbDevice, asked: Asked) -> None:
        """See `Asking.farewell`."""
        way = way_of(self.asking.profiles, device)
        if way is None:
            message = f"camera {device.usb_id} at {device.place}: no profile says how it is asked"
            raise NotFound(message)
        unlocked = Unlocked(way.profile.name, way.named(asked.dialect), asked.device)
        self.asking.farewell(device, unlocked, self.known(asked))
