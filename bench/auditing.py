"""
What it takes to audit what is new, on top of a ledger that was audited before: ``yihu verify --since``.

Every step of a real audit is made. The one about objects asks for each and finds none, since nothing of these clips lies in a
store: reading them takes as long as the new clips are, whatever was there before.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bench.lives import entries
from bench.measure import Cost, RunFailed
from bench.recording import BATCH, resident
from storage.audit import Audit, Brought
from storage.evidence import Entry
from yihu.auditing import Asked, audit_of
from yihu.settings import find_settings
from yihu.wiring import Office


def costs_of_going_on(home: Path, *, size: int, more: int, times: int) -> list[Cost]:
    """Record and sign *size* entries, then *more* of them, so many *times*; return what auditing each of these took."""
    office = Office.open(find_settings(home, home))
    stream = entries()
    head = _recorded(office, stream, size)
    costs = []
    for _ in range(times):
        newest = _recorded(office, stream, more)
        costs.append(_cost(audit_of(office, Asked(since=head), Brought())))
        head = newest
    office.engine.dispose()
    return costs


def _recorded(office: Office, stream: Iterator[Entry], count: int) -> str:
    """Record *count* entries and return the head that covers them."""
    for start in range(0, count, BATCH):
        office.custody.record_all(list(islice(stream, min(BATCH, count - start))))
    return office.log.checkpoint()


def _cost(audit: Audit) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    verdict = audit.run()
    cost = Cost(time.perf_counter() - wall, time.process_time() - cpu, resident())
    wrong = [finding for step in verdict.steps for finding in step.findings if step.name != "objects"]
    if wrong or not verdict.since:
        raise RunFailed("; ".join(wrong))
    return cost
