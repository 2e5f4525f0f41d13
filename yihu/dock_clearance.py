"""Clearing at a bay: proved with the card out of reach, removed once it is mounted for it, and a receipt kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import urllib3

from ingest.board import Status
from ingest.cards import Card
from ingest.clear import ClearReport
from ingest.clear_policy import Reason, When
from ingest.mount import Mounting
from ingest.mtp_volume import MTP
from ingest.progress import Watcher, said
from ingest.proving import Proven
from ingest.visit import Cleared, Taken
from storage.errors import NotFound, NotMounted, StorageUnavailable
from yihu.clear_receipts import keep_receipt
from yihu.clearing import CameraClearing
from yihu.notary import ask_witnesses
from yihu.wiring import Office

_UNHELD = frozenset({Reason.NO_WITNESS, Reason.NOT_ANCHORED})
"""What asking the witnesses may change."""
_LATER = _UNHELD | {Reason.NOT_DEPOSITED}
"""What goes away by itself while the camera stays."""


@dataclass(frozen=True, slots=True)
class OfficeClearance:
    """`ingest.visit.Clearance` for one office; shared by all bays."""

    office: Office
    clearing: CameraClearing
    _asking: threading.Lock = field(default_factory=threading.Lock)

    def clear(self, taken: Taken, mounting: Mounting, show: Callable[[Status], None], watcher: Watcher) -> Cleared | None:
        """See `ingest.visit.Clearance.clear`; the store or database being away is for later."""
        is_open = self.clearing.clearing.is_open(taken.device)
        is_never = self.clearing.proving.policy.when is When.NEVER
        if (is_never and not is_open) or taken.volume.filesystem == MTP or taken.report.listed is None:
            return None
        try:
            proven = self._proven(taken, watcher)
            if not proven.files and not is_open:
                return _left(proven)
            show(Status.CLEARING)
            with mounting.for_clearing(taken.volume) as mounted, Card(mounted.root, taken.claim) as card:
                report = self.clearing.clearing.clear(proven, card, watcher)
                # before the card is let go of: from its CLEARED on a clearing has a receipt, also if the camera is pulled now
                self._keep_receipts(report)
        except StorageUnavailable as error:
            return Cleared(Status.SAFE, error=type(error).__name__, reason=said(error), is_for_later=True)
        except NotMounted as error:  # a card that is write-protected, or damaged so that it is only read
            return Cleared(Status.SAFE, error=f"clear-{Reason.UNREMOVABLE}", reason=said(error))
        return _ended(report, proven)

    def _proven(self, taken: Taken, watcher: Watcher) -> Proven:
        report = taken.report
        assert report.listed is not None  # noqa: S101 - asked above
        proven = self.clearing.proving.prove(taken.device, report.number, report.listed, watcher)
        is_held = all(_UNHELD.isdisjoint(one.reasons) for one in proven.left)
        if is_held or not self.office.log.anchors.witnesses():
            return proven
        with self._asking:  # of all bays together
            self.office.log.checkpoint()
            for _ in ask_witnesses(self.office.log, self.office.log.anchors.witnesses(), urllib3.PoolManager()):
                pass  # who does not answer is told by what is not anchored
        return self.clearing.proving.prove(taken.device, report.number, report.listed, watcher)

    def _keep_receipts(self, report: ClearReport) -> None:
        for authorised in report.closed:
            try:
                keep_receipt(self.office, report.device, authorised)
            except NotFound:  # a dock without a key signs none; the ledger says the same
                return


def _left(proven: Proven) -> Cleared | None:
    """Say why nothing may be removed; None where there was nothing to remove."""
    if not proven.left:
        return None
    reasons = [reason for one in proven.left for reason in one.reasons]
    later = any(set(one.reasons) <= _LATER for one in proven.left)
    return Cleared(Status.SAFE, error=f"clear-{reasons[0]}", is_for_later=later)


def _ended(report: ClearReport, proven: Proven) -> Cleared:
    if report.error:
        return Cleared(Status.FAILED, error=report.error, reason=report.reason)
    if report.left:
        later = any(set(one.reasons) <= _LATER for one in proven.left)
        return Cleared(Status.SAFE, error=f"clear-{report.left[0].reasons[0]}", reason=f"{report.removed}", is_for_later=later)
    return Cleared(Status.CLEARED)
