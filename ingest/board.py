"""
The board: what happens at every bay right now, for the people in front of the dock.

It lives in the memory of the dock program and is published as a stream of events; none of it goes through the ledger. Every
change has a number, so whoever follows may ask for what came after the last one seen; who fell too far behind gets the whole
board again. Numbers begin anew with every start of the program, which therefore has a name of its own: `Board.start`.

Names of people and of files stand here and nowhere else; what is shown here is never logged. Which status may follow which is
said by `ingest.bay_moves`.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

_REMEMBERED = 1_000
"""Changes kept for those who follow."""


class Status(StrEnum):
    """Where a bay stands."""

    IDLE = "idle"
    IDENTIFYING = "identifying"
    READING = "reading"
    PROVING = "proving"
    """Everything is read; the stored bytes are being proved. The camera must stay."""
    SAFE = "safe"
    """Everything on it is ours and stored: it may be taken out."""
    CLEARING = "clearing"
    CLEARED = "cleared"
    REFUSED = "refused"
    """Not taken in, and why: *reason*."""
    FAILED = "failed"
    """Something went wrong, and what: *reason*. What was not taken in is still on the camera."""


class AlarmKind(StrEnum):
    """What a person should come for."""

    STORE_AWAY = "store-away"
    DATABASE_AWAY = "database-away"
    SPOOL_FILLING = "spool-filling"
    CLOCK_WRONG = "clock-wrong"
    PROFILE_UNKNOWN = "profile-unknown"
    CAMERA_FILLING = "camera-filling"
    """A camera that may not be cleared will soon record over its oldest footage."""
    NOT_ANCHORED = "not-anchored"
    DOCK_LOST = "dock-lost"
    UNFIT = "unfit"
    """A camera that should not go out on duty."""


@dataclass(frozen=True, slots=True)
class Bay:
    """What a bay shows."""

    name: str
    status: Status = Status.IDLE
    since: datetime | None = None
    camera: str = ""
    """What people call the camera: its own id, or the label of its card."""
    profile: str = ""
    officer: str = ""
    """Who carried it, for people at the dock only."""
    file: str = ""
    file_size: int = 0
    file_done: int = 0
    files: int = 0
    files_done: int = 0
    size: int = 0
    """Bytes to read from this camera, and how many are."""
    done: int = 0
    rate: int = 0
    """Bytes a second, over the last seconds."""
    left: timedelta | None = None
    """How long reading will take, at this rate."""
    reason: str = ""
    """Why it is refused or failed, or what waits; the English of `yihu.language` translates it by *error*."""
    error: str = ""
    """The code of the reason, by which a translation is found."""
    problems: int = 0
    """Files that could not be taken in."""
    is_fit: bool | None = None
    """Whether the camera is fit for duty; None where nobody checked."""
    unfit: tuple[str, ...] = ()
    """Codes of what speaks against it."""
    is_locked: bool = False
    """Nothing put into this bay is read."""
    has_priority: bool = False
    """What is put into this bay is read first (优先采集)."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something a person should come for, as long as it lasts."""

    kind: AlarmKind
    about: str = ""
    """The bay, camera or store."""
    since: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the board."""

    number: int
    bay: Bay | None = None
    alarm: Alarm | None = None
    is_over: bool = False
    """The alarm ended, or the bay is gone with its dock."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole board at one moment."""

    number: int
    """Of the last change in it."""
    bays: tuple[Bay, ...]
    alarms: tuple[Alarm, ...]
    """In the order in which they began to ring."""
    start: str = ""
    """Of the program; a number is worth something only together with it."""


Update: TypeAlias = Picture | Change

Judge: TypeAlias = Callable[[Status, Status], None]
"""Told of every move of a bay before it is shown; a strict one raises."""


def unjudged(_before: Status, _after: Status) -> None:
    """Let every move pass: in front of the dock, what is shown late is worth more than nothing."""


def in_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort the names of bays as people count: bay 2 before bay 10."""
    parts = re.split(r"([0-9]{1,9})", name)
    return tuple((0, int(part), "") if position % 2 else (1, 0, part) for position, part in enumerate(parts) if part)


@dataclass(slots=True)
class Board:
    """Where threads write what happens, and others read it. Nothing here blocks longer than a dictionary takes."""

    clock: Callable[[], datetime]
    judge: Judge = unjudged
    start: str = field(default_factory=lambda: secrets.token_hex(4))
    _bays: dict[str, Bay] = field(default_factory=dict)
    _alarms: dict[tuple[AlarmKind, str], Alarm] = field(default_factory=dict)
    _changes: deque[Change] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _number: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def show(self, bay: Bay) -> None:
        """Show *bay* as it is now; its *since* is set here, when its status changed."""
        with self._changed:
            before = self._bays.get(bay.name)
            if before is None or before.status is not bay.status:
                self.judge(before.status if before is not None else Status.IDLE, bay.status)
                shown = replace(bay, since=self.clock())
            else:
                shown = replace(bay, since=before.since)
            if shown != before:
                self._bays[bay.name] = shown
                self._note(bay=shown)

    def bay(self, name: str) -> Bay:
        """Return what a bay shows; an idle one where nothing was shown yet."""
        with self._changed:
            return self._bays.get(name, Bay(name))

    def forget(self, name: str) -> None:
        """Show a bay no more, because its dock is gone; whoever follows is told that it is over."""
        with self._changed:
            if self._bays.pop(name, None) is not None:
                self._note(bay=Bay(name, since=self.clock()), is_over=True)

    def ring(self, kind: AlarmKind, about: str = "", reason: str = "") -> None:
        """Raise an alarm, or say more about one that rings."""
        with self._changed:
            before = self._alarms.get((kind, about))
            alarm = Alarm(kind, about, before.since if before is not None else self.clock(), reason)
            if alarm != before:
                self._alarms[kind, about] = alarm
                self._note(alarm=alarm)

    def hush(self, kind: AlarmKind, about: str = "") -> None:
        """End an alarm, if it rings."""
        with self._changed:
            alarm = self._alarms.pop((kind, about), None)
            if alarm is not None:
                self._note(alarm=alarm, is_over=True)

    def picture(self) -> Picture:
        """Return the whole board."""
        with self._changed:
            return self._picture()

    def after(self, number: int, patience: timedelta) -> tuple[Update, ...]:
        """
        Return what changed after change *number*, waiting for something no longer than *patience*.

        Where those changes are not remembered any more, or *number* was never given, it is the whole `Picture`: a number below
        zero always asks for it. Numbers of another start are found out by whoever carries them (`Picture.start`).
        """
        with self._changed:
            if number > self._number or self._is_forgotten(number):
                return (self._picture(),)
            self._changed.wait_for(lambda: self._number > number, patience.total_seconds())
            if self._is_forgotten(number):  # more happened at once than is remembered
                return (self._picture(),)
            return tuple(change for change in self._changes if change.number > number)

    def _is_forgotten(self, number: int) -> bool:
        return number < self._number - len(self._changes)

    def _picture(self) -> Picture:
        bays = tuple(self._bays[name] for name in sorted(self._bays, key=in_order))
        return Picture(self._number, bays, tuple(self._alarms.values()), self.start)

    def _note(self, *, bay: Bay | None = None, alarm: Alarm | None = None, is_over: bool = False) -> None:
        self._number += 1
        self._changes.append(Change(self._number, bay, alarm, is_over))
        self._changed.notify_all()
