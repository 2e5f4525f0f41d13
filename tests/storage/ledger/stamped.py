"""A living log, whom it asks for the time, and what came of that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from storage.database import reading
from storage.ledger.checkpoint import Checkpoint
from storage.ledger.leaf import Leaf
from storage.ledger.stamp_audit import Found, timestamp_faults
from storage.ledger.stamping import Stamping
from storage.schema import entries, timestamps
from storage.verifier.times import TIMESTAMPED
from tests.servers.tsa_server import Authority

from .living import ADMINISTRATOR, SUBJECT, LivingLog

MINUTE = timedelta(minutes=1)


@dataclass
class Clockwork:
    """An authority whose clock goes as the log's own does, *fast* by that much."""

    living: LivingLog
    authority: Authority
    fast: timedelta = timedelta(0)
    asked: int = 0

    def __call__(self, request: bytes) -> bytes:
        self.asked += 1
        return self.authority.stamp_at(request, self.living.clock.now + self.fast)


def stamping(living: LivingLog, authority: Authority) -> Stamping:
    """What asks for a log."""
    return Stamping(living.engine, living.log, living.custody, authority.roots, SUBJECT, ADMINISTRATOR, living.clock)


def audited(living: LivingLog, authority: Authority) -> Found:
    """What the audit says."""
    return timestamp_faults(living.engine, living.log, authority.roots)


def kept(living: LivingLog) -> int:
    """How many replies are kept."""
    with reading(living.engine) as connection:
        return connection.scalar(select(func.count()).select_from(timestamps)) or 0


def recorded(living: LivingLog) -> list[Leaf]:
    """The entries that say so."""
    with reading(living.engine) as connection:
        leaves = [Leaf.decode(raw) for raw in connection.scalars(select(entries.c.leaf).order_by(entries.c.seq))]
    return [leaf for leaf in leaves if leaf.type == TIMESTAMPED]


def signed(living: LivingLog, grown: int = 1) -> int:
    """Ten minutes later: so many entries more, signed; how many there are then."""
    living.clock.now += 10 * MINUTE
    living.grow(grown).log.checkpoint()
    return int((living.log.latest() or "").split("\n")[1])


def reopened(living: LivingLog) -> LivingLog:
    """As a new process sees it, at the same time of day."""
    again = living.again()
    again.clock.now = living.clock.now
    return again


def due(at_work: Stamping) -> Checkpoint:
    """The head that is to be stamped."""
    head = at_work.due()
    assert head is not None
    return head
