"""What a bay asks of others: who carried a camera, whether it may go out again, and how a camera in login mode is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ingest.board import AlarmKind
from ingest.camera import Asked, Docking
from ingest.usb import UsbDevice
from ingest.visit import Taken
from storage.evidence import Subject


@dataclass(frozen=True, slots=True)
class Standing:
    """How a camera stands that was read."""

    officer: str = ""
    """Who carried it, as people call him or her."""
    is_fit: bool | None = None
    """For duty; None where that could not be told."""
    unfit: tuple[str, ...] = ()
    """Codes of what speaks against it."""
    alarms: tuple[tuple[AlarmKind, str], ...] = ()
    """What a person should come for, and why."""


class Crew(Protocol):
    """What is known of people and duty, where footage comes in."""

    def badge_of(self, device: Subject) -> str | None:
        """Return the badge of whoever has the camera, or None."""
        ...

    def standing(self, taken: Taken, docking: Docking, *, is_cleared: bool) -> Standing:
        """Say how a camera stands that was just read."""
        ...


class Login(Protocol):
    """Speaks to cameras that must be asked before they are a volume."""

    @property
    def askable(self) -> frozenset[str]:
        """USB ids that some dialect knows."""
        ...

    def ask(self, device: UsbDevice) -> Asked | None:
        """Ask what changes nothing; None where it answers in no dialect."""
        ...

    def unlock(self, device: UsbDevice, asked: Asked) -> str:
        """Try the office's password once and return why it was refused, or nothing: then it comes back as a volume."""
        ...

    def farewell(self, device: UsbDevice, asked: Asked) -> None:
        """Set the clock of a camera that is back in login mode, if the office wants that, and lock it."""
        ...


class NoLogin:
    """Knows no dialect."""

    @property
    def askable(self) -> frozenset[str]:
        """See `Login.askable`."""
        return frozenset()

    def ask(self, _device: UsbDevice) -> Asked | None:
        """See `Login.ask`."""
        return None

    def unlock(self, _device: UsbDevice, _asked: Asked) -> str:
        """See `Login.unlock`."""
        return "no-dialect"

    def farewell(self, _device: UsbDevice, _asked: Asked) -> None:
        """See `Login.farewell`."""
