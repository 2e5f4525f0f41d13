"""
Which docks are there, from the hubs that come and go.

What the kernel lets us tell apart:

* a dock *arrived*: its hub did;
* it is *gone*: its hub is. Whether somebody pulled the cable, switched the dock off or the hub failed, nobody can tell: on the
  host's side all of them are one disconnect;
* it is *dark*: its hub is still there, and everything in its bays left within a moment. That is how a power supply looks
  that fails while the hub lives on the cable. It is a guess, for as many hands could pull as many cameras; so it takes three;
* the program was *stopped*, and does not know what happens to the dock from then on;
* it was *found gone*: there when the program last ran, not there when it came back. When it went, nobody saw.

A dock that is part of the host, or whose bays hang on controllers of their own, is always there. Whether a hub that is there
has its own power is not asked: what hubs say of it is often wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from ingest.docks import Dock, Docks
from ingest.usb import Arrived, Departed, UsbEvent

_AT_ONCE = 1.0
"""Seconds within which everything must have left a dock that lost its power."""
_HUB_FOLLOWS = 2.0
"""Seconds in which the hub itself would follow what hung on it, were it pulled."""
_ENOUGH = 3
"""Devices that must have left; fewer are pulled by hand."""


class How(StrEnum):
    """How a dock went; stands in the ledger."""

    STOPPED = "stopped"
    GONE = "gone"
    DARK = "dark"
    FOUND_GONE = "found-gone"


@dataclass(frozen=True, slots=True)
class DockChange:
    """A dock came (*how* is None) or went."""

    dock: Dock
    how: How | None = None


@dataclass(slots=True)
class _Standing:
    hubs: set[str] = field(default_factory=set)
    inside: set[str] = field(default_factory=set)
    left: list[float] = field(default_factory=list)
    emptied: float | None = None
    is_there: bool = False


class Presence:
    """Told what comes and goes, it says which docks do. *clock* gives seconds that never go back."""

    def __init__(self, docks: Docks, clock: Callable[[], float]) -> None:
        self._docks, self._clock = docks, clock
        self._standing = {dock: _Standing() for dock in docks.docks}

    def always(self) -> tuple[DockChange, ...]:
        """Return the docks that are there from the start, because they never go."""
        found = [dock for dock in self._standing if not dock.at]
        for dock in found:
            self._standing[dock].is_there = True
        return tuple(DockChange(dock) for dock in found)

    @property
    def there(self) -> tuple[Dock, ...]:
        """The docks that are there."""
        return tuple(dock for dock, standing in self._standing.items() if standing.is_there)

    def saw(self, event: UsbEvent) -> tuple[DockChange, ...]:
        """Say what an event changes."""
        if not isinstance(event, Arrived | Departed):
            return ()
        came = isinstance(event, Arrived)
        hub_of = self._docks.hub_of(event.device)
        if hub_of is not None:
            return tuple(self._hub(hub_of, event.device.sysfs, came=came))
        bay = self._docks.bay_of(event.device)
        return () if bay is None or not bay.dock.at else tuple(self._device(bay.dock, event.device.sysfs, came=came))

    def due(self) -> tuple[DockChange, ...]:
        """Return docks that went dark a moment ago; asked every second or so."""
        now = self._clock()
        dark = [
            dock
            for dock, standing in self._standing.items()
            if standing.is_there and standing.emptied is not None and now - standing.emptied >= _HUB_FOLLOWS
        ]
        for dock in dark:
            self._standing[dock].is_there = False
        return tuple(DockChange(dock, How.DARK) for dock in dark)

    def _hub(self, dock: Dock, sysfs: str, *, came: bool) -> Iterator[DockChange]:
        standing = self._standing[dock]
        if came:
            standing.hubs.add(sysfs)
            yield from self._came(dock)
            return
        standing.hubs.discard(sysfs)
        if not standing.hubs and standing.is_there:
            self._standing[dock] = _Standing()
            yield DockChange(dock, How.GONE)

    def _device(self, dock: Dock, sysfs: str, *, came: bool) -> Iterator[DockChange]:
        standing, now = self._standing[dock], self._clock()
        if came:
            standing.inside.add(sysfs)
            yield from self._came(dock)
            return
        standing.inside.discard(sysfs)
        standing.left = [*(each for each in standing.left if now - each <= _AT_ONCE), now]
        if not standing.inside and len(standing.left) >= _ENOUGH:
            standing.emptied = now

    def _came(self, dock: Dock) -> Iterator[DockChange]:
        standing = self._standing[dock]
        standing.emptied = None
        if standing.hubs and not standing.is_there:
            standing.is_there = True
            yield DockChange(dock)
