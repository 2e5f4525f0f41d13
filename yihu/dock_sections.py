"""The sections of ``yihu.toml`` about docks and cameras."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from ingest.admission import Admit, Policy, PortRule
from ingest.clock_offset import Limits
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

    source: Literal["auto", "gnss", "ntp", "none"] = "auto"
    """What keeps this machine's clock right. ``auto``: ask kernel, chrony and systemd-timesyncd; ``none``: believe nobody."""
    drift_seconds_per_day: int = Field(default=3, ge=1, le=3600)
    """A camera's clock that drifts faster since its last docking is a finding, on the docking and on its clips."""
    jump_seconds_per_day: int = Field(default=60, ge=1, le=86400)
    """Faster than any clock drifts: it was set, or lost its time, in between. Nothing is interpolated over such a jump."""
    wrong_seconds: int = Field(default=60, ge=1, le=86400)
    """A camera's clock further off than this is a finding, and an alarm at the dock."""
    believed_hours: int = Field(default=24, ge=1, le=8760)
    """Times are not corrected by a clock further off than this: it was never set."""

    @property
    def limits(self) -> Limits:
        """The same as the dock uses it."""
        return Limits(
            drift_ms_per_day=1000 * self.drift_seconds_per_day,
            jump_ms_per_day=1000 * self.jump_seconds_per_day,
            wrong=timedelta(seconds=self.wrong_seconds),
            believed=timedelta(hours=self.believed_hours),
        )


class DutySection(Section):
    """What makes a camera fit for duty, and how cameras are given out. A zero demands nothing of that kind."""

    min_battery_percent: int = Field(default=60, ge=0, le=100)
    """Battery in per cent that a camera needs to go out."""
    min_free_percent: int = Field(default=20, ge=0, le=100)
    """Free space that its card needs, in per cent."""
    min_free_hours: int = Field(default=0, ge=0)
    """Free space that its card needs, in hours of footage at `bitrate_kbit`."""
    bitrate_kbit: int = Field(default=8000, ge=1)
    """Kilobits that a second of footage takes on these cameras."""
    max_clock_offset_seconds: int = Field(default=30, ge=0)
    """Seconds that its clock may be away from ours."""
    max_days_since_docking: int = Field(default=7, ge=0)
    """Days after which a camera must have been in the dock again; one that is out for longer is overdue."""
    max_days_since_clear: int = Field(default=0, ge=0)
    """Days after which a camera must have been cleared again."""
    returned_by_docking: bool = False
    """Whether a camera found in the dock counts as given back. No: a camera that is one officer's own stays his."""
    by_choice: bool = True
    """Whether a name may be chosen from a list; if not, cameras are issued by card, PIN or signature alone."""
    pin_attempts: int = Field(default=5, ge=1, le=20)
    """How many wrong PINs in a row lock it."""
    pin_locked_minutes: int = Field(default=15, ge=1, le=1440)
    """Minutes for which it is locked then; each further wrong PIN doubles them, up to a day."""

    @property
    def since_docking(self) -> timedelta:
        """`max_days_since_docking` as a duration."""
        return timedelta(days=self.max_days_since_docking)


class ClearSection(Section):
    """When footage may be removed from cameras; never while nobody outside the bureau holds the ledger."""

    policy: Literal["never", "after-days", "at-once"] = "never"
    """``never``; ``after-days``: so long after a clip was secured; ``at-once``: as soon as both proofs are there."""
    days: int = Field(default=7, ge=0, le=3650)
    """With ``after-days``: how many days a clip stays on its camera after it was secured."""
    trust_folder_store: bool = False
    """Whether a folder is enough as a store, though it is not protected from this machine. Only for trying things out."""


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
