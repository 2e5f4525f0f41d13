"""
Counting what is refused, so that nobody can grow the ledger at will by plugging something in and out.

The same device (by its USB id) refused in the same bay for the same reason is recorded at once when it is new, and then once a
minute with how often. Something that comes with another id each time is counted together once it has shown a few.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from storage.evidence import Subject

EVERY = timedelta(minutes=1)
"""How often at most the same is recorded."""
_DISTINCT = 5
"""Different ones of one bay that are recorded within that time, before the rest is only counted."""
MANY = "many"
"""The reason where too many different ones came; then they have no USB id."""


@dataclass(frozen=True, slots=True)
class RefusedDevice:
    """Something that was not taken in."""

    bay: str
    reason: str
    """A code."""
    usb_id: str = ""
    classes: tuple[str, ...] = ()
    serial: str = ""
    manufacturer: str = ""
    product: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """How often something was refused since it was recorded last."""

    dock: Subject
    device: RefusedDevice
    first: datetime
    times: int = 1

    @property
    def key(self) -> tuple[str, ...]:
        """What is counted as the same."""
        return (str(self.dock), self.device.bay, self.device.usb_id, self.device.reason)


@dataclass(slots=True)
class Refusals:
    """What was refused and is not recorded yet, and when what was recorded last."""

    _open: dict[tuple[str, ...], Counted] = field(default_factory=dict)
    _recorded: dict[tuple[str, ...], datetime] = field(default_factory=dict)

    def note(self, dock: Subject, device: RefusedDevice, now: datetime) -> None:
        """Count one more."""
        counted = Counted(dock, device, now)
        if self._is_one_too_many(counted):
            counted = Counted(dock, RefusedDevice(device.bay, MANY), now)
        before = self._open.get(counted.key)
        self._open[counted.key] = counted if before is None else replace(before, times=before.times + 1)

    def due(self, now: datetime, *, last_call: bool = False) -> tuple[Counted, ...]:
        """Return what should be recorded now; with *last_call* everything that was not."""
        self._recorded = {key: at for key, at in self._recorded.items() if timedelta(0) <= now - at < EVERY}
        return tuple(each for key, each in self._open.items() if last_call or key not in self._recorded)

    def recorded(self, counted: Counted, now: datetime) -> None:
        """Count anew from now on; what came meanwhile stays counted."""
        self._recorded[counted.key] = now
        after = self._open.pop(counted.key, counted)
        if after.times > counted.times:
            self._open[counted.key] = replace(after, first=now, times=after.times - counted.times)

    def _is_one_too_many(self, counted: Counted) -> bool:
        shown = {key for key in (*self._open, *self._recorded) if key[:2] == counted.key[:2] and key[3] != MANY}
        return counted.key not in shown and len(shown) >= _DISTINCT
