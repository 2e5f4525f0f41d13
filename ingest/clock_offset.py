"""
How far a camera's clock is off, and what that makes of the times it wrote.

At the dock its clock is read before anybody sets it: that is one measurement, good to half the time between question and
answer, half of its last digit, and whatever our own clock may be off by. Between two measurements it is taken to have drifted
evenly; how far that may be wrong is part of the uncertainty. What the camera wrote is never changed: a corrected time stands
beside it.

=========================  ==============================================================================================
finding                    meaning
=========================  ==============================================================================================
``clock-wrong``            further off than the office allows
``clock-drift``            since the last docking it drifted faster than the office allows (3 s a day)
``clock-jumped``           so much faster that no clock drifts so: it was set, or lost its time, on the way
``clock-unbelievable``     so far off that nothing can be corrected by it
``time-source-unsure``     nobody says how far our own clock is off: there is no uncertainty to give
``clock-unset`` …          as `device_profiles.clocks` says of any time a camera writes
=========================  ==============================================================================================
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from device_profiles.clocks import digits_of, read_clock
from ingest.camera import ClockReading
from ingest.time_source import TimeSource
from storage.dockings import KnownClock

WRONG, DRIFT, JUMPED = "clock-wrong", "clock-drift", "clock-jumped"
UNBELIEVABLE, UNSURE = "clock-unbelievable", "time-source-unsure"
ON_CLIPS = frozenset({WRONG, DRIFT, JUMPED})
"""What is said of every recording of such a docking, too."""

_MS = timedelta(milliseconds=1)
_DAY = timedelta(days=1)
_WHOLE_SECONDS = timedelta(seconds=1)
_SHORTEST = timedelta(minutes=10)
"""Between two measurements, before a drift is told from them: the last digits alone would make one of a minute."""
_FURTHEST_ZONE = 24 * 60


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on an office wants to know."""

    drift_ms_per_day: int = 3_000
    jump_ms_per_day: int = 60_000
    wrong: timedelta = timedelta(seconds=60)
    believed: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Corrected:
    """A moment by our clock, made from one that a camera wrote."""

    at: datetime
    uncertainty_ms: int | None
    """It was no further away than this; None where nobody knows how far our own clock was off."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A camera's clock against ours. Offsets are positive where it is ahead."""

    reading: ClockReading
    zone: str
    """In which names of its files are read."""
    source: TimeSource
    limits: Limits
    offset_ms: int | None = None
    """None where what it showed is no time."""
    wall_ms: int | None = None
    """The same for what its display shows, read in *zone*: this is what names of files show."""
    within_ms: int = 0
    drift_ms_per_day: int | None = None
    findings: tuple[str, ...] = ()
    earlier: KnownClock | None = None

    def corrected(self, claimed: datetime, granularity: timedelta) -> Corrected | None:
        """
        Say when that was which the camera wrote as *claimed*, read in *zone*, of which it drops what is below *granularity*.

        None where that cannot be told: its clock is too far off, or it wrote a time that is still to come.
        """
        if self.wall_ms is None or UNBELIEVABLE in self.findings:
            return None
        try:
            at, spread = self._moment(claimed + granularity / 2, self.wall_ms)
        except OverflowError:  # the first or the last day there is
            return None
        spread += self.within_ms + granularity / 2 / _MS
        if spread * _MS > self.limits.believed or at > self.reading.at + spread * _MS:
            return None
        error = self._error()
        return Corrected(at, None if error is None else math.ceil(spread + error))

    def _moment(self, claimed: datetime, now_ms: int) -> tuple[datetime, float]:
        """Give the moment, and by how many milliseconds the drift may have moved it."""
        left = self.earlier
        if left is not None and claimed < left.came_at + left.came_wall_ms * _MS:
            at = claimed - left.came_wall_ms * _MS
            return at, self._assumed(left.came_at - at) + left.within_ms
        at = claimed - now_ms * _MS
        if left is None:
            return at, self._assumed(self.reading.at - at)
        if JUMPED in self.findings or self.drift_ms_per_day is None:
            return at, self._assumed(self.reading.at - at) + abs(now_ms - left.wall_ms) + left.within_ms
        return self._between(claimed, now_ms, left)

    def _between(self, claimed: datetime, now_ms: int, left: KnownClock) -> tuple[datetime, float]:
        """Between two measurements, on the straight line from one to the other."""
        rate = (now_ms - left.wall_ms) * _MS / (self.reading.at - left.at)
        since = (claimed - left.at - left.wall_ms * _MS) / (1 + rate)
        nearest = min(abs(since), abs(self.reading.at - left.at - since))
        return left.at + since, abs(rate) * (nearest / _MS) + left.within_ms

    def _assumed(self, age: timedelta) -> float:
        """Give the milliseconds that a clock may drift in that time which just keeps to the limit."""
        return self.limits.drift_ms_per_day * (abs(age) / _DAY)

    def _error(self) -> int | None:
        errors = (self.source.error_ms, self.source.error_ms if self.earlier is None else self.earlier.error_ms)
        return None if errors[0] is None or errors[1] is None else max(errors[0], errors[1])


