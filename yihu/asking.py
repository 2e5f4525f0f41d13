"""Cameras that must be asked, as an office wants them asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from device_profiles.profile import load_profiles
from ingest.asking import CARRIES, Asking, Way, way_of
from ingest.attempts import Attempts
from ingest.camera import Asked
from ingest.camera_login import CameraLogin
from ingest.dialects import Password
from ingest.dialects.link import Timing
from ingest.dialects.present import present
from ingest.identify import ClaimKind, DeviceClaim
from ingest.passwords import Passwords
from ingest.usb import UsbDevice
from storage.errors import NotFound, YihuError
from storage.evidence import Kind, Subject
from storage.identity import found_again
from yihu.wiring import Office


def asking_of(office: Office, *, backend: object = None) -> Asking:
    """Return what speaks to cameras for *office*; nothing is touched before one is asked. *backend* is pyusb's."""
    section = office.settings.cameras
    return Asking(
        profiles=load_profiles(office.settings.ingest.profiles),
        passwords=passwords_of(office),
        attempts=Attempts.since_boot(office.home / section.tried),
        custody=lambda: office.custody,
        actor=office.dock,
        sets_clock=section.set_clock,
        timing=Timing(timedelta(milliseconds=section.answer_ms), office.clock),
        backend=backend,
    )


def login_of(office: Office) -> CameraLogin:
    """Return how the bays of a dock of *office* open cameras in login mode."""

    def known(asked: Asked) -> Subject | None:
        if asked.device is None:
            return None
        device = found_again(office.index_key, Kind.DEVICE, str(DeviceClaim(ClaimKind.ASKED, asked.device)))
        return device if office.catalog.is_known(device) else None

    return CameraLogin(asking_of(office), known, office.dock.who)


def passwords_of(office: Office) -> Passwords:
    """Return the passwords the office set for cameras."""
    return Passwords(office.home / office.settings.cameras.passwords)


@dataclass(frozen=True, slots=True)
class Interview:
    """A camera that must be asked, and what it said or why it did not."""

    device: UsbDevice
    way: Way
    asked: Asked | None
    error: YihuError | None


def interviews(office: Office, port: str | None = None) -> Iterator[Interview]:
    """
    Ask every camera that must be asked what it is, or the one at *port*; no password is used and nothing is set.

    Raises `NotFound` where there is none.
    """
    asking = replace(asking_of(office), passwords=Passwords(None))
    found = [(device, way_of(asking.profiles, device)) for device in present() if port in {None, device.place}]
    ways = [(device, way) for device, way in found if way is not None]
    if not ways:
        message = f"{port or 'USB'}: expected a camera that must be asked, found {len(found)} other devices"
        raise NotFound(message)
    for device, way in ways:
        try:
            yield Interview(device, way, asking.ask(device), None)
        except YihuError as error:
            yield Interview(device, way, None, error)


def set_password(office: Office, password: Password, profile: str, device: str | None) -> str:
    """
    Keep *password* for cameras of *profile*, or for one of them; return where.

    Raises `NotFound` for a profile that is not asked, `ValueError` for a password that none of its dialects can carry.
    """
    known = {each.name: each for each in load_profiles(office.settings.ingest.profiles)}
    dialects = [name for usb in known[profile].usb for name in usb.dialects] if profile in known else []
    if not dialects:
        message = f"profile {profile}: there is no camera of it that must be asked"
        raise NotFound(message)
    if not any(CARRIES[name](password) for name in dialects):
        message = f"profile {profile}: expected 6 characters (bc-plus) or 8 (at-sign) of ASCII without spaces"
        raise ValueError(message)
    return str(passwords_of(office).set(password, profile, device))
