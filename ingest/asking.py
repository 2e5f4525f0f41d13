"""
A camera that must be asked, from the moment it is put in to the moment it is given back.

::

    asked = asking.ask(device)                      # questions alone; goes into DOCKED
    outcome = asking.unlock(device, asked, about)   # once; then the camera leaves the bus and returns as a volume
    …                                               # it is read like any other
    asking.farewell(device, unlocked, about)        # once it is back as it was: set the clock, lock

A crash between any two of these costs nothing: nothing was taken from the camera, nothing on it was changed but that it is a
volume now, and putting it in again begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import MappingProxyType
from zoneinfo import ZoneInfo

from device_profiles.fields import DialectName
from device_profiles.profile import Profile, Usb
from ingest.attempts import Attempts
from ingest.camera import Asked
from ingest.dialects import Dialect, Fault, Link, Password, at_sign, bc_plus
from ingest.dialects.at_sign import AtSign
from ingest.dialects.bc_plus import BcPlus
from ingest.dialects.link import Timing, UsbLink, linked
from ingest.passwords import Passwords
from ingest.unlocking import clock_set, offset_ms, unlock_refused, zone_of
from ingest.usb import UsbDevice
from storage.custody import Custody
from storage.errors import EvidenceError, SourceChanged
from storage.evidence import Actor, Subject

CARRIES: Mapping[DialectName, Callable[[Password], bool]] = MappingProxyType(
    {"at-sign": at_sign.carries, "bc-plus": bc_plus.carries}
)
"""Whether a dialect has room for a password."""
DIALECTS: Mapping[DialectName, Dialect] = MappingProxyType({"at-sign": AtSign(), "bc-plus": BcPlus()})


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A camera took the password; in a few seconds it is a volume, with another place in sysfs."""

    profile: str
    dialect: DialectName
    device: str | None
    """What it said it is."""


@dataclass(frozen=True, slots=True)
class UnlockRefused:
    """A camera was not unlocked, and why."""

    profile: str
    dialect: DialectName
    fault: Fault


@dataclass(frozen=True, slots=True)
class Way:
    """How a camera can be asked: by which profile, over which interface."""

    profile: Profile
    usb: Usb

    @property
    def dialects(self) -> tuple[Dialect, ...]:
        """The dialects to try, in order."""
        return tuple(DIALECTS[name] for name in self.usb.dialects)

    @property
    def is_told(self) -> bool:
        """Say whether everything is known that has to be."""
        needed = (self.usb.number, self.usb.bulk_in, self.usb.bulk_out)
        return self.usb.interface == "vendor" and bool(self.usb.dialects) and None not in needed

    def named(self, dialect: str) -> DialectName:
        """Return *dialect* if the profile has it; raises `EvidenceError` otherwise."""
        for name in self.usb.dialects:
            if name == dialect:
                return name
        message = f"profile {self.profile.name}: expected one of {', '.join(self.usb.dialects)}, found {dialect!r}"
        raise EvidenceError(message)


