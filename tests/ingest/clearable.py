"""Small real offices whose cameras may be cleared: a witness outside holds the ledger, a folder is trusted as store."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from ingest.cards import Card
from ingest.clear import ClearReport
from ingest.clear_policy import Reason
from ingest.identify import identify
from ingest.progress import Watcher, unwatched
from ingest.proving import Proven
from storage import witnesses
from storage.clearings import Clearings
from storage.evidence import Kind, Subject
from storage.identity import found_again
from storage.ledger.administrators import Witness
from storage.ledger.feeding import feed
from storage.ledger.keys import VerifierKey
from storage.ledger.witnessing import Witness as AtWork
from storage.objects import Bucket, ObjectName
from tests.crashes.offices import fill, footage, founded, opened, take_in
from yihu.clearing import CameraClearing, proved
from yihu.wiring import Office, now

AT_ONCE = ("", "[clear]", 'policy = "at-once"', "trust_folder_store = true")


@dataclass
class Place:
    """An office, the witness that holds its ledger, and a camera's card that was taken in."""

    home: Path
    witness: Path
    card: Path
    clock: Callable[[], datetime] | None = None
    _open: list[Office] = field(default_factory=list)

    @classmethod
    def made(cls, root: Path, *more: str, files: int = 2, keys: Mapping[str, str] = MappingProxyType({})) -> Place:
        """Make all of it; *more* are lines of the settings, *keys* are secrets of a store."""
        office = founded(root / "office", *(more or AT_ONCE))
        for name, secret in keys.items():
            (office.home / "keys" / name).touch(mode=0o600)
            (office.home / "keys" / name).write_text(f"{secret}\n")
        place = cls(office.home, root / "court", fill(root / "card", footage(files)))
        at_work = AtWork.found(place.witness, name="court.example/w", clock=now)
        at_work.watch(VerifierKey.parse(office.log.vkey))
        log = found_again(office.index_key, Kind.LOG, office.log.origin)
        known = Witness("court", at_work.key, "court-of-the-county")
        office.custody.record(witnesses.added(known, log=log, actor=office.operator))
        quorum = witnesses.Quorum(least=1)
        office.custody.record(witnesses.quorum_set(quorum, log=log, actor=office.operator))
        office.engine.dispose()
        place.take_in()
        return place

    @property
    def office(self) -> Office:
        """The office, as one process has it open."""
        if not self._open:
            self._open.append(opened(self.home, self.clock))
        return self._open[0]

    def restarted(self) -> Place:
        """The same after the process ended, however it did."""
        self.close()
        return self

    def close(self) -> None:
        """Let go of the database."""
        while self._open:
            self._open.pop().engine.dispose()

    def copied(self, to: Path) -> Place:
        """Another place in which the very same has happened so far."""
        self.close()
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.home.parent, to, symlinks=True)
        return Place(to / "office", to / "court", to / "card")

    def take_in(self) -> None:
        """Take the card in, and have the witness hold everything."""
        report = take_in(self.office, self.card)
        assert (report.problems, report.waiting) == ((), ())
        self.anchor()

    def anchor(self) -> None:
        """Have the witness cosign what was recorded so far."""
        self.office.log.checkpoint()
        at_work = AtWork.open(self.witness, clock=now)
        for one in self.office.log.anchors.witnesses():
            feed(self.office.log, one, lambda body: at_work.add_checkpoint(body.encode()))

    @property
    def device(self) -> Subject:
        with Card(self.card, identify(self.card, "DEMO-1")) as card:
            return found_again(self.office.index_key, Kind.DEVICE, str(card.claim))

    @contextmanager
    def inserted(self) -> Iterator[Card]:
        with Card(self.card, identify(self.card, "DEMO-1")) as card:
            yield card

    def prove(self, *, watcher: Watcher = unwatched) -> Proven:
        with self.inserted() as card:
            return proved(CameraClearing(self.office), card, watcher=watcher)

    def clear(self, proven: Proven | None = None, *, watcher: Watcher = unwatched) -> ClearReport:
        found = proven or self.prove()
        with self.inserted() as card:
            return CameraClearing(self.office).clearing.clear(found, card, watcher)

    @property
    def known(self) -> Clearings:
        return Clearings(self.office.engine)

    def types(self) -> list[str]:
        """What was recorded about the camera, in order, as far as it is about clearing."""
        lines = self.office.catalog.history(self.device)
        return [line.type for line in lines if line.type.startswith("CLEAR")]

    def on_card(self) -> set[bytes]:
        """The names of the files that are on the card."""
        return {os.fsencode(path.name) for path in self.card.rglob("*") if path.is_file() or path.is_symlink()}


def reasons(report: ClearReport | Proven) -> set[Reason]:
    """Why anything was left."""
    return {reason for one in report.left for reason in one.reasons}


def originals(card: Path) -> dict[str, str]:
    """What was on the card, by digest."""
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path.name for path in card.rglob("*") if path.is_file()}


def gone_and_not_safe(place: Place, before: dict[str, str]) -> list[str]:
    """Say what is not on the card any more and is not stored either, whole, and under what a witness holds."""
    here, office, safe = originals(place.card), place.office, set()
    for clip in office.catalog.clips():
        name = ObjectName(Bucket.EVIDENCE, f"clips/{clip.subject.id}/original")
        with office.store.open(name, version=clip.object_version or "") as opened:
            digest = hashlib.sha256(opened.read()).hexdigest()
        (deposited,) = (line.seq for line in office.catalog.history(clip.subject) if line.type == "DEPOSITED")
        if digest == clip.sha256.hex and office.log.is_anchored(deposited):
            safe.add(digest)
    return [name for digest, name in before.items() if digest not in here and digest not in safe]
