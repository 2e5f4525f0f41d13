"""
What is recorded of a camera that was docked, before anything on it is read or set.

``DOCKED`` holds integers, codes and what we named ourselves. Whatever the camera says of itself that could name somebody, or
could be any text at all, goes into the vault.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from device_profiles.profile import Profile
from ingest.camera import Asked, Docking
from ingest.clock_offset import Limits, Measured, measure
from ingest.time_source import TimeSource
from storage.dockings import EarlierDocking
from storage.evidence import Actor, Entry, Json, Subject, utc_text

How = Literal["safe", "early", "stopped"]
"""How a docking ends: taken out after it was safe, before it was, or still there when the dock stopped."""

_PLAIN_CLOCK = re.compile(r"[0-9TZ:+\-. ]{1,40}", re.ASCII)
_USB_ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}", re.ASCII)
_LARGEST = 2**53 - 1
"""The largest integer a leaf may hold."""
_FULL = 100


@dataclass(frozen=True, slots=True)
class Arrival:
    """A camera that was docked, and what its clock was found to be."""

    docking: Docking
    profile: Profile
    source: TimeSource
    clock: Measured | None = None
    """None where its clock cannot be asked."""

    @classmethod
    def of(
        cls,
        docking: Docking,
        profile: Profile,
        *,
        source: TimeSource,
        earlier: EarlierDocking | None = None,
        limits: Limits | None = None,
    ) -> Arrival:
        """Hold its clock against ours; *earlier* is its last docking with a measured clock."""
        reading = None if docking.asked is None else docking.asked.clock
        if reading is None:
            return cls(docking, profile, source)
        known = None if earlier is None else earlier.clock
        measured = measure(reading, zone=profile.clock.zone, source=source, earlier=known, limits=limits)
        return cls(docking, profile, source, measured)

    def entry(self, device: Subject, actor: Actor, *, where: str) -> Entry:
        """Return the ``DOCKED`` of *device*; *where* its card was found is personal."""
        docking = self.docking
        body: dict[str, Json] = {
            "bay": docking.bay,
            "chosen": docking.chosen is not None,
            "clock": clock_json(self.clock, self.source),
            "dock": docking.dock,
            "mount": docking.mount_options or None,
            "profile": self.profile.name,
            "usb": [*_usb_ids(docking)] or None,
            **_figures(docking.asked),
        }
        told = {key: value for key, value in body.items() if value is not None}
        return Entry("DOCKED", device, actor, told, {"where": readable_text(where), **self._personal()})

    def _personal(self) -> dict[str, Json]:
        docking, asked = self.docking, self.docking.asked or Asked("")
        raw = "" if asked.clock is None else asked.clock.raw
        said = {
            "label": docking.label,
            "serial": docking.usb.serial if docking.usb is not None else None,
            "first_serial": docking.first.serial if docking.first is not None else None,
            "says_device": asked.device,
            "says_officer": asked.officer,
            "firmware": asked.firmware,
            "clock_raw": None if _PLAIN_CLOCK.fullmatch(raw) else raw,
        }
        return {key: readable_text(value) for key, value in said.items() if value}


def clock_json(clock: Measured | None, source: TimeSource) -> dict[str, Json]:
    """Write a measurement as leaves do: whole milliseconds, offsets positive where the camera is ahead."""
    if clock is None:
        return {"source": source.as_json()}
    raw = clock.reading.raw
    written: dict[str, Json] = {
        "drift_ms_per_day": clock.drift_ms_per_day,
        "findings": list(clock.findings),
        "offset_ms": clock.offset_ms,
        "ours": utc_text(clock.reading.at),
        "raw": raw if _PLAIN_CLOCK.fullmatch(raw) else None,
        "source": source.as_json(),
        "wall_ms": clock.wall_ms,
        "within_ms": clock.within_ms,
        "zone": clock.zone,
        "zone_minutes": _whole(clock.reading.zone_minutes, least=-_LARGEST),
    }
    return {key: value for key, value in written.items() if value is not None}


def undocked(device: Subject, actor: Actor, *, docking: int, how: How, bay: str | None = None) -> Entry:
    """Return the entry by which the docking in entry number *docking* ends. Recorded twice, the last one stands."""
    body: dict[str, Json] = {"docking": docking, "how": how}
    return Entry("UNDOCKED", device, actor, body if bay is None else {**body, "bay": bay})


def readable_text(text: str) -> str:
    """Return *text* as it can be kept: what is no character is written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _figures(asked: Asked | None) -> dict[str, Json]:
    """What a camera says in numbers, as far as they can be true."""
    if asked is None:
        return {}
    return {
        "asked": asked.dialect,
        "battery": _whole(asked.battery_percent, most=_FULL),
        "free_bytes": _whole(asked.free_bytes),
        "needs_password": asked.needs_password,
        "total_bytes": _whole(asked.total_bytes),
    }


def _whole(value: int | None, *, least: int = 0, most: int = _LARGEST) -> int | None:
    return value if value is not None and least <= value <= most else None


def _usb_ids(docking: Docking) -> tuple[str, ...]:
    """The ids it showed, the first one first; ids are claims, never identity."""
    shown = [device.usb_id for device in (docking.first, docking.usb) if device is not None]
    return tuple(dict.fromkeys(usb_id for usb_id in shown if _USB_ID.fullmatch(usb_id)))
