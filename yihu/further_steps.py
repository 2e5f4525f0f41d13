"""The steps of an audit that belong to one matter each: time-stamps, snapshots, erased values, keys, clearings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from storage.audit import Check, Step
from storage.audit.clearings import clearing_faults
from storage.erasure import erasure_faults
from storage.key_faults import key_faults, read_roots
from storage.ledger.snapshot import snapshot_faults
from storage.ledger.stamp_audit import timestamp_faults
from storage.verifier.signatures import claimed
from yihu.stamping import roots_of
from yihu.wiring import Office

__all__ = ["further"]


def further(office: Office, *, since: str | None, tsa_roots: bytes | None) -> Sequence[tuple[str, Check]]:
    """
    Return the steps that come after those about witnesses, for an audit from the checkpoint *since* on.

    Time-stamps are believed under the roots the auditor brought, and else under those that the office has set.
    """
    start = 0 if since is None else claimed(since).size
    return (
        ("timestamps", partial(_timestamps, office, start, tsa_roots)),
        ("snapshots", partial(_snapshots, office, start)),
        ("erasures", partial(_erasures, office)),
        ("keys", partial(_keys, office, start)),
        ("clearings", partial(_clearings, office, start)),
    )


def _timestamps(office: Office, start: int, brought: bytes | None, step: Step) -> Iterator[str]:
    found = timestamp_faults(office.engine, office.log, brought or roots_of(office), start=start)
    step.count(found.checked)
    if found.checked and brought is None:
        step.remark("believed under the roots that the office itself has set")
    yield from found.findings


def _snapshots(office: Office, start: int, step: Step) -> Iterator[str]:
    if start:
        step.remark("snapshots count everything before them, so only a whole audit counts them again")
        return
    checked, faults = snapshot_faults(office.engine)
    step.count(checked)
    yield from faults


def _erasures(office: Office, step: Step) -> Iterator[str]:
    checked, faults = erasure_faults(office.engine)
    step.count(checked)
    yield from faults


def _keys(office: Office, start: int, step: Step) -> Iterator[str]:
    named = office.settings.keys.officer_roots
    roots = read_roots(None if named is None else office.home / named)
    sm2 = None if office.sm2 is None else office.sm2.key
    found = key_faults(office.engine, office.log, office.vault, roots=roots, sm2=sm2, start=start)
    step.count(found.checked)
    if found.erased:
        template = "{count} certificates of officers were erased: what they signed cannot be checked any more"
        step.remark(template, count=found.erased)
    yield from found.findings


def _clearings(office: Office, start: int, step: Step) -> Iterator[str]:
    checked, faults = clearing_faults(office.engine, start=start)
    step.count(checked)
    yield from faults
