"""Whether the time-stamps of a log are what its entries say, and its entries where the time-stamps put them; for the audit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, select

from storage.database import reading
from storage.errors import EvidenceError
from storage.ledger.log import Log
from storage.ledger.stamping import head_at
from storage.ledger.stored import count, leaves
from storage.schema import timestamps
from storage.verifier.errors import VerificationError
from storage.verifier.leaves import read_leaf
from storage.verifier.times import Bounds, Stamp, stamps_in
from storage.verifier.tokens import read_token, verify_token

__all__ = ["Found", "timestamp_faults"]

_MOST = 100
"""Findings that are told; a log whose clock was wrong for a day has thousands of the same."""


@dataclass(slots=True)
class Found:
    """How many time-stamps were checked, and everything that was wrong."""

    checked: int = 0
    findings: list[str] = field(default_factory=list)


def timestamp_faults(engine: Engine, log: Log, roots: bytes | None, *, start: int = 0) -> Found:
    """
    Check every ``TIMESTAMPED`` from entry *start* on, and the claimed times of all entries from there on against them.

    The reply of each is kept, verifies under *roots* (PEM) and speaks of a checkpoint that this log signed; a reply that no
    entry speaks of, which a crash leaves, speaks of one at least. Without *roots*
    nothing shows who stamped, and where there are time-stamps that is a finding. A log without any has none.
    """
    found = Found()
    with reading(engine) as connection:
        stamps = stamps_in(raw for _, raw, _ in leaves(connection, start, count(connection)))
        for stamp in stamps:
            found.checked += 1
            found.findings.extend(_faults_of(connection, log, stamp, roots))
        found.findings.extend(_about_nothing(connection, log, start))
        found.findings.extend(_out_of_bounds(connection, stamps, start))
    return found


def _faults_of(connection: Connection, log: Log, stamp: Stamp, roots: bytes | None) -> Iterator[str]:
    what = f"time-stamp in entry {stamp.seq}"
    kept = connection.scalar(
        select(timestamps.c.token).where(timestamps.c.size == stamp.size, timestamps.c.digest == stamp.token),
    )
    if kept is None:
        yield f"{what}: the authority's reply {stamp.token[:16]} is not kept"
        return
    if roots is None:
        yield f"{what}: no roots are set, so nothing shows who stamped"
        return
    try:
        head = head_at(connection, log, stamp.size)
        token = verify_token(kept, head.text, roots)
    except (EvidenceError, VerificationError) as error:
        yield f"{what}: {error}"
        return
    if (stamp.root, stamp.time, stamp.accuracy_ms, stamp.authority) != (
        head.root,
        token.time,
        token.accuracy_ms,
        token.authority,
    ):
        yield f"{what}: the entry says something else than the authority's reply"


def _about_nothing(connection: Connection, log: Log, start: int) -> Iterator[str]:
    """Look at what is kept, whether an entry speaks of it or not: it has its digest, and is over a head of its size."""
    kept = select(timestamps).order_by(timestamps.c.size)
    if start:  # a whole audit looks at everything, at impossible sizes too
        kept = kept.where(timestamps.c.size >= start)
    for row in connection.execute(kept, execution_options={"yield_per": _MOST}):
        what = f"time-stamp of {row.size} entries"
        if hashlib.sha256(row.token).hexdigest() != row.digest:
            yield f"{what}: the kept reply is not the one with the digest {row.digest[:16]}"
            continue
        try:
            token, head = read_token(row.token), head_at(connection, log, row.size)
        except (EvidenceError, VerificationError) as error:
            yield f"{what}: {error}"
            continue
        if token.imprint != hashlib.sha256(head.text.encode("ascii")).digest():
            yield f"{what}: the kept reply is over another checkpoint"


def _out_of_bounds(connection: Connection, stamps: list[Stamp], start: int) -> Iterator[str]:
    bounds, told = Bounds(stamps), 0
    for _, raw, _ in leaves(connection, start, count(connection)):
        try:
            bounds.follow(read_leaf(raw))
        except VerificationError as error:
            told += 1
            if told <= _MOST:
                yield str(error)
    if told > _MOST:
        yield f"… and {told - _MOST} entries more whose time cannot be true"
