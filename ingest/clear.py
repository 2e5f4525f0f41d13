"""
Clear: remove from a camera what is proved to be safe elsewhere, file by file, and nothing else.

::

    prove (ingest.proving) ──▶ CLEAR_AUTHORISED ──▶ each file: read again, compared, removed (ingest.removing) ──▶ CLEARED

Everything is proved before anything is authorised, and nothing is removed that no entry authorises. An authorisation names at
most `storage.clearings.MOST` clips; a camera with more files is cleared in several.

Dying after any line leaves an open authorisation, and a journal of what was about to be removed. When the camera comes again,
what is still there is proved anew and removed; what is gone and stands in the journal was removed by us; ``CLEARED`` closes it.
Folders stay, and nothing is ever formatted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ingest.cards import Card
from ingest.clear_policy import Policy, Reason, When
from ingest.progress import Progress, Step, Watcher, said, unwatched
from ingest.proving import Left, Proven
from ingest.removing import Journal, ProvenFile, remove
from storage import clearings
from storage.clearings import Clearing as Authorisation
from storage.clearings import Clearings, Wanted
from storage.custody import Custody
from storage.errors import EvidenceError, LifeCycleError, StaleState, YihuError
from storage.evidence import Actor, Json, Subject

__all__ = ["ClearReport", "Clearing"]


@dataclass(slots=True)
class ClearReport:
    """What became of the files that were to be removed."""

    device: Subject
    closed: list[int] = field(default_factory=list)
    """The authorisations that were ended, each with its ``CLEARED``."""
    removed: int = 0
    """Files that are gone by our doing, also those of an earlier start that broke off."""
    removed_bytes: int = 0
    left: list[Left] = field(default_factory=list)
    error: str = ""
    """The class of what broke it off; then the last authorisation is still open, and the next docking goes on with it."""
    reason: str = ""

    def count(self, against: Reason | None, size: int, file: ProvenFile | None) -> None:
        """Note what became of one file of an authorisation; *file* where it was looked at on the card."""
        if against is None:
            self.removed += 1
            self.removed_bytes += size
        elif file is not None:
            self.left.append(Left(file.path, (against,), file.clip))

    @property
    def is_whole(self) -> bool:
        """Whether nothing that a recording may be was left."""
        return not self.left and not self.error


@dataclass(frozen=True, slots=True)
class Clearing:
    """What clearing needs besides a camera that is proved."""

    custody: Custody
    known: Clearings
    actor: Actor
    journals: Path
    """A directory of this host, on a disk that survives a crash; not on the camera."""

    def is_open(self, device: Subject) -> bool:
        """Whether an earlier clearing of *device* broke off: then `clear` is to be called even if nothing is proved."""
        return self.known.open(device) is not None

    def clear(self, proven: Proven, card: Card, watcher: Watcher = unwatched) -> ClearReport:
        """
        Remove the files of *proven* from *card*, which can be written to by now, and finish what broke off earlier.

        A file that is not what was proved any more is left, with the reason. A card that is pulled ends it, told in the report.
        Raises `StorageUnavailable` or `EvidenceError` only where nothing of the card was touched by this call.
        """
        report = ClearReport(proven.device, left=list(proven.left))
        files = {file.clip: file for file in proven.files}
        earlier = self.known.open(proven.device)
        self._sweep(proven.device, earlier)
        card.require()
        try:
            if earlier is not None:
                self._finish(earlier, files, card, report, watcher)
            rest = [file for file in proven.files if file.clip in files]
            for start in range(0, len(rest), clearings.MOST):
                batch = rest[start : start + clearings.MOST]
                self._finish(self._authorise(proven, batch), files, card, report, watcher)
        except YihuError as error:
            report.error, report.reason = type(error).__name__, said(error)
        return report

    def give_up(self, device: Subject) -> ClearReport:
        """Close the open authorisation of a camera that will not come again, by what the journal tells; nothing is removed."""
        report = ClearReport(device)
        open_ = self.known.open(device)
        if open_ is not None:
            noted = self._journal(open_).noted()
            became = {clip: None if clip.id in noted else Reason.GIVEN_UP for clip in open_.sizes}
            for clip, reason in became.items():
                report.count(reason, open_.sizes[clip], None)
            self._close(open_, became, report)
        return report

    def _authorise(self, proven: Proven, batch: list[ProvenFile]) -> Authorisation:
        wanted = [Wanted(file.clip, file.blake3, file.size) for file in batch]
        entry = clearings.authorised(
            proven.device,
            wanted,
            manifest=proven.manifest,
            policy=_said(proven.policy),
            head=proven.head,
            actor=self.actor,
        )
        seq = self.custody.record(entry).seq
        # from here on files may go; a crash leaves the authorisation open, and whoever meets the camera again finishes it
        found = self.known.of(proven.device, seq)
        if found is None:
            message = f"{proven.device}: its authorisation {seq} cannot be read back"
            raise EvidenceError(message)
        return found

    def _finish(
        self, open_: Authorisation, files: dict[Subject, ProvenFile], card: Card, report: ClearReport, watcher: Watcher
    ) -> None:
        """Remove what is authorised and proved, take it out of *files*, and close the authorisation."""
        journal = self._journal(open_)
        noted = journal.noted()
        stays = {one.clip: one.reasons[0] for one in report.left}
        became: dict[Subject, Reason | None] = {}
        for clip, size in open_.sizes.items():
            file = files.pop(clip, None)
            against = stays.get(clip, Reason.GONE) if file is None else _removed(card, file, journal, watcher)
            # what is not there, and was about to be removed, was removed by us
            became[clip] = None if against is Reason.GONE and clip.id in noted else against
            report.count(became[clip], size, file)
        # a card that was pulled shows nothing: then nothing is said of what is gone
        card.require()
        self._close(open_, became, report)

    def _close(self, open_: Authorisation, became: Mapping[Subject, Reason | None], report: ClearReport) -> None:
        removed = [clip for clip, reason in became.items() if reason is None]
        left = {clip: reason.value for clip, reason in became.items() if reason is not None}
        size = sum(open_.sizes[clip] for clip in removed)
        entry = clearings.cleared(open_.device, open_.authorised, removed=removed, size=size, left=left, actor=self.actor)
        try:
            self.custody.record(entry)
        except (LifeCycleError, StaleState):
            # another port closed it, or we did and the answer was lost
            still = self.known.open(open_.device)
            if still is not None and still.authorised == open_.authorised:
                raise
        report.closed.append(open_.authorised)
        self._journal(open_).end()

    def _journal(self, open_: Authorisation) -> Journal:
        return Journal(self.journals / f"{open_.device.id}-{open_.authorised}")

    def _sweep(self, device: Subject, open_: Authorisation | None) -> None:
        """Throw away journals of *device* whose authorisation is closed: a crash may have come before they went."""
        wanted = None if open_ is None else self._journal(open_).path
        for path in sorted(self.journals.glob(f"{device.id}-*")):
            if path != wanted:
                Journal(path).end()


def _removed(card: Card, file: ProvenFile, journal: Journal, watcher: Watcher) -> Reason | None:
    name = file.path.text
    watcher(Progress(Step.CLEARING, name, file.size))
    against = remove(card, file, journal, lambda done: watcher(Progress(Step.CLEARING, name, file.size, done)))
    if against is None:
        watcher(Progress(Step.CLEARED, name, file.size, file.size))
    else:
        watcher(Progress(Step.LEFT, name, file.size, reason=against))
    return against


def _said(policy: Policy) -> dict[str, Json]:
    said_: dict[str, Json] = {"when": policy.when.value, "any_store": policy.trusts_any_store}
    return {**said_, "days": policy.days} if policy.when is When.AFTER_DAYS else said_
