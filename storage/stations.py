"""
Docks in the ledger: that they came and went, and what was refused in them.

===================  =======  =========================  ==========================================================
entry                subject  moves                      body
===================  =======  =========================  ==========================================================
``DOCK_ATTACHED``    dock     (new), detached → attached  name of its profile, number of its bays
``DOCK_DETACHED``    dock     attached → detached        how: stopped, gone, dark, found-gone
``DEVICE_REFUSED``   dock     stays                      bay, USB id, classes, reason, how often and since when
===================  =======  =========================  ==========================================================

Where a dock hangs and what people call it, and the serial, maker and product of what was refused, are in the vault.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import BigInteger, Column, Engine, Index, Table, Text, insert, select

from storage.custody import Custody
from storage.database import reading
from storage.errors import LifeCycleError
from storage.evidence import Actor, Entry, Json, Kind, Recorded, Subject, utc_text
from storage.identity import found_again
from storage.lifecycle import UNBORN, move
from storage.projecting import Change
from storage.refusals import Counted, Refusals, RefusedDevice
from storage.schema import projections, subjects

ATTACHED, DETACHED = "attached", "detached"
_SHOWN = 16
"""Interfaces of a refused device that are recorded; a hostile one may bring any number."""

MOVES = (
    move(Kind.DOCK, "DOCK_ATTACHED", f"{UNBORN}|{DETACHED}", ATTACHED),
    move(Kind.DOCK, "DOCK_DETACHED", ATTACHED, DETACHED),
    move(Kind.DOCK, "DEVICE_REFUSED", f"{ATTACHED}|{DETACHED}"),
)

refusals = Table(
    "refusals",
    projections,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("dock", Text, nullable=False),
    Column("bay", Text, nullable=False),
    Column("usb", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("since", Text, nullable=False),
    Index("refusals_dock", "dock", "since"),
)


def project(recorded: Recorded) -> Iterable[Change]:
    """Say what an entry about a dock changes."""
    if recorded.entry.type == "DEVICE_REFUSED":
        body = recorded.entry.body
        row = {name: body[name] for name in ("bay", "usb", "reason", "times", "since")}
        yield Change(insert(refusals).values(seq=recorded.seq, dock=str(recorded.entry.subject), **row))


@dataclass(frozen=True, slots=True)
class Station:
    """A dock as it is recorded."""

    profile: str
    name: str
    where: str
    """The places of its hub; empty where it is part of the host."""
    bays: int


@dataclass(slots=True)
class Stations:
    """
    Records docks in the name of *actor*, the dock program of one host.

    Everything may be called again after `StorageUnavailable`: what was recorded although its answer was lost is found, and what
    was refused meanwhile stays counted. May be called from several threads.
    """

    custody: Custody
    engine: Engine
    index_key: bytes
    actor: Actor
    clock: Callable[[], datetime]
    _refusals: Refusals = field(default_factory=Refusals)
    _refusing: dict[Subject, Station] = field(default_factory=dict)
    _in_doubt: set[tuple[str, ...]] = field(default_factory=set)
    """Of what it is not known whether it was recorded."""
    _alone: threading.RLock = field(default_factory=threading.RLock)

    def subject(self, station: Station) -> Subject:
        """Return the pseudonym of a dock: of its kind, hanging there, on the host of this program."""
        return found_again(
            self.index_key, Kind.DOCK, "\0".join((str(self.actor.who), station.profile, station.where or station.name))
        )

    def attached(self, station: Station) -> Subject:
        """Record that a dock is there, if it is not recorded as being there already; return its pseudonym."""
        dock = self.subject(station)
        body: dict[str, Json] = {"profile": station.profile, "bays": station.bays}
        personal: dict[str, Json] = {"name": station.name, **({"where": station.where} if station.where else {})}
        self._move(Entry("DOCK_ATTACHED", dock, self.actor, body, personal), to=ATTACHED)
        return dock

    def detached(self, station: Station, how: str) -> None:
        """Record that a dock went, and *how*, if it is recorded as being there."""
        if self._state(self.subject(station)) == ATTACHED:
            self._move(Entry("DOCK_DETACHED", self.subject(station), self.actor, {"how": how}), to=DETACHED)

    def refused(self, station: Station, device: RefusedDevice) -> None:
        """Record that something was refused, or count it; see `storage.refusals`."""
        with self._alone:
            dock = self.subject(station)
            self._refusing[dock] = station
            self._refusals.note(dock, device, self.clock())
            self.flush()

    def flush(self, *, last_call: bool = False) -> None:
        """Record what was counted and is due; called every few seconds, and with *last_call* when the program ends."""
        with self._alone:
            for counted in self._refusals.due(self.clock(), last_call=last_call):
                times = self._times(counted) if counted.key in self._in_doubt else None
                if times is None:
                    self._record(counted)
                self._refusals.recorded(counted if times is None else replace(counted, times=times), self.clock())
                self._in_doubt.discard(counted.key)

    def _record(self, counted: Counted) -> None:
        if self._state(counted.dock) == UNBORN:
            self.attached(self._refusing[counted.dock])
        self._in_doubt.add(counted.key)
        self.custody.record(_refusal(counted, self.actor))

    def _move(self, entry: Entry, *, to: str) -> None:
        if self._state(entry.subject) == to:
            return
        try:
            self.custody.record(entry)
        except LifeCycleError:
            # an earlier answer was lost, or somebody recorded it just now
            if self._state(entry.subject) != to:
                raise

    def _state(self, dock: Subject) -> str:
        with reading(self.engine) as connection:
            return connection.scalar(select(subjects.c.state).where(subjects.c.subject == str(dock))) or UNBORN

    def _times(self, counted: Counted) -> int | None:
        """Return how often it was refused by an entry that stands there, although its answer was lost; None where none does."""
        mine = refusals.c.dock == str(counted.dock), refusals.c.since == utc_text(counted.first)
        same = refusals.c.bay == counted.device.bay, refusals.c.usb == counted.device.usb_id
        wanted = select(refusals.c.times).where(*mine, *same, refusals.c.reason == counted.device.reason)
        with reading(self.engine) as connection:
            found: int | None = connection.scalar(wanted)
        return found


def _refusal(counted: Counted, actor: Actor) -> Entry:
    device = counted.device
    body: dict[str, Json] = {
        "bay": device.bay,
        "classes": list[Json](device.classes[:_SHOWN]),
        "reason": device.reason,
        "since": utc_text(counted.first),
        "times": counted.times,
        "usb": device.usb_id,
    }
    said = {"serial": device.serial, "manufacturer": device.manufacturer, "product": device.product}
    return Entry("DEVICE_REFUSED", counted.dock, actor, body, {name: text for name, text in said.items() if text})
