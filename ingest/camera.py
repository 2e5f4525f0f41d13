"""A camera at the dock: what it said when it was asked, and how it came to us. Everything here but the bay is its claim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ingest.usb import UsbDevice


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What a camera's clock showed, read before anybody set it."""

    raw: str
    """As the camera gave it: ``YYYYMMDDhhmmss`` or ISO 8601."""
    zone_minutes: int | None
    """Its offset from UTC in minutes, where it says one."""
    at: datetime
    """Our own clock, aware, in the middle between asking and answer."""
    within: timedelta
    """Half the time between asking and answer: the true moment was no further from *at* than this."""
    monotonic_ns: int = 0
    """The host's monotonic clock at the same moment, which no correction of our own clock moves."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a camera said of itself when it was asked over USB; None where it says nothing."""

    dialect: str
    """By which dialect it was asked."""
    device: str | None = None
    officer: str | None = None
    clock: ClockReading | None = None
    battery_percent: int | None = None
    free_bytes: int | None = None
    total_bytes: int | None = None
    firmware: str | None = None
    needs_password: bool | None = None
    """Whether a password stood between anybody with a cable and its footage, before it came to us."""


@dataclass(frozen=True, slots=True)
class Docking:
    """How a card came to us."""

    bay: str | None = None
    """Name of the bay of the dock; None for a folder that a person named."""
    dock: str | None = None
    """Pseudonym of the dock the bay belongs to."""
    usb: UsbDevice | None = None
    """As it is now, a volume."""
    first: UsbDevice | None = None
    """As it was before it was unlocked, where it had to be."""
    asked: Asked | None = None
    mount_options: str = ""
    """As mounted: they decide what times on FAT mean."""
    label: str = ""
    """Of the volume."""
    chosen: str | None = None
    """The profile that a person chose."""
