"""
The spool in our hands: cards are taken in side by side, and whatever is not done goes on.

One process at a time holds a spool. Inside it any number of ports share what is below: each reads its own card (a flash card
gains nothing from two readers), and one bound holds for all clips that are on their way to the store.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from device_profiles.profile import Profile
from ingest.before import Space
from ingest.camera import Docking
from ingest.cards import Card
from ingest.examining import Listed
from ingest.manifest import Verdict, list_card
from ingest.progress import CardReport, Progress, Step, Waiting, said
from ingest.steps import Steps
from ingest.taking import Manner, Taking
from ingest.works import Works
from storage.errors import EvidenceError
from storage.evidence import DevicePath, Subject

NOWHERE = Docking()
"""A folder that a person named."""


@dataclass(slots=True)
class Running:
    """Cards being taken in, and clips on their way. Any thread may call anything here."""

    steps: Steps
    works: Works
    _reading: int = 0
    """Cards that are being taken in now."""
    _turn: threading.Condition = field(default_factory=threading.Condition)

    def resume(self) -> None:
        """
        Send every clip that is not done on its way, those that had to wait among them.

        While nothing is being read and nothing is under way, also record complete readings that nobody recorded, and give up
        the berths of clips that are done.
        """
        with self._turn:
            damaged = self._recover() if self._reading == 0 and self.works.is_idle else []
            unfinished = [
                (one.subject, one.name) for one in self.steps.catalog.unfinished() if not self.steps.is_done(one.state)
            ]
            # asked before anything that waits is forgotten: the database may be away
            self.works.try_again(unfinished)
        for clip, error in damaged:
            self.works.must_wait(clip, f"spool/{clip.id}", error)

    def has_more(self) -> bool:
        """Say whether there are clips to move that nobody sent on their way here: files that were sent to the server."""
        unfinished = (clip for clip in self.steps.catalog.unfinished() if not self.steps.is_done(clip.state))
        return self.works.is_idle and any(self.steps.spool.find(clip.subject) is not None for clip in unfinished)

    def take_in(
        self,
        card: Card,
        docking: Docking = NOWHERE,
        *,
        profile: Profile | None = None,
        only: Sequence[DevicePath] | None = None,
        manner: Manner | None = None,
    ) -> CardReport:
        """
        Take in *card*, or of it *only* some files, and wait until what is new is in the store or must wait.

        *profile* is decided on where it is not given. A file that cannot be taken in is a `Problem` of the report, and the rest
        goes on. No checkpoint is signed: whoever asked does, once. Raises `SourceChanged` where the card is gone before it was
        listed, `StorageUnavailable` where the database is away.
        """
        with self._as_reader():
            return self._taken_in(card, docking, profile or self.steps.decide(card, docking).profile, only, manner)

    def _taken_in(
        self, card: Card, docking: Docking, profile: Profile, only: Sequence[DevicePath] | None, manner: Manner | None
    ) -> CardReport:
        steps, how = self.steps, manner or Manner(self.works.watcher)
        device = steps.enrolled(card.claim)
        arrival = steps.arrived(device, profile, docking)
        docked = steps.docked(device, arrival, said(card.root))
        how.docked(device, docked)
        manifest = list_card(card, profile)
        manifest = manifest if only is None else manifest.only(only)
        listed = Listed(
            device=device,
            number=steps.manifested(device, manifest),
            manifest=manifest,
            arrival=arrival,
            now=steps.clock(),
            space=Space.of(card.root),
            is_whole=only is None,
        )
        examination = steps.examining.examine(listed)
        steps.examining.record(examination)
        how.watcher(Progress(Step.LISTED, said(card.root), manifest.total_bytes, files=manifest.counts[Verdict.READ]))
        taking = Taking(card, steps.securing, self.works, how)
        for row in manifest.rows:
            if row.verdict is Verdict.REFUSED:
                taking.refuse(row)
        for claim in examination.claims:
            taking.take(claim)
        how.watcher(Progress(Step.READ, said(card.root), manifest.total_bytes))
        ours = {*taking.secured, *taking.met_again}
        self.works.finish(ours)
        return CardReport(
            device=device,
            profile=profile.name,
            files=len(manifest.rows),
            secured=tuple(taking.secured),
            met_again=tuple(taking.met_again),
            ignored=manifest.counts[Verdict.IGNORED],
            problems=tuple(taking.problems),
            waiting=self.works.waiting(ours),
            docked=docked,
            number=listed.number,
            listed=manifest,
            space=listed.space,
            clock=arrival.clock,
            found=examination.codes,
        )

    def waiting(self) -> tuple[Waiting, ...]:
        """Return what is not in the store or not rendered, and readings in the spool that cannot be used."""
        return self.works.waiting()

    def _recover(self) -> list[tuple[Subject, EvidenceError]]:
        """Bring the spool in order; a berth is given up by one thread only, so nothing may be under way."""
        damaged = self.steps.securing.recover()
        for berth in self.steps.spool.berths():
            if self.steps.catalog.is_known(berth.clip) and self.steps.is_done(self.steps.catalog.clip(berth.clip).state):
                berth.remove()
        return damaged

    @contextmanager
    def _as_reader(self) -> Iterator[None]:
        with self._turn:
            self._reading += 1
        try:
            yield
        finally:
            with self._turn:
                self._reading -= 1
