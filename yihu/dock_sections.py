"""The sections of ``yihu.toml`` about docks and cameras."""

from __future__ import annotations

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
    """How the people in front of the dock are shown what happens."""