@dataclass(frozen=True, slots=True)
class Farewell:
    """What was done to a camera before it was given back."""

    clock: Fault | None
    """Why the clock was not set; None where it was, or nobody wanted it."""
    is_locked: bool
    """It was told to be no volume any more; False where its dialect has no words for that."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Speaks to cameras that must be asked."""

    profiles: Sequence[Profile]
    passwords: Passwords
    attempts: Attempts
    custody: Callable[[], Custody]
    """Asked for when something is to be recorded."""
    actor: Actor
    sets_clock: bool = False
    timing: Timing = field(default_factory=Timing)
    backend: object = None
    """Of pyusb; None: the libusb of this host."""

    def ask(self, device: UsbDevice) -> Asked | None:
        """
        Ask *device* what changes nothing; None where no profile knows how, or it answers in no dialect.

        A question that carries what the office wrote down is put once for each time the camera is put in. Raises what
        `ingest.dialects.link.linked` raises, and `Refused` for a file of passwords that cannot be used.
        """
        way = way_of(self.profiles, device)
        if way is None:
            return None
        password = self.passwords.of(way.profile.name)
        with self._open(device, way) as link:
            for dialect in way.dialects:
                may = dialect.asks_with_password and password is not None and self.attempts.claim(device, "ask")
                asked = dialect.ask(link, password if may else None)
                if asked is not None:
                    return asked
        return None

    def unlock(self, device: UsbDevice, asked: Asked, about: Subject) -> Unlocked | UnlockRefused:
        """
        Try the office's password on *device*, once for each time it is put in; a refusal is recorded *about* device or dock.

        Raises `StorageUnavailable` where the refusal could not be recorded, or the attempt not be written down beforehand.
        """
        way, dialect = self._way(device, asked.dialect)
        fault = self._try(device, asked, way, dialect)
        if fault is None:
            return Unlocked(way.profile.name, dialect.name, asked.device)
        refused = UnlockRefused(way.profile.name, dialect.name, fault)
        told = unlock_refused(about, profile=refused.profile, dialect=refused.dialect, fault=fault, actor=self.actor)
        self.custody().record(told)
        return refused

    def farewell(self, device: UsbDevice, unlocked: Unlocked, about: Subject | None) -> Farewell:
        """
        Set the clock of *device*, which is back as it was before it was unlocked, if the office wants it, and lock it.

        What is set is recorded *about* the device; of one that nobody recorded nothing is set. May be repeated. Another camera
        in its place is left alone: `SourceChanged`.
        """
        way, dialect = self._way(device, unlocked.dialect)
        with self._open(device, way) as link:
            asked = dialect.ask(link, self.passwords.of(way.profile.name, unlocked.device))
            if asked is None or asked.device != unlocked.device:
                message = f"camera at {device.place}: expected {unlocked.device!r}, found {asked and asked.device!r}"
                raise SourceChanged(message)
            fault = self._set_clock(link, way, asked, about) if self.sets_clock and about is not None else None
            return Farewell(fault, is_locked=dialect.lock(link))

    def _try(self, device: UsbDevice, asked: Asked, way: Way, dialect: Dialect) -> Fault | None:
        password = self.passwords.of(way.profile.name, asked.device)
        if password is None:
            return Fault.NO_PASSWORD
        with self._open(device, way) as link:
            # from here on it counts, whatever happens to us: see `ingest.attempts`
            return dialect.unlock(link, password) if self.attempts.claim(device, "unlock") else Fault.TRIED_BEFORE

    def _set_clock(self, link: Link, way: Way, asked: Asked, about: Subject) -> Fault | None:
        """Set the clock; that it is ordered is recorded before, what came of it afterwards."""
        dialect, password = DIALECTS[way.named(asked.dialect)], self.passwords.of(way.profile.name, asked.device)
        if password is None:
            return Fault.NO_PASSWORD
        assumed = ZoneInfo(way.profile.clock.zone)
        to = self.timing.clock().astimezone(zone_of(asked.clock, assumed)).replace(microsecond=0)
        before = offset_ms(asked.clock, assumed)

        def record(step: str, after: int | None = None) -> None:
            told = clock_set(about, dialect=dialect.name, step=step, to=to, before_ms=before, after_ms=after, actor=self.actor)
            self.custody().record(told)

        record("ordered")
        fault = dialect.set_clock(link, password, to)
        again = dialect.ask(link, None)
        record("done" if fault is None else fault.value, offset_ms(None if again is None else again.clock, assumed))
        return fault

    def _way(self, device: UsbDevice, dialect: str) -> tuple[Way, Dialect]:
        way = way_of(self.profiles, device)
        if way is None:
            message = f"camera {device.usb_id} at {device.place}: no profile says how it is asked"
            raise EvidenceError(message)
        return way, DIALECTS[way.named(dialect)]

    def _open(self, device: UsbDevice, way: Way) -> AbstractContextManager[UsbLink]:
        return linked(device, way.usb, self.timing, backend=self.backend)


def way_of(profiles: Iterable[Profile], device: UsbDevice) -> Way | None:
    """Return how *device* is asked, by the first profile that knows its id, interface, endpoints and dialects; else None."""
    if "vendor" not in device.interfaces:
        return None
    ways = (Way(profile, usb) for profile in profiles for usb in profile.usb if device.usb_id in usb.ids)
    return next((way for way in ways if way.is_told), None)
