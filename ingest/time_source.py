"""
The state of our own clock: what disciplines it, whether it is in step, and how far it may be off.

A camera's clock is measured against ours, so a measurement is worth no more than this. The kernel always knows whether anybody
keeps its clock in step; chrony and systemd-timesyncd say who. Nothing here blocks for long, and nothing raises: what cannot be
found out is said to be unknown.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from storage.evidence import Json

SourceKind: TypeAlias = Literal["gnss", "ntp", "none", "unknown"]
"""``unknown``: somebody keeps the clock in step, and nothing says who."""

Ask: TypeAlias = Callable[[Sequence[str]], str]
"""Runs a program of this host and gives what it printed; nothing where it is not there, fails or takes too long."""

_PATIENCE = 2
"""Seconds for each program that is asked."""
_NOT_IN_STEP = 5
"""``TIME_ERROR``: what the kernel returns where its clock is not synchronised (adjtimex(2))."""
_UNSYNCHRONISED = 0x40
"""``STA_UNSYNC``."""
_TRACKING_FIELDS = 14
_RECEIVERS = ("GPS", "GNSS", "PPS", "BDS", "BEI", "GLO", "GAL", "NMEA")
"""How reference clocks begin to be called that hear a satellite."""
_LOCAL = "7F7F0101"
"""The reference of a chrony that serves its own unsynchronised clock."""


@dataclass(frozen=True, slots=True)
class TimeSource:
    """What our own clock is worth at this moment."""

    kind: SourceKind = "none"
    synchronised: bool = False
    error_ms: int | None = None
    """How far it may be off, by the word of whoever keeps it; None where nobody knows."""

    def as_json(self) -> dict[str, Json]:
        """Write it as leaves do."""
        return {"kind": self.kind, "synchronised": self.synchronised, "error_ms": self.error_ms}


UNKNOWN = TimeSource("none")


class _Timex(ctypes.Structure):
    """``struct timex`` of Linux up to what is read here; room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


@dataclass(frozen=True, slots=True)
class Kernel:
    """What the kernel says of its clock."""

    synchronised: bool
    most_us: int
    """Largest error in microseconds; the kernel lets it grow while nobody corrects it."""


def time_source(stated: Literal["auto", "gnss", "ntp", "none"] = "auto") -> TimeSource:
    """Say what our clock is worth now; where the office has *stated* what keeps it in step, only whether it is in step."""
    return judged(kernel(), _ask, stated)


def judged(said: Kernel | None, ask: Ask, stated: str = "auto") -> TimeSource:
    """Decide from what the kernel says and what programs answer."""
    if stated == "none" or said is None:
        return UNKNOWN
    if not said.synchronised:
        return UNKNOWN
    plain = TimeSource("unknown", synchronised=True, error_ms=math.ceil(said.most_us / 1000))
    if stated in {"gnss", "ntp"}:
        return replace(plain, kind="gnss" if stated == "gnss" else "ntp")
    chrony = from_chrony(ask(["chronyc", "-c", "tracking"]))
    if chrony is not None:
        return chrony
    if names_a_server(ask(["timedatectl", "show-timesync"])):
        return replace(plain, kind="ntp")
    return plain


def kernel() -> Kernel | None:
    """Ask the kernel, changing nothing; None where it does not tell."""
    timex = _Timex()
    with contextlib.suppress(AttributeError, OSError):  # another system, another C library
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
        if state >= 0:
            is_lost = state == _NOT_IN_STEP or timex.status & _UNSYNCHRONISED
            return Kernel(not is_lost, max(0, timex.maxerror))
    return None


def from_chrony(line: str) -> TimeSource | None:
    """Read ``chronyc -c tracking``; None for anything that is not its answer."""
    fields = line.strip().split(",")
    if len(fields) != _TRACKING_FIELDS:
        return None
    reference, name, stratum, leap = fields[0], fields[1].upper(), fields[2], fields[13]
    try:
        off, delay, dispersion = (float(fields[place]) for place in (4, 10, 11))
        error = math.ceil(1000 * (abs(off) + abs(delay) / 2 + abs(dispersion)))
    except (ValueError, OverflowError):
        return None
    if leap == "Not synchronised" or reference.upper() == _LOCAL:
        return UNKNOWN
    is_receiver = stratum == "1" and name.startswith(_RECEIVERS)
    return TimeSource("gnss" if is_receiver else "ntp", synchronised=True, error_ms=error)


def names_a_server(text: str) -> bool:
    """Say whether ``timedatectl show-timesync`` names the server that systemd-timesyncd listens to."""
    told = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return bool(told.get("ServerName") or told.get("ServerAddress")) and "NTPMessage" in told


def _ask(command: Sequence[str]) -> str:
    program = shutil.which(command[0])
    if program is None:
        return ""
    try:
        told = subprocess.run(
            [program, *command[1:]], capture_output=True, timeout=_PATIENCE, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return told.stdout.decode("utf-8", "replace")
