"""
Dockings: when a camera came, what its clock showed against ours, how it left, and what its card told of the time before.

=================  =======  ==============  ======================================================================
entry              subject  moves           body
=================  =======  ==============  ======================================================================
``DOCKED``         device   (`clips`)       bay, dock, profile, clock against ours, battery, room; see `ingest.docked`
``UNDOCKED``       device   stays           which docking ended, and how: ``safe``, ``early`` or ``stopped``
``CARD_EXAMINED``  device   stays           findings about the card as a whole: codes and numbers; paths are personal
=================  =======  ==============  ======================================================================

Nothing personal stands in these tables: labels, serials and what a camera says of its officer are in the vault alone. That a
clock was set after it was measured is said by ``CLOCK_SET``: from then on it drifts from what it showed afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Engine, Index, Row, Select, Table, Text, insert, select, update

from storage.database import reading
from storage.evidence import Kind, Recorded, Subject, utc_moment, utc_text
from storage.ledger.leaf import Leaf
from storage.ledger.stored import leaves
from storage.lifecycle import move
from storage.projecting import Change
from storage.schema import history, projections

CLOCK_SET = "CLOCK_SET"
"""The type of the entry that a camera's clock was set; ``after_ms`` is by how far it was ahead then."""
_HALF_A_SECOND = 500
"""Of what it showed then only whole seconds are known."""

MOVES = (
    move(Kind.DEVICE, "UNDOCKED", "known"),
    move(Kind.DEVICE, "CARD_EXAMINED", "known"),
)

