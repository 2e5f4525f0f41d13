"""
One volume of a camera in a bay: mounted, looked at, taken in, and cleared where that is wanted.

Nothing here waits for a person or for another camera. What becomes of it is an `Outcome`, from which the bay goes on; whatever
is missing (the store is away, nobody outside holds the ledger yet) is told as a reason, and the bay comes again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from device_profiles.matching import Decision
from ingest.admission import Admission
from ingest.attached import Attached
from ingest.board import Status
from ingest.camera import Docking
from ingest.camera_identity import claim_of
from ingest.cards import Card
from ingest.identify import DeviceClaim, identify
from ingest.mount import Mounting
from ingest.progress import CardReport, Watcher
from ingest.running import Running
from ingest.taking import Manner
from ingest.usb import Volume
from storage.evidence import DevicePath, Subject

STORED_LATER = "stored-later"
"""Everything is ours, some of it not yet in the store."""
NOT_ALL = "not-all-taken-in"
_AWAY = frozenset({"StorageUnavailable", "SpoolFull", "Stopping", "LostAnswer"})
"""Errors that go away by themselves."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """What clearing came to."""

    status: Status
    """`Status.SAFE` where nothing was removed, `Status.CLEARED`, or `Status.FAILED`."""
    error: str = ""
    """The code of why something stays."""
    reason: str = ""
    is_for_later: bool = False
    """The same may end better in a while."""
    stays: tuple[DevicePath, ...] | None = None
    """Which files that may be recordings are left, where any was removed."""


class Clearance(Protocol):
    """What clears cameras in this office."""

    def clear(self, taken: Taken, mounting: Mounting, show: Callable[[Status], None], watcher: Watcher) -> Cleared | None:
        """Prove and, where that is permitted, clear what was *taken* in; None where the office wants nothing cleared."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """A volume whose recordings are ours, as far as they could be taken in."""

    volume: Volume
    claim: DeviceClaim
    report: CardReport

    @property
    def device(self) -> Subject:
        """The camera."""
        return self.report.device


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a volume."""

    status: Status
    error: str = ""
    reason: str = ""
    camera: str = ""
    """What people call it."""
    profile: str = ""
    taken: Taken | None = None
    is_for_later: bool = False
    """The same may end better in a while."""
    refused: Admission | None = None


@dataclass(frozen=True, slots=True)
class Visits:
    """What attending to volumes needs."""

    running: Running
    mounting: Mounting
    clearance: Clearance | None = None
    attached: Attached = field(default_factory=Attached)

    def attend(
        self,
        volume: Volume,
        docking: Docking,
        *,
        admit: Callable[[Decision, DeviceClaim], Admission],
        show: Callable[[Outcome], None],
        manner: Manner,
    ) -> Outcome:
        """
        Take in *volume*, if *admit* does, showing what is known of it meanwhile.

        Raises what `Mounting.for_reading` raises, and `StorageUnavailable` where the database is away.
        """
        with self.mounting.for_reading(volume) as mounted:
            here = replace(docking, mount_options=mounted.options, label=volume.label)
            with Card(mounted.root, identify(mounted.root)) as looked:
                decision = self.running.steps.decide(looked, here)
            claim = self._claim(volume, here, decision)
            known = Outcome(Status.READING, camera=claim.value, profile=decision.profile.name)
            admission = admit(decision, claim)
            if not admission.is_admitted:
                return replace(known, status=Status.REFUSED, error=str(admission.reason), refused=admission)
            show(known)
            with Card(mounted.root, claim) as card:
                report = self.running.take_in(card, here, profile=decision.profile, manner=manner)
            return _judged(known, Taken(volume, claim, report))

    def clear(self, outcome: Outcome, show: Callable[[Status], None], watcher: Watcher) -> Outcome:
        """Clear what was taken in whole, where the office wants that."""
        taken = outcome.taken
        if self.clearance is None or taken is None or outcome.status is not Status.SAFE or taken.report.waiting:
            return outcome
        cleared = self.clearance.clear(taken, self.mounting, show, watcher)
        if cleared is None:
            return outcome
        if cleared.stays is not None and taken.report.listed is not None:
            # what is removed is not proved, or missed, when clearing goes on
            taken = replace(taken, report=replace(taken.report, listed=taken.report.listed.only(cleared.stays)))
        told = replace(outcome, status=cleared.status, error=cleared.error, reason=cleared.reason, taken=taken)
        return replace(told, is_for_later=cleared.is_for_later)

    def go_on(self, outcome: Outcome) -> Outcome:
        """Look again at what waited for the store."""
        taken = outcome.taken
        if taken is None or not taken.report.waiting:
            return outcome
        ours = {*taken.report.secured, *taken.report.met_again}
        self.running.resume()
        self.running.works.finish(ours)
        report = replace(taken.report, waiting=self.running.works.waiting(ours))
        return _judged(outcome, replace(taken, report=report))

    def _claim(self, volume: Volume, docking: Docking, decision: Decision) -> DeviceClaim:
        shared, slots = self.attached.serial_is_shared(volume), self.attached.slots_of(volume)
        return claim_of(docking, decision.profile, volume, serial_is_shared=shared, slots=slots)


def _judged(known: Outcome, taken: Taken) -> Outcome:
    """Say where a bay stands whose camera was read."""
    report = taken.report
    if report.problems:
        first = report.problems[0]
        code = NOT_ALL if first.error == "Refused" else first.error
        later = any(problem.error in _AWAY for problem in report.problems)
        return replace(known, status=Status.FAILED, error=code, reason=first.reason, taken=taken, is_for_later=later)
    if report.waiting:
        reason = report.waiting[0].reason
        return replace(known, status=Status.SAFE, error=STORED_LATER, reason=reason, taken=taken, is_for_later=True)
    return replace(known, status=Status.SAFE, error="", reason="", taken=taken, is_for_later=False)
