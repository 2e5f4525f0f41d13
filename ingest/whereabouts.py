"""
What became of the volumes that are in one bay, and how each docking ended.

The end of a docking is owed to the ledger until it is recorded: a database that is away just then loses none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from ingest.board import Status
from ingest.docked import How, undocked
from ingest.due import Due
from ingest.steps import Steps
from ingest.usb import Volume
from ingest.visit import Outcome
from storage.errors import StorageUnavailable
from storage.evidence import Entry, Subject

_URGENCY = (Status.FAILED, Status.REFUSED, Status.SAFE, Status.CLEARED)
"""Of several volumes of one camera, which one a person must know of first."""
_DONE = frozenset({Status.SAFE, Status.CLEARED})


@dataclass(slots=True)
class Whereabouts:
    """The volumes of one bay, by their place in sysfs."""

    steps: Steps
    bay: str
    again_every: timedelta
    _outcomes: dict[str, Outcome] = field(default_factory=dict)
    _dockings: dict[int, tuple[str, Subject]] = field(default_factory=dict)
    """Those that have not ended, each with its volume and camera."""
    _owed: list[Entry] = field(default_factory=list)
    _due: Due = field(default_factory=Due)

    def docks(self, volume: Volume) -> Callable[[Subject, int], None]:
        """Return what takes note of the entry by which *volume* is docked."""

        def docked(device: Subject, number: int) -> None:
            self._dockings[number] = (volume.sysfs, device)

        return docked

    def keep(self, volume: Volume, outcome: Outcome) -> None:
        """Take note of what became of *volume*."""
        self._outcomes[volume.sysfs] = outcome

    def of(self, volume: Volume) -> Outcome | None:
        """Return what became of *volume*, or None where nothing did yet."""
        return self._outcomes.get(volume.sysfs)

    @property
    def first(self) -> Outcome | None:
        """The outcome that a person must know of first."""
        return min(self._outcomes.values(), key=lambda one: _URGENCY.index(one.status), default=None)

    @property
    def is_for_later(self) -> bool:
        """Whether something may end better in a while."""
        return any(one.is_for_later for one in self._outcomes.values())

    @property
    def is_read(self) -> bool:
        """Whether there is something, and all of it is ours."""
        return bool(self._outcomes) and all(one.status in _DONE for one in self._outcomes.values())

    def gone(self, how: How, only: Volume | None = None) -> None:
        """End what is open, or what is open of one volume; where not all was taken in, that was early, whatever was shown."""
        ended = {n: place for n, place in self._dockings.items() if only is None or place[0] == only.sysfs}
        for number, (sysfs, device) in ended.items():
            outcome = self._outcomes.get(sysfs)
            is_safe = outcome is not None and outcome.status in _DONE
            truly: How = how if how != "safe" or is_safe else "early"
            self._owed.append(undocked(device, self.steps.actor, docking=number, how=truly, bay=self.bay))
            del self._dockings[number]
        for sysfs in [each for each in self._outcomes if only is None or each == only.sysfs]:
            del self._outcomes[sysfs]
        self.pay()

    def pay(self) -> None:
        """Record the ends that are owed, as far as that is possible now."""
        while self._owed:
            entry = self._owed.pop(0)
            try:
                self.steps.custody.record(entry)
            except StorageUnavailable:
                self._owed.insert(0, entry)
                self._due.once_more(self.again_every)
                return
        self._due.afresh()

    def pay_what_is_due(self) -> None:
        """Record what is owed, if it is time to try again."""
        if self._due.has_come():
            self.pay()
