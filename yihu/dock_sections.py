"""The sections of ``yihu.toml`` about docks and cameras."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from yihu.sections import Section


class DockSection(Section):
    """The docks of this host and what may be plugged into them."""


class CamerasSection(Section):
    """Cameras that must be asked."""


class ClockSection(Section):
    """How far clocks are believed."""


class DutySection(Section):
    """What makes a camera fit for duty."""


class ClearSection(Section):
    """When footage may be removed from cameras."""


class BoardSection(Section):
    """How the people in front of the dock are shown what happens, and when they are called."""

    socket: Path = Path("run/dock.sock")
    """The socket on which a running dock says what happens; ``yihu board`` and ``yihu serve`` follow it."""
    socket_mode: Literal["0600", "0660"] = "0600"
    """Who may follow: ``0600`` the user of the dock alone, ``0660`` its group too. What is shown names people and files."""
    spool_alarm_percent: int = Field(default=80, ge=1, le=100)
    """How full the spool's disk may be before it is an alarm."""
    watch_seconds: int = Field(default=30, ge=1, le=3600)
    """How often store, database, spool and time source are looked at."""
    host_clock: bool = True
    """Whether it is an alarm that this machine's clock is not set by a time source (NTP, GNSS)."""
