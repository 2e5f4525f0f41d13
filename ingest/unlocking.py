"""
What is recorded of cameras that must be asked.

==================  =======  ================  ===========================================================================
entry               subject  moves             body
==================  =======  ================  ===========================================================================
``UNLOCK_REFUSED``  device   stays             profile, dialect, which fault; nothing had been set before
``UNLOCK_REFUSED``  dock     stays (also new)  the same, where the camera did not say which one it is
``CLOCK_SET``       device   stays             dialect, what it is set to, how far off it was before and is after
==================  =======  ================  ===========================================================================

``CLOCK_SET`` comes twice: with the step ``ordered`` before the camera is told, so that no crash hides a change of a camera, and
with ``done`` or the fault afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone, tzinfo
from itertools import chain

from ingest.camera import ClockReading
from ingest.dialects import Fault
from storage.evidence import Actor, Entry, Json, Kind, Subject, utc_text
from storage.lifecycle import UNBORN, Move, at_any_time

UNLOCK_REFUSED, CLOCK_SET = "UNLOCK_REFUSED", "CLOCK_SET"


def moves(others: Iterable[Move]) -> tuple[Move, ...]:
    """Return when these may follow: of a camera or dock in whatever state *others* have brought it to."""
    known = tuple(others)
    of_docks = (Move(one.kind, one.type, one.after | {UNBORN}) for one in at_any_time(known, UNLOCK_REFUSED, [Kind.DOCK]))
    of_devices = (at_any_time(known, type_, [Kind.DEVICE]) for type_ in (UNLOCK_REFUSED, CLOCK_SET))
    return (*of_docks, *chain.from_iterable(of_devices))


def unlock_refused(about: Subject, *, profile: str, dialect: str, fault: Fault, actor: Actor) -> Entry:
    """Say that a camera was not unlocked, and that nothing was set."""
    return Entry(UNLOCK_REFUSED, about, actor, {"profile": profile, "dialect": dialect, "fault": fault.value})


def clock_set(
    about: Subject, *, dialect: str, step: str, to: datetime, before_ms: int | None, after_ms: int | None, actor: Actor
) -> Entry:
    """Say that a camera's clock is about to be set, or was."""
    body: dict[str, Json] = {"dialect": dialect, "step": step, "to": utc_text(to)}
    body |= {} if before_ms is None else {"before_ms": before_ms}
    body |= {} if after_ms is None else {"after_ms": after_ms}
    return Entry(CLOCK_SET, about, actor, body)


def zone_of(reading: ClockReading | None, assumed: tzinfo) -> tzinfo:
    """Return the zone a camera says it counts in, else the one that is assumed."""
    if reading is None or reading.zone_minutes is None:
        return assumed
    return timezone(timedelta(minutes=reading.zone_minutes))


def offset_ms(reading: ClockReading | None, assumed: tzinfo) -> int | None:
    """Return how far a camera's clock is ahead of ours; None where it shows none, or no time that exists."""
    if reading is None:
        return None
    try:
        shown = datetime.strptime(reading.raw, "%Y%m%d%H%M%S").replace(tzinfo=zone_of(reading, assumed))
        return (shown - reading.at) // timedelta(milliseconds=1)
    except ValueError:  # a 30th of February
        return None
