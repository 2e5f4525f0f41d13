"""The sections of ``yihu.toml`` about docks and cameras."""

from __future__ import annotations

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
    """When footage may be removed from cameras; never while nobody outside the bureau holds the ledger."""

    policy: Literal["never", "after-days", "at-once"] = "never"
    """``never``; ``after-days``: so long after a clip was secured; ``at-once``: as soon as both proofs are there."""
    days: int = Field(default=7, ge=0, le=3650)
    """With ``after-days``: how many days a clip stays on its camera after it was secured."""
    trust_folder_store: bool = False
    """Whether a folder is enough as a store, though it is not protected from this machine. Only for trying things out."""


class BoardSection(Section):
    """How the people in front of the dock are shown what happens."""
