"""An office with a recorder on its bus."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device_profiles.profile import load_profiles
from ingest.asking import Asking
from ingest.attempts import Attempts
from ingest.dialects import Password
from ingest.dialects.link import Timing
from ingest.passwords import Passwords
from storage.evidence import Kind, Subject
from storage.identity import found_again
from tests.ingest.usb_bus import Bus, Cable
from yihu.wiring import Office

PROFILES = load_profiles()
PROFILE = "amba-4255-0001"
BC, AT = Password("654321"), Password("87654321", "11112222")


@dataclass
class Desk:
    """Everything a test needs to have a camera asked."""

    office: Office
    cable: Cable
    bus: Bus
    asking: Asking

    @property
    def known_device(self) -> Subject:
        """A camera that was here before."""
        return found_again(self.office.index_key, Kind.DEVICE, f"named:{self.cable.recorder.device}")

    def entries(self, type_: str) -> list[dict[str, Any]]:
        """What the ledger says, in order."""
        size = int(self.office.log.checkpoint().split("\n")[1])
        leaves = [json.loads(self.office.log.leaf(seq)) for seq in range(size)]
        return [leaf for leaf in leaves if leaf["type"] == type_]


def desk(office: Office, cable: Cable, password: Password | None, *, sets_clock: bool = False) -> Desk:
    """Set the password, plug the camera in."""
    bus = Bus(cable)
    passwords = Passwords(office.home / "keys/cameras")
    if password is not None:
        passwords.set(password, PROFILE)
    asking = Asking(
        profiles=PROFILES,
        passwords=passwords,
        attempts=Attempts(office.home / "tried", "a-boot"),
        custody=lambda: office.custody,
        actor=office.dock,
        sets_clock=sets_clock,
        timing=Timing(clock=bus.time.clock, monotonic_ns=bus.time.monotonic_ns),
        backend=bus,
    )
    return Desk(office, cable, bus, asking)


def attempts_in(folder: Path) -> list[str]:
    """What is written down of attempts."""
    return sorted(path.name.split(".")[-2] for path in folder.glob("*.attempt"))
