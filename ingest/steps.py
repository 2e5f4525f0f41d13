"""The steps of a clip and of a card, each of which may be repeated: what is to be done is always derived from the catalog."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from device_profiles.fields import Interface
from device_profiles.matching import Decision, decide
from device_profiles.profile import Profile
from ingest.camera import Docking
from ingest.cards import Card
from ingest.clock_offset import Limits
from ingest.deposit import Depositing
from ingest.derive import Deriving
from ingest.docked import Arrival
from ingest.examining import Examining
from ingest.identify import DeviceClaim
from ingest.manifest import Manifest
from ingest.progress import Progress, Step, Watcher, said
from ingest.secure import Securing
from ingest.time_source import TimeSource
from storage.catalog import Catalog
from storage.clips import DEPOSITED, RENDERED, SECURED
from storage.custody import Custody
from storage.dockings import Dockings
from storage.errors import LifeCycleError, StorageUnavailable
from storage.evidence import Actor, Entry, Json, Kind, Subject
from storage.identity import found_again
from storage.ledger.leaf import SALT_BYTES
from storage.ledger.log import Log
from storage.spool import Spool

SignManifest: TypeAlias = Callable[[Subject, Mapping[str, Json]], Json]
"""Signs, in the dock's own name, the body of a ``MANIFESTED`` about a camera; what it gives goes into the body as ``sig``."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Everything a clip passes."""

    securing: Securing
    depositing: Depositing
    deriving: Deriving | None
    """None where clips are not rendered on this host."""
    log: Log
    profiles: Sequence[Profile]
    index_key: bytes
    clock: Callable[[], datetime]
    dockings: Dockings
    examining: Examining
    time_source: Callable[[], TimeSource]
    """Says what keeps our own clock right, now."""
    limits: Limits = field(default_factory=Limits)
    """From where on a camera's clock is a finding."""
    deposits: int = 2
    sign_manifest: SignManifest | None = None
    """None where this dock has no key of its own."""

    @property
    def spool(self) -> Spool:
        """Where recordings rest."""
        return self.securing.spool

    @property
    def custody(self) -> Custody:
        """Where everything is recorded."""
        return self.securing.custody

    @property
    def catalog(self) -> Catalog:
        """What is known."""
        return self.securing.catalog

    @property
    def actor(self) -> Actor:
        """Under whom cameras are read."""
        return self.securing.actor

    def move(self, subject: Subject, name: str, watcher: Watcher) -> None:
        """Do everything for one clip that is left to do; any step may already have been done, by us or by others."""
        clip = self.catalog.clip(subject)
        if clip.state == SECURED:
            self.depositing.deposit(clip)
            watcher(Progress(Step.DEPOSITED, name, clip.size, done=clip.size))
            clip = self.catalog.clip(subject)
        if clip.state == DEPOSITED and self.deriving is not None:
            step = Step.RENDERED if self.deriving.derive(clip) else Step.EXAMINED
            watcher(Progress(step, name, clip.size, done=clip.size))
            clip = self.catalog.clip(subject)
        berth = self.spool.find(subject) if self.is_done(clip.state) else None
        if berth is not None:
            berth.remove()

    def is_done(self, state: str) -> bool:
        """Say whether nothing is left to do for a clip in *state* on this host."""
        return state == RENDERED or (state == DEPOSITED and self.deriving is None)

    def decide(self, card: Card, docking: Docking) -> Decision:
        """Decide on the profile of *card*; raises `ValueError` where a person chose one that does not exist."""
        device, first = docking.usb, docking.first or docking.usb
        look = replace(
            card.appearance(usb_interface=_shown(device.interfaces) if device is not None else None),
            usb_id=None if first is None else first.usb_id,
            device_id=None if docking.asked is None else docking.asked.device,
            chosen=docking.chosen,
        )
        return decide(self.profiles, look if look.volume_label else replace(look, volume_label=docking.label))

    def enrolled(self, claim: DeviceClaim) -> Subject:
        """Return the camera that *claim* is about, recorded as met."""
        device = found_again(self.index_key, Kind.DEVICE, str(claim))
        if not self.catalog.is_known(device):
            entry = Entry("DEVICE_ENROLLED", device, self.actor, {"identified_by": claim.kind.value}, {"label": claim.value})
            try:
                self.custody.record(entry)
            except LifeCycleError:
                # another port met the same camera at this moment, or an earlier answer was lost
                if not self.catalog.is_known(device):
                    raise
        return device

    def arrived(self, device: Subject, profile: Profile, docking: Docking) -> Arrival:
        """Hold the clock of a camera that is here against ours, and against what it was when it was here last."""
        earlier = self.dockings.last_measured(device)
        return Arrival.of(docking, profile, source=self.time_source(), earlier=earlier, limits=self.limits)

    def docked(self, device: Subject, arrival: Arrival, where: str) -> int:
        """Record that a camera is here and return the number of the entry."""
        return self.custody.record(arrival.entry(device, self.actor, where=where)).seq

    def manifested(self, device: Subject, manifest: Manifest) -> int:
        """Record what is on a card and return the number of the entry."""
        salts = [os.urandom(SALT_BYTES) for _ in manifest.rows]
        body: dict[str, Json] = {"files": len(manifest.rows), "bytes": manifest.total_bytes, "root": manifest.root(salts).hex()}
        if self.sign_manifest is not None:
            body["sig"] = self.sign_manifest(device, body)
        personal: dict[str, Json] = {"rows": manifest.as_json(), "salts": [salt.hex() for salt in salts]}
        return self.custody.record(Entry("MANIFESTED", device, self.actor, body, personal)).seq

    def sign(self) -> str:
        """Sign a checkpoint over everything recorded, or say why that must wait: what became of a card is told all the same."""
        try:
            self.log.checkpoint()
        except StorageUnavailable as error:
            return said(error)
        return ""


def _shown(interfaces: frozenset[Interface]) -> Interface | None:
    """Say as what a device shows itself to profiles; storage wins where it shows itself as several things."""
    shown: tuple[Interface, ...] = ("mass-storage", "mtp", "vendor")
    return next((each for each in shown if each in interfaces), None)
