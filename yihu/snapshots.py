"""Snapshots of the ledger: one a day while the office is open, and proofs that there was nothing more about somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from storage.errors import NotFound
from storage.evidence import Kind, Subject, utc_moment
from storage.identity import found_again
from storage.ledger.snapshot import Newest, newest_snapshot, prove_snapshot, record_snapshot
from storage.verifier.snapshot import SnapshotProof
from yihu.wiring import Office

__all__ = ["Complete", "complete", "daily_snapshot", "snapshot_now"]


@dataclass(frozen=True, slots=True)
class Complete:
    """What the newest snapshot says of a subject, and how many entries of any kind were recorded after it."""

    proof: SnapshotProof
    since: int


def daily_snapshot(office: Office) -> int | None:
    """Record today's snapshot (UTC) if there is none and anything happened since the last, and return its number."""
    newest = _newest(office)
    today = office.clock().astimezone(UTC).date()
    # not "earlier than": a clock that once ran ahead must not end the snapshots until that day comes
    if newest is not None and (newest.is_current or utc_moment(newest.at).date() == today):
        return None
    return _record(office)


def snapshot_now(office: Office) -> int:
    """Record a snapshot and return its number; where nothing happened since the last one, that of the last."""
    newest = _newest(office)
    return newest.seq if newest is not None and newest.is_current else _record(office)


def complete(office: Office, subject: Subject) -> Complete:
    """Return the proof of how many entries *subject* has under the newest snapshot; `NotFound` where there is none."""
    newest = _newest(office)
    if newest is None:
        message = f"{office.log.origin}: there is no snapshot yet; 'yihu log snapshot' records one"
        raise NotFound(message)
    return Complete(prove_snapshot(office.engine, newest.seq, subject), newest.entries - newest.seq - 1)


def _newest(office: Office) -> Newest | None:
    return newest_snapshot(office.engine, _log(office))


def _record(office: Office) -> int:
    return record_snapshot(office.engine, office.custody, log=_log(office), actor=office.dock).seq


def _log(office: Office) -> Subject:
    return found_again(office.index_key, Kind.LOG, office.log.origin)
