"""
The pre-duty check: is a camera fit for duty, and if not, why.

Each point has three answers: right, wrong, not checked. A camera that cannot be asked for its battery is not unfit because of
it; it is not called fit either, and what was not checked is said. What an office does not demand is no point at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storage.evidence import Json


class Point(StrEnum):
    """What is looked at."""

    BATTERY = "battery"
    SPACE = "space"
    """Free space, as a share of the card and in hours."""
    CLOCK = "clock"
    DOCKED = "docked"
    """How long ago the camera was last in the dock."""
    CLEARED = "cleared"
    """How long ago it was last cleared."""
    TAKEN_IN = "taken-in"
    """Whether all of its footage is ours."""
    FINDINGS = "findings"
    """Open findings about the camera."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What an office demands of a camera that goes out. A zero demands nothing of that kind."""

    battery_percent: int = 60
    free_percent: int = 20
    free_hours: int = 0
    bitrate_kbit: int = 8000
    """How much a second of footage takes, in kilobits, to turn free space into hours."""
    clock_offset: timedelta = timedelta(seconds=30)
    since_docking: timedelta = timedelta(days=7)
    since_clear: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class DutyFacts:
    """What is known of a camera that is to go out; None is what nobody knows. All but the times are the camera's claims."""

    battery_percent: int | None = None
    free_bytes: int | None = None
    total_bytes: int | None = None
    clock_offset: timedelta | None = None
    """How far its clock is from ours, after it was set if it was."""
    docked_at: datetime | None = None
    cleared_at: datetime | None = None
    files_left: int | None = None
    """Files on it that look like footage and are not ours."""
    findings: tuple[str, ...] | None = None
    """Codes of what is wrong with it and nobody settled."""


@dataclass(frozen=True, slots=True)
class Fitness:
    """What the check found, point by point."""

    right: tuple[Point, ...] = ()
    wrong: tuple[Point, ...] = ()
    unchecked: tuple[Point, ...] = ()

    @property
    def is_fit(self) -> bool | None:
        """False if anything is wrong, True if everything demanded was checked and is right, None where that is not known."""
        if self.wrong:
            return False
        return True if self.right and not self.unchecked else None

    @property
    def verdict(self) -> str:
        """The same as a code: ``fit``, ``unfit`` or ``unchecked``."""
        return {True: "fit", False: "unfit", None: "unchecked"}[self.is_fit]

    def as_json(self) -> dict[str, Json]:
        """Write it as leaves do."""
        return {"verdict": self.verdict, "wrong": _codes(self.wrong), "unchecked": _codes(self.unchecked)}


def _codes(points: Iterable[Point]) -> list[Json]:
    return [point.value for point in points]


NOT_CHECKED = Fitness(unchecked=tuple(Point))
"""Of a camera nobody looked at."""


def fitness(facts: DutyFacts, demands: Demands, *, now: datetime) -> Fitness:
    """Say whether a camera of which *facts* are known is what *demands* ask for."""
    found = dict(_points(facts, demands, now))
    right, wrong, unchecked = (tuple(point for point, is_so in found.items() if is_so is x) for x in (True, False, None))
    return Fitness(right, wrong, unchecked)


def _points(facts: DutyFacts, demands: Demands, now: datetime) -> Iterator[tuple[Point, bool | None]]:
    if demands.battery_percent:
        yield Point.BATTERY, _at_least(_percent(facts.battery_percent), demands.battery_percent)
    if demands.free_percent or demands.free_hours:
        yield Point.SPACE, _has_space(facts, demands)
    if demands.clock_offset:
        yield Point.CLOCK, None if facts.clock_offset is None else abs(facts.clock_offset) <= demands.clock_offset
    if demands.since_docking:
        yield Point.DOCKED, _is_recent(facts.docked_at, demands.since_docking, now)
    if demands.since_clear:
        yield Point.CLEARED, _is_recent(facts.cleared_at, demands.since_clear, now)
    yield Point.TAKEN_IN, None if facts.files_left is None else facts.files_left == 0
    yield Point.FINDINGS, None if facts.findings is None else not facts.findings


def _percent(claim: int | None) -> int | None:
    """What no battery can have is no answer."""
    return claim if claim is not None and 0 <= claim <= 100 else None  # noqa: PLR2004 - per cent


def _at_least(found: int | None, demanded: int) -> bool | None:
    return None if found is None else found >= demanded


def _has_space(facts: DutyFacts, demands: Demands) -> bool | None:
    free, total = facts.free_bytes, facts.total_bytes
    if free is None or total is None or not 0 <= free <= total or total == 0:
        return None
    needed = demands.free_hours * 3600 * demands.bitrate_kbit * 125
    return free * 100 >= demands.free_percent * total and free >= needed


def _is_recent(moment: datetime | None, within: timedelta, now: datetime) -> bool | None:
    # a moment to come says that a clock is wrong, and nothing about the camera
    return None if moment is None or moment > now else now - moment <= within
