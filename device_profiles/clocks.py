"""
What a camera's clock claims, and how far that may be believed.

A claim is read and marked, never corrected: the raw text stays, the moment is what the text means in the zone it was read in,
and findings say why a person should look twice. Whether the clock ran wrong is measured at the dock, elsewhere.

===============  =====================================================================================
finding          meaning
===============  =====================================================================================
``unreadable``   no date, or one that does not exist (30 February)
``unset``        a clock that was never set: before 2010, among them 1970 (Unix) and 1980 (FAT)
``rollover``     at or past the end of 32-bit Unix time, 2038-01-19T03:14:07Z (or its unsigned end in 2106)
``future``       more than a day later than our own clock
``ambiguous``    the hour happened twice when clocks went back; the first is taken
``skipped``      the hour did not happen when clocks went forward; the offset before it is taken
===============  =====================================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})", re.ASCII)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:\d{2})?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_PLAUSIBLE = datetime(2010, 1, 1, tzinfo=UTC)
"""No camera that we know of was made before; a constant, so that the same claim is marked the same in every year."""
_LAST_OF_32_BITS = datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC)
_TOLERANCE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClockClaim:
    """A moment as a camera claims it."""

    raw: str
    """What the camera gave, untouched."""
    at: datetime | None
    """The moment this means, aware, UTC; None where it means none."""
    zone: str
    """The zone it was read in; ``UTC+08:00`` where it brought an offset of its own."""
    assumed: bool
    """True where the zone is ours to assume: the camera did not say."""
    findings: tuple[str, ...] = ()


def read_clock(raw: str, *, zone: str, now: datetime) -> ClockClaim:
    """
    Read ``YYYYMMDDhhmmss`` or ISO 8601 as the camera gave it, in *zone* where it names no offset.

    Never raises because of *raw*; an unknown *zone* is the profile's fault and raises.
    """
    local = digits_of(raw)
    if local is None:
        return ClockClaim(raw=raw, at=None, zone=zone, assumed=True, findings=("unreadable",))
    if local.tzinfo is not None:
        return _claim(raw, local, zone=str(local.tzinfo), now=now)
    there = local.replace(tzinfo=ZoneInfo(zone))
    return _claim(raw, there, zone=zone, now=now, assumed=True)


def read_modified(modified_ns: int, *, now: datetime, zone: str = "UTC") -> ClockClaim:
    """
    Read a modification time as the file system gave it, nanoseconds since 1970.

    FAT keeps local time and the mount decides which: *zone* is the camera's where the mount took its digits for UTC. It is
    always an assumption.
    """
    raw = str(modified_ns)
    try:
        at = _EPOCH + timedelta(microseconds=modified_ns // 1000)
    except OverflowError:
        return ClockClaim(raw=raw, at=None, zone=zone, assumed=True, findings=("unreadable",))
    return _claim(raw, at.replace(tzinfo=ZoneInfo(zone)), zone=zone, now=now, assumed=True)


def digits_of(raw: str) -> datetime | None:
    """Read the digits of a clock, with the offset it brings where it brings one; None where they are no date and time."""
    text = _DIGITS.sub(r"\1-\2-\3T\4:\5:\6", raw) if _DIGITS.fullmatch(raw) else raw
    if not _ISO.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # well written, but there is no such day, hour or offset
        return None


def _claim(raw: str, there: datetime, *, zone: str, now: datetime, assumed: bool = False) -> ClockClaim:
    try:
        at = there.astimezone(UTC)
    except OverflowError:  # year 1 east of Greenwich
        return ClockClaim(raw=raw, at=None, zone=zone, assumed=assumed, findings=("unreadable",))
    findings = (*_implausible(at, now), *_daylight(there))
    return ClockClaim(raw=raw, at=at, zone=zone, assumed=assumed, findings=findings)


def _implausible(at: datetime, now: datetime) -> tuple[str, ...]:
    if at < _FIRST_PLAUSIBLE:
        return ("unset",)
    if at >= _LAST_OF_32_BITS:
        return ("rollover",) if now < _LAST_OF_32_BITS else _future(at, now)
    return _future(at, now)


def _future(at: datetime, now: datetime) -> tuple[str, ...]:
    return ("future",) if at > now + _TOLERANCE else ()


def _daylight(there: datetime) -> tuple[str, ...]:
    first, second = there.replace(fold=0).utcoffset(), there.replace(fold=1).utcoffset()
    if first == second or first is None or second is None:
        return ()
    return ("ambiguous",) if first > second else ("skipped",)
