"""Taking in the files of one card, one after another: whatever becomes of one, the next is tried."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from ingest.cards import Card
from ingest.claims import Claim
from ingest.manifest import ManifestRow
from ingest.progress import Problem, Progress, Step, Watcher, said, unwatched
from ingest.secure import Secured, Securing
from ingest.works import Works
from storage.errors import SpoolFull, Stopping, StorageUnavailable, YihuError
from storage.evidence import DevicePath, Subject

_PATIENCE = 3
"""Files in a row that fail because a database or a disk is away; after that the others are not tried in this run."""
_MD5_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Manner:
    """How a card is read."""

    watcher: Watcher = unwatched
    turn: Callable[[], None] = lambda: None
    """Waits, before each file, until it is this card's turn."""
    is_stopped: Callable[[], bool] = lambda: False
    """Says that reading must end now, also in the middle of a file."""
    docked: Callable[[Subject, int], None] = lambda _device, _number: None
    """Told by which entry the camera is recorded as being here."""


@dataclass(slots=True)
class Taking:
    """One card being taken in, and what became of its files."""

    card: Card
    securing: Securing
    works: Works
    manner: Manner
    secured: list[Subject] = field(default_factory=list)
    met_again: list[Subject] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    """Every file that is not taken in, also those that were not tried."""
    _ended: YihuError | None = None
    """Why no further file is tried."""
    _away: int = 0

    def refuse(self, row: ManifestRow) -> None:
        """Note what is no file, or not readable as one."""
        self.problems.append(Problem(row.path, "Refused", row.reason))

    def take(self, claim: Claim) -> None:
        """Secure one recording and send it on its way, or note why not."""
        if self._ended is not None:
            self._not_taken(claim, self._ended)
            return
        try:
            self.manner.turn()
            self._go_on()
            secured = self._secured(replace(claim, md5=_sidecar_md5(self.card, claim.path)))
        except YihuError as error:
            self._not_taken(claim, error)
            name = claim.path.text
            self.manner.watcher(Progress(Step.FAILED, name, claim.size, reason=said(error), error=type(error).__name__))
            self._ended = self._end(error)
            return
        self._away = 0
        self._taken(claim, secured)

    def _taken(self, claim: Claim, secured: Secured) -> None:
        is_new, name = secured.how == "new", claim.path.text
        (self.secured if is_new else self.met_again).append(secured.clip)
        step = Step.SECURED if is_new else Step.MET_AGAIN
        self.manner.watcher(Progress(step, name, claim.size, done=claim.size))
        send = self.works.deposit_again if secured.how == "brought back" else self.works.deposit
        send(secured.clip, name, self.manner.watcher)

    def _secured(self, claim: Claim) -> Secured:
        def progress(done: int) -> None:
            self._go_on()
            self.manner.watcher(Progress(Step.READING, claim.path.text, claim.size, done=done))

        def source() -> AbstractContextManager[BinaryIO]:
            return self.card.open(claim.path)

        try:
            return self.securing.secure(claim, source, progress)
        except SpoolFull:
            # what is being deposited will make room; if that was not enough, a smaller file may still fit
            self.works.finish()
            return self.securing.secure(claim, source, progress)

    def _go_on(self) -> None:
        if self.manner.is_stopped():
            message = f"card {self.card.root}: not read on"
            raise Stopping(message)

    def _not_taken(self, claim: Claim, error: YihuError) -> None:
        self.problems.append(Problem(claim.path, type(error).__name__, said(error)))

    def _end(self, error: YihuError) -> YihuError | None:
        """Say what must end this run: we stop, the card is gone, or what we write to has been away for some time."""
        if isinstance(error, Stopping):
            return error
        try:
            self.card.require()
        except YihuError as gone:
            return gone
        is_away = isinstance(error, StorageUnavailable) and not isinstance(error, SpoolFull)
        self._away = self._away + 1 if is_away else 0
        return error if self._away >= _PATIENCE else None


def _sidecar_md5(card: Card, path: DevicePath) -> str | None:
    """Return what an ``.md5`` file beside the recording says, if it says an MD5; the camera is not trusted with its length."""
    folder, slash, name = path.raw.rpartition(b"/")
    stem, dot, _ending = name.rpartition(b".")
    sidecars = {folder + slash + beside + b".md5" for beside in (name, stem if dot else name) if beside}
    for sidecar in sorted(sidecars - {path.raw}, key=len, reverse=True):
        try:
            with card.open(DevicePath(sidecar)) as opened:
                said_md5 = bytes.fromhex(opened.read(_MD5_DIGITS).decode("ascii")).hex()
        except (YihuError, ValueError, OSError):
            continue
        if len(said_md5) == _MD5_DIGITS:
            return said_md5
    return None
