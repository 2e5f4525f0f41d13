"""The sections of ``yihu.toml`` about docks and cameras."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from yihu.sections import Section


class DockSection(Section):
    """The docks of this host and what may be plugged into them."""


class CamerasSection(Section):
    """Cameras that must be asked."""

    passwords: Path = Path("keys/cameras")
    """Directory with the passwords of cameras, a file (mode 0600) for each profile or camera; there are no others."""
    tried: Path = Path("tried-cameras")
    """Directory where it is written down which camera was tried, so that no password is tried twice while it is docked."""
    set_clock: bool = False
    """Whether a camera's clock is set after it was read; that changes the camera and is recorded."""
    answer_ms: int = Field(default=1000, ge=10, le=60_000)
    """How long, in milliseconds, a camera is given for each answer."""


class ClockSection(Section):
    """How far clocks are believed."""


class DutySection(Section):
    """What makes a camera fit for duty."""


class ClearSection(Section):
    """When footage may be removed from cameras."""


class BoardSection(Section):
    """How the people in front of the dock are shown what happens."""