dockings = Table(
    "dockings",
    projections,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("device", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("bay", Text),
    Column("dock", Text),
    Column("profile", Text, nullable=False),
    Column("is_chosen", Boolean),
    Column("measured_at", Text),
    Column("offset_ms", BigInteger),
    Column("wall_ms", BigInteger),
    Column("within_ms", BigInteger),
    Column("error_ms", BigInteger),
    Column("drift_ms_per_day", BigInteger),
    Column("battery", BigInteger),
    Column("free_bytes", BigInteger),
    Column("total_bytes", BigInteger),
    Column("needs_password", Boolean),
    Column("findings", Text, nullable=False),
    Column("undocked", Text),
    Column("undocked_at", Text),
    Index("dockings_device", "device", "seq"),
)

card_findings = Table(
    "card_findings",
    projections,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("code", Text, primary_key=True),
    Column("device", Text, nullable=False),
    Column("manifest", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
)


def project(recorded: Recorded) -> Iterable[Change]:
    """Say what an entry about a docking changes."""
    projection = _PROJECTIONS.get(recorded.entry.type)
    return () if projection is None else projection(recorded)


def _docked(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    clock = body.get("clock", {})
    values = {
        "seq": recorded.seq,
        "device": str(recorded.entry.subject),
        "at": utc_text(recorded.at),
        "is_chosen": body.get("chosen"),
        "measured_at": clock.get("ours"),
        "error_ms": clock.get("source", {}).get("error_ms"),
        "findings": " ".join(clock.get("findings", [])),
        "profile": body["profile"],
    }
    told = {key: body.get(key) for key in ("bay", "dock", "battery", "free_bytes", "total_bytes", "needs_password")}
    figures = {key: clock.get(key) for key in ("offset_ms", "wall_ms", "within_ms", "drift_ms_per_day")}
    yield Change(insert(dockings).values({**values, **told, **figures}))


def _undocked(recorded: Recorded) -> Iterable[Change]:
    body, device = recorded.entry.body, str(recorded.entry.subject)
    mine = update(dockings).where(dockings.c.seq == body["docking"], dockings.c.device == device)
    yield Change(mine.values(undocked=body["how"], undocked_at=utc_text(recorded.at)))


def _examined(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    for finding in body["findings"]:
        row = {"seq": recorded.seq, "device": str(recorded.entry.subject), "manifest": body["manifest"]}
        yield Change(insert(card_findings).values(**row, code=finding["code"], count=finding["count"]))


_PROJECTIONS = {"DOCKED": _docked, "UNDOCKED": _undocked, "CARD_EXAMINED": _examined}


@dataclass(frozen=True, slots=True)
class KnownClock:
    """What is known of a camera's clock since an earlier docking. Offsets are positive where it was ahead of us."""

    at: datetime
    """By our clock, when it was looked at for the last time."""
    offset_ms: int
    """How far it was off when it left: after it was set, where it was."""
    wall_ms: int
    """The same for what its display showed, read in the zone of its profile; this is what names of files show."""
    came_at: datetime
    came_wall_ms: int
    """The same when it came, before anybody set it."""
    within_ms: int
    error_ms: int | None
    """How far our own clock may have been off; None where nobody knows."""


@dataclass(frozen=True, slots=True)
class EarlierDocking:
    """A docking as it was recorded."""

    seq: int
    device: Subject
    at: str
    bay: str | None
    dock: str | None
    profile: str
    offset_ms: int | None
    within_ms: int | None
    drift_ms_per_day: int | None
    battery: int | None
    free_bytes: int | None
    total_bytes: int | None
    needs_password: bool | None
    findings: tuple[str, ...]
    undocked: str | None
    """How it ended; None where it has not, or where nobody saw it."""
    clock: KnownClock | None
    """None where its clock was not measured, or was set and not looked at again."""


class Dockings:
    """Answers questions about dockings."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def docking(self, seq: int) -> EarlierDocking | None:
        """Return the docking that entry *seq* records, or None."""
        return self._first(select(dockings).where(dockings.c.seq == seq))

    def last(self, device: Subject) -> EarlierDocking | None:
        """Return the newest docking of *device*, or None."""
        return self._first(_of(device))

    def last_measured(self, device: Subject) -> EarlierDocking | None:
        """Return its newest docking at which its clock was measured, or None."""
        return self._first(_of(device).where(dockings.c.offset_ms.is_not(None)))

    def findings(self, device: Subject) -> dict[str, int]:
        """Return what the newest examination of its card found: how often, by code."""
        newest = select(card_findings.c.seq).where(card_findings.c.device == str(device))
        query = select(card_findings.c.code, card_findings.c.count)
        query = query.where(card_findings.c.seq == newest.order_by(card_findings.c.seq.desc()).limit(1).scalar_subquery())
        with reading(self._engine) as connection:
            return {row[0]: row[1] for row in connection.execute(query.order_by(card_findings.c.code))}

    def _first(self, query: Select[Any]) -> EarlierDocking | None:
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
            return None if row is None else _docking(row, _known_clock(row, _set_after(connection, row)))


def _of(device: Subject) -> Select[Any]:
    return select(dockings).where(dockings.c.device == str(device)).order_by(dockings.c.seq.desc()).limit(1)


def _docking(row: Row[Any], clock: KnownClock | None) -> EarlierDocking:
    return EarlierDocking(
        seq=row.seq,
        device=Subject.parse(row.device, Kind.DEVICE),
        at=row.at,
        bay=row.bay,
        dock=row.dock,
        profile=row.profile,
        offset_ms=row.offset_ms,
        within_ms=row.within_ms,
        drift_ms_per_day=row.drift_ms_per_day,
        battery=row.battery,
        free_bytes=row.free_bytes,
        total_bytes=row.total_bytes,
        needs_password=row.needs_password,
        findings=tuple(row.findings.split()),
        undocked=row.undocked,
        clock=clock,
    )


def _set_after(connection: Connection, row: Row[Any]) -> Leaf | None:
    """Return the last thing that is recorded of setting this clock after the docking in *row*, or None."""
    query = select(history.c.seq).where(history.c.subject == row.device, history.c.seq > row.seq, history.c.type == CLOCK_SET)
    seq = connection.scalar(query.order_by(history.c.seq.desc()).limit(1))
    if seq is None:
        return None
    ((_, raw, _),) = leaves(connection, seq, seq + 1)
    return Leaf.decode(raw)


def _known_clock(row: Row[Any], later: Leaf | None) -> KnownClock | None:
    if row.offset_ms is None:
        return None
    came = utc_moment(row.measured_at)
    if later is None:
        return KnownClock(came, row.offset_ms, row.wall_ms, came, row.wall_ms, row.within_ms, row.error_ms)
    after: Any = later.body.get("after_ms")
    if after is None:
        # ordered and never seen: what it showed before is over, and what it showed afterwards nobody knows
        return None
    offset = after + _HALF_A_SECOND
    return KnownClock(later.at, offset, offset + row.wall_ms - row.offset_ms, came, row.wall_ms, row.within_ms, row.error_ms)
