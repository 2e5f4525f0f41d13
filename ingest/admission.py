"""
What may be plugged in: decided three times, each time on more than before, and never by trusting what is decided on.

When a device arrives, its bay and its USB classes are looked at; nothing was mounted or asked yet. When it could be told which
camera it claims to be, an office that admits only cameras it knows refuses the others. Once it was looked at, read-only, a
profile must fit, and the bay must not be kept for somebody else. All answers are pure functions of values.

A camera that lies about its classes lies to the kernel, too: whatever brings a keyboard or a network beside its disk is
refused as a whole. The kernel has by then bound its drivers; to keep those away takes a rule of udev (``deploy/``).
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from device_profiles.fields import Interface
from device_profiles.matching import Decision
from ingest.docks import BayPlace, is_hub
from ingest.heard import interface_of
from ingest.usb import UsbDevice, Volume


class Admit(StrEnum):
    """Which storage devices are taken for cameras."""

    KNOWN = "known"
    """Those the office listed or enrolled by hand; nothing else is ever mounted."""
    RECOGNISED = "recognised"
    """Those that, looked at read-only, a profile recognises by something; the one that always fits does not count."""
    ANY = "any"
    """Every one with a file system we read."""


class Reason(StrEnum):
    """Why something is refused; stands in the ledger."""

    NO_BAY = "no-bay"
    """Docks are described, and it hangs in none of their bays."""
    LOCKED = "bay-locked"
    NOT_A_CAMERA = "not-a-camera"
    """None of its interfaces is one of a camera: a keyboard, a printer, a network adapter."""
    MIXED = "mixed-classes"
    """It brings something beside a disk that no camera needs."""
    UNKNOWN_DEVICE = "unknown-device"
    """It speaks a language of its maker, and nobody here knows its ids."""
    NOT_KNOWN = "not-known"
    """The office admits only cameras it knows."""
    NO_PROFILE = "no-profile"
    """Nothing on it says that it is a camera."""
    KEPT = "bay-kept"
    """The bay is kept for another camera or officer."""


@dataclass(frozen=True, slots=True)
class Admission:
    """An answer: admitted, ignored (hubs), or refused with a reason."""

    reason: Reason | None = None
    is_ignored: bool = False

    @property
    def is_admitted(self) -> bool:
        """Whether to go on with it."""
        return self.reason is None and not self.is_ignored


ADMITTED, IGNORED = Admission(), Admission(is_ignored=True)


@dataclass(frozen=True, slots=True)
class PortRule:
    """What the office laid down for one bay."""

    device: str = ""
    """Only this camera: one of the names of `names_of`, or the id it tells."""
    officer: str = ""
    """Only cameras this officer carried, by badge."""
    has_priority: bool = False
    """What is in it is read first (优先采集)."""
    is_locked: bool = False
    """Nothing in it is read."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the office laid down about docks."""

    admit: Admit = Admit.RECOGNISED
    known: frozenset[str] = frozenset()
    """Cameras the office listed, by the names of `names_of`."""
    ports: Mapping[str, PortRule] = field(default_factory=dict)
    """By the name of the bay."""

    def rule(self, bay: BayPlace) -> PortRule:
        """Return what holds for *bay*."""
        return self.ports.get(bay.name, PortRule())


def admit_device(policy: Policy, device: UsbDevice, bay: BayPlace | None, *, askable: Container[str] = ()) -> Admission:
    """
    Say whether to go on with a device that arrived; nothing on it was touched yet.

    *askable* are the USB ids that a dialect or a profile knows: only with those is a language of the maker spoken.
    """
    if is_hub(device):
        return IGNORED
    if bay is None:
        return Admission(Reason.NO_BAY)
    if policy.rule(bay).is_locked:
        return Admission(Reason.LOCKED)
    return Admission(_class_fault([interface_of(each) for each in device.classes], is_askable=device.usb_id in askable))


def admit_named(policy: Policy, names: Container[str], *, is_enrolled: bool = False) -> Admission:
    """
    Say whether to mount a volume, or ask a camera, that goes by *names*.

    *is_enrolled* tells that a person of this office enrolled it by hand: that it was met before is not enough.
    """
    if policy.admit is not Admit.KNOWN or is_enrolled or any(each in names for each in policy.known):
        return ADMITTED
    return Admission(Reason.NOT_KNOWN)


def admit_looked_at(
    policy: Policy, bay: BayPlace, decision: Decision, *, names: Container[str] = (), officer: str | None = None
) -> Admission:
    """
    Say whether to take in what a look at the card found; *officer* is the badge of whoever carried it, where that is known.

    Raises nothing where no profile fits at all: `decide` did.
    """
    rule = policy.rule(bay)
    if (rule.device and rule.device.casefold() not in names) or (rule.officer and rule.officer != officer):
        return Admission(Reason.KEPT)
    if policy.admit is Admit.RECOGNISED and not is_recognised(decision):
        return Admission(Reason.NO_PROFILE)
    return ADMITTED


def is_recognised(decision: Decision) -> bool:
    """Say whether something on the card speaks for its profile, or a person does; that a rule always fits says nothing."""
    because = decision.because
    return because is None or any(condition.kind != "always" for condition in because.conditions)


def names_of(device: UsbDevice, volume: Volume | None = None, told: str | None = None) -> frozenset[str]:
    """
    Return what a camera can be called by in settings, all in lower case; every one of them is its claim.

    ``1234:5678/SERIAL``, the UUID and the label of its volume, and *told*, the id it gave when it was asked.
    """
    names = [
        f"{device.usb_id}/{device.serial}" if device.serial else "",
        (volume.uuid or "") if volume is not None else "",
        volume.label if volume is not None else "",
        told or "",
    ]
    return frozenset(each.casefold() for each in names if each)


def _class_fault(found: list[Interface | None], *, is_askable: bool) -> Reason | None:
    if not any(found):
        return Reason.NOT_A_CAMERA
    if not all(found):
        return Reason.MIXED
    if set(found) == {"vendor"} and not is_askable:
        return Reason.UNKNOWN_DEVICE
    return None
