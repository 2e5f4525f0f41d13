"""What a follower knows of a board, put together from what it is told: bays, alarms, and what each bay went through."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from ingest.board import Alarm, AlarmKind, Bay, Picture, Status, Update, in_order

Follow: TypeAlias = Callable[[int, timedelta], tuple[Update, ...]]
"""`Board.after` or `BoardClient.after`."""

TROUBLED = frozenset({Status.REFUSED, Status.FAILED})
_REMEMBERED = 20
"""States of a bay that are kept for whoever wants to know what happened."""


@dataclass(slots=True)
class Mirror:
    """Shows what it was told; for one thread."""

    number: int = -1
    """Of the last update; whoever follows goes on after it."""
    bays: dict[str, Bay] = field(default_factory=dict)
    alarms: dict[tuple[AlarmKind, str], Alarm] = field(default_factory=dict)
    past: dict[str, deque[Bay]] = field(default_factory=dict)
    """What each bay showed last in each of its states, the present one last."""

    def see(self, update: Update) -> None:
        """Take *update* in."""
        self.number = update.number
        if isinstance(update, Picture):
            self.bays = {}
            self.alarms = {(alarm.kind, alarm.about): alarm for alarm in update.alarms}
            for bay in update.bays:
                self._see_bay(bay)
            return
        if update.bay is not None:
            self._see_bay(update.bay)
            if update.is_over:
                self.bays.pop(update.bay.name)
        if update.alarm is not None:
            key = (update.alarm.kind, update.alarm.about)
            if update.is_over:
                self.alarms.pop(key, None)
            else:
                self.alarms[key] = update.alarm

    def in_order(self) -> list[Bay]:
        """Return the bays in the order in which people count them."""
        return [self.bays[name] for name in sorted(self.bays, key=in_order)]

    def _see_bay(self, bay: Bay) -> None:
        self.bays[bay.name] = bay
        past = self.past.setdefault(bay.name, deque(maxlen=_REMEMBERED))
        if past and (past[-1].status, past[-1].since) == (bay.status, bay.since):
            past[-1] = bay
        else:
            past.append(bay)


def is_busy(bay: Bay) -> bool:
    """Say whether there is something in a bay."""
    return bay.status is not Status.IDLE


def needs_help(bay: Bay) -> bool:
    """Say whether somebody should look at a bay."""
    return bay.status in TROUBLED or bay.is_fit is False or bool(bay.problems)