def measure(
    reading: ClockReading, *, zone: str, source: TimeSource, earlier: KnownClock | None = None, limits: Limits | None = None
) -> Measured:
    """Hold what a camera's clock showed against ours. Never raises because of what it showed."""
    allowed = limits or Limits()
    unsure = () if source.synchronised and source.error_ms is not None else (UNSURE,)
    shown = _shown(reading, zone)
    said = tuple(f"clock-{finding}" for finding in read_clock(reading.raw, zone=zone, now=reading.at).findings)
    if shown is None:
        return Measured(reading, zone, source, allowed, findings=_once("clock-unreadable", *said, *unsure), earlier=earlier)
    half = timedelta(0) if "." in reading.raw else _WHOLE_SECONDS / 2
    offset, wall = (round((moment + half - reading.at) / _MS) for moment in shown)
    within = math.ceil((abs(reading.within) + half) / _MS)
    drift, sure = _drift(offset, within, reading.at, source, earlier)
    found = [
        *said,
        *([WRONG] if abs(offset) - within > allowed.wrong / _MS else []),
        *([UNBELIEVABLE] if abs(wall) > allowed.believed / _MS else []),
        *([DRIFT] if sure > allowed.drift_ms_per_day else []),
        *([JUMPED] if sure > allowed.jump_ms_per_day else []),
        *unsure,
    ]
    return Measured(reading, zone, source, allowed, offset, wall, within, drift, _once(*found), earlier)


def _shown(reading: ClockReading, zone: str) -> tuple[datetime, datetime] | None:
    """Give the moment a clock showed: by its own zone where it says one, and as its files would be read."""
    there = digits_of(reading.raw)
    if there is None:
        return None
    own, bare = there.utcoffset(), there.replace(tzinfo=None)
    minutes = reading.zone_minutes
    if own is None and minutes is not None and abs(minutes) <= _FURTHEST_ZONE:
        own = timedelta(minutes=minutes)
    try:
        wall = bare.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        return (wall if own is None else (bare - own).replace(tzinfo=UTC)), wall
    except OverflowError:  # the first or the last day there is
        return None


def _drift(offset: int, within: int, at: datetime, source: TimeSource, earlier: KnownClock | None) -> tuple[int | None, float]:
    """Give the drift in milliseconds a day since *earlier*, and how much of it is more than uncertainty."""
    if earlier is None or at - earlier.at < _SHORTEST:
        return None, 0.0
    days = (at - earlier.at) / _DAY
    moved = offset - earlier.offset_ms
    doubt = within + earlier.within_ms + (source.error_ms or 0) + (earlier.error_ms or 0)
    return round(moved / days), max(0.0, (abs(moved) - doubt) / days)


def _once(*codes: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))
