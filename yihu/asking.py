"""Cameras that must be asked, as an office wants them asked."""

from __future__ import annotations

from datetime import timedelta

from device_profiles.profile import load_profiles
from ingest.asking import Asking
from ingest.attempts import Attempts
from ingest.dialects.link import Timing
from ingest.passwords import Passwords
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


def passwords_of(office: Office) -> Passwords:
    """Return the passwords the office set for cameras."""
    return Passwords(office.home / office.settings.cameras.passwords)
