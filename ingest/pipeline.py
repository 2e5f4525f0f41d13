"""
The way of a clip: manifest → secure → deposit → derive, and one loop for start, retry, recovery and the normal case.

Clips overlap: while one is read from the camera the last one is being deposited and an earlier one rendered. There is one
reader per card (a flash card gains nothing from two) and one bound on the clips that are on their way. The work to do is always
derived from the catalog, so a queue that is lost loses nothing: `Pipeline.advance` moves every clip that is not done.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from device_profiles.matching import match
from device_profiles.profile import Profile
from ingest.cards import Card
from ingest.claims import Claim
from ingest.deposit import Depositing
from ingest.derive import Deriving
from ingest.identify import DeviceClaim, identify
from ingest.manifest import Manifest, Verdict, list_card
from ingest.progress import CardReport, Progress, Step, Waiting, Watcher, said, unwatched
from ingest.secure import Securing
from ingest.taking import Taking
from ingest.works import Works
from storage.catalog import Catalog
from storage.clips import DEPOSITED, RENDERED, SECURED
from storage.custody import Custody
from storage.errors import LifeCycleError, StorageUnavailable
from storage.evidence import Actor, DevicePath, Entry, Json, Kind, Subject
from storage.identity import found_again
from storage.ledger.leaf import SALT_BYTES
from storage.ledger.log import Log
from storage.spool import Spool

SignManifest: TypeAlias = Callable[[Subject, Mapping[str, Json]], Json]
"""Signs, in the dock's own name, the body of a ``MANIFESTED`` about a camera; what it gives goes into the body as ``sig``."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Everything a clip passes."""

    securing: Securing
    depositing: Depositing
    deriving: Deriving | None
    """None where clips are not rendered on this host."""
    log: Log
    profiles: Sequence[Profile]
    index_key: bytes
    clock: Callable[[], datetime]
    deposits: int = 2
    sign_manifest: SignManifest | None = None
    """None where this dock has no key of its own."""

    @property
    def _spool(self) -> Spool:
        return self.securing.spool

    @property
    def _custody(self) -> Custody:
        return self.securing.custody

    @property
    def _catalog(self) -> Catalog:
        return self.securing.catalog

    @property
    def _actor(self) -> Actor:
        return self.securing.actor

    def ingest(
        self, path: Path, *, device: str | None = None, profile: str | None = None, watcher: Watcher = unwatched
    ) -> CardReport:
        """
        Take in everything on the card or in the folder at *path*, and finish what earlier starts left undone.

        *profile* names the one a person chose, where nothing on the card tells; a name that is none raises `ValueError`.

        A file that cannot be taken in is a `Problem` of the report, and the rest goes on. Raises `NotFound` where there is no
        card, `SourceChanged` where it is gone before it was listed, `StorageUnavailable` where the database is away then.
        """
        with self._spool.lock(), self._following(watcher) as works:
            self._resume(works)
            with Card(path, identify(path, device)) as card:
                return self._ingest_card(card, works, chosen=profile)

    def take_in(self, card: Card, only: Sequence[DevicePath], watcher: Watcher = unwatched) -> CardReport:
        """Take in some files of a folder that is being watched, and finish what is left undone."""
        with self._spool.lock(), self._following(watcher) as works:
            self._resume(works)
            return self._ingest_card(card, works, only)

    def advance(self, watcher: Watcher = unwatched) -> tuple[Waiting, ...]:
        """Finish what can be finished without a camera; return what still waits."""
        with self._spool.lock(), self._following(watcher) as works:
            self._resume(works)
            works.finish()
            self.log.checkpoint()
            return works.waiting()

    def _ingest_card(
        self, card: Card, works: Works, only: Sequence[DevicePath] | None = None, *, chosen: str | None = None
    ) -> CardReport:
        profile = match(self.profiles, replace(card.appearance(), chosen=chosen))
        device = self._enrolled(card.claim)
        self._custody.record(Entry("DOCKED", device, self._actor, {"profile": profile.name}, {"where": said(card.root)}))
        listed = list_card(card, profile)
        manifest = listed if only is None else listed.only(only)
        number = self._manifested(device, manifest)
        works.watcher(Progress(Step.LISTED, said(card.root), manifest.total_bytes))
        taking = Taking(card, self.securing, works)
        for row in manifest.rows:
            if row.verdict is Verdict.REFUSED:
                taking.refuse(row)
            if row.verdict is Verdict.READ:
                taking.take(Claim.of(row, device=device, manifest=number, profile=profile, now=self.clock()))
        works.finish()
        return CardReport(
            device=device,
            profile=profile.name,
            files=len(manifest.rows),
            secured=tuple(taking.secured),
            met_again=tuple(taking.met_again),
            ignored=manifest.counts[Verdict.IGNORED],
            problems=tuple(taking.problems),
            waiting=works.waiting(),
            unsigned=self._sign(),
        )

    def _sign(self) -> str:
        """Sign a checkpoint over everything recorded, or say why that must wait: what became of a card is told all the same."""
        try:
            self.log.checkpoint()
        except StorageUnavailable as error:
            return said(error)
        return ""

    def _enrolled(self, claim: DeviceClaim) -> Subject:
        device = found_again(self.index_key, Kind.DEVICE, str(claim))
        if not self._catalog.is_known(device):
            entry = Entry("DEVICE_ENROLLED", device, self._actor, {"identified_by": claim.kind.value}, {"label": claim.value})
            try:
                self._custody.record(entry)
            except LifeCycleError:
                # another port met the same camera at this moment, or an earlier answer was lost
                if not self._catalog.is_known(device):
                    raise
        return device

    def _manifested(self, device: Subject, manifest: Manifest) -> int:
        salts = [os.urandom(SALT_BYTES) for _ in manifest.rows]
        body: dict[str, Json] = {"files": len(manifest.rows), "bytes": manifest.total_bytes, "root": manifest.root(salts).hex()}
        if self.sign_manifest is not None:
            body["sig"] = self.sign_manifest(device, body)
        personal: dict[str, Json] = {"rows": manifest.as_json(), "salts": [salt.hex() for salt in salts]}
        return self._custody.record(Entry("MANIFESTED", device, self._actor, body, personal)).seq

    def _resume(self, works: Works) -> None:
        """Record complete readings nobody recorded, then send every clip that is not done on its way."""
        for damaged, error in self.securing.recover():
            works.must_wait(damaged, f"spool/{damaged.id}", error)
        # before anything is under way, since a berth is given up by one thread only
        for berth in self._spool.berths():
            if self._catalog.is_known(berth.clip) and self._is_done(self._catalog.clip(berth.clip).state):
                berth.remove()
        for clip in self._catalog.unfinished():
            if not self._is_done(clip.state):
                works.deposit(clip.subject, clip.name)

    def _is_done(self, state: str) -> bool:
        return state == RENDERED or (state == DEPOSITED and self.deriving is None)

    def move(self, subject: Subject, name: str, watcher: Watcher) -> None:
        """Do everything for one clip that is left to do; any step may already have been done, by us or by others."""
        clip = self._catalog.clip(subject)
        if clip.state == SECURED:
            self.depositing.deposit(clip)
            watcher(Progress(Step.DEPOSITED, name, clip.size, done=clip.size))
            clip = self._catalog.clip(subject)
        if clip.state == DEPOSITED and self.deriving is not None:
            step = Step.RENDERED if self.deriving.derive(clip) else Step.EXAMINED
            watcher(Progress(step, name, clip.size, done=clip.size))
            clip = self._catalog.clip(subject)
        berth = self._spool.find(subject) if self._is_done(clip.state) else None
        if berth is not None:
            berth.remove()

    @contextmanager
    def _following(self, watcher: Watcher) -> Iterator[Works]:
        with ThreadPoolExecutor(self.deposits, thread_name_prefix="deposit") as pool:
            works = Works(self.move, watcher, pool)
            try:
                yield works
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
