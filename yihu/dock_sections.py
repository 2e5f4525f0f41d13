"""The sections of ``yihu.toml`` about docks and cameras."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from ingest.admission import Admit, Policy, PortRule
from yihu.sections import Section


class PortSection(Section):
    """What is laid down for one bay."""

    device: str = ""
    """The only camera that is read there: the UUID or label of its card, ``1234:5678/SERIAL``, or the id it tells."""
    officer: str = ""
    """Badge of the only officer whose camera is read there."""
    priority: bool = False
    """What is in it is read first."""
    locked: bool = False
    """Nothing in it is read."""

    def rule(self) -> PortRule:
        """Return the same as `ingest.admission` knows it."""
        return PortRule(self.device, self.officer, has_priority=self.priority, is_locked=self.locked)


class DockSection(Section):
    """The docks of this host and what may be plugged into them."""

    profiles: Path | None = None
    """Directory with dock profiles (TOML), which name bays. Unset: every USB socket is a bay, called by its place."""
    mounts: Path = Path("mounts")
    """Directory in which cameras are mounted, private to the program; what a killed run left there is let go of."""
    admit: Admit = Admit.RECOGNISED
    """Which storage devices are taken for cameras: ``known``, ``recognised`` by a device profile, or ``any``."""
    known: tuple[str, ...] = ()
    """Cameras that are always known, by UUID or label of the card or ``1234:5678/SERIAL``; for ``admit = "known"``."""
    ports: dict[str, PortSection] = Field(default_factory=dict)
    """Tables ``[dock.ports.NAME]``, one for each bay something is laid down for."""

    def policy(self) -> Policy:
        """Return what this says as `ingest.admission` knows it."""
        ports = {name: port.rule() for name, port in self.ports.items()}
        return Policy(self.admit, frozenset(each.casefold() for each in self.known), ports)


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
