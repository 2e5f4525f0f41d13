"""
An honest office with something in every table, and copies of it that somebody may spoil.

The office is made once for a run of tests, by the program itself; a copy of it costs a few milliseconds.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from storage import rebuild
from storage.audit import Brought
from storage.audit.objects import AuditedStore
from storage.database import migrate, reading
from storage.evidence import Entry, Kind, Subject
from storage.identity import found_again
from storage.ledger.feeding import feed
from storage.ledger.keys import Signer, VerifierKey
from storage.ledger.publish import DirectoryShelf, publish_all
from storage.ledger.witness import Answer
from storage.ledger.witnessing import Witness as AtWork
from storage.schema import projections
from storage.verifier.lifecycle import LifeCycle
from tests.servers.tsa_server import Authority
from yihu.auditing import Asked, audit_of
from yihu.wiring import Office

ORIGIN = "office.example/yihu/tamper"
FULL_TILE = 256


@dataclass
class Clock:
    """
    A clock that goes on a little at every look, and that a test may set.

    It begins later than these tests will ever run, for an office is founded by the clock of the machine.
    """

    now: datetime = datetime(2040, 11, 22, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return a moment a little later than the last."""
        self.now += timedelta(milliseconds=3)
        return self.now


@dataclass(frozen=True, slots=True)
class World:
    """An office in *home*, and what is outside of it: the witnesses with what they cosigned."""

    home: Path
    outside: Path

    def office(self) -> Office:
        """Open the office as a process does that remembers nothing."""
        return Office.open(self.home / "yihu.toml", Clock(datetime(2040, 11, 23, 8, 0, tzinfo=UTC)))

    @property
    def database(self) -> Path:
        """The file of the database, where there is one."""
        return self.home / "yihu.db"

    def copy(self, to: Path) -> World:
        """Copy the whole office, and nothing that is outside."""
        shutil.copytree(self.home, to)
        return World(to, self.outside)

    def copied_whole(self, to: Path) -> World:
        """Copy the office and everything outside of it: another world."""
        shutil.copytree(self.outside, to / "outside")
        return World(self.copy(to / "office").home, to / "outside")

    def witnesses(self) -> list[AtWork]:
        """Open the witnesses, who are under other administrators."""
        return [AtWork.open(place, clock=Clock()) for place in sorted(self.outside.glob("witness-*"))]

    def authority(self) -> Authority:
        """Open the time-stamping authority, whose certificates lead officers' ones too."""
        return Authority.reopened(self.outside / "tsa")

    def keys(self) -> list[VerifierKey]:
        """The keys of the log, as they came to a stranger on paper, the oldest first."""
        return [VerifierKey.parse(line) for line in (self.outside / "vkey").read_text().splitlines()]

    def learn(self, vkey: str) -> None:
        """Have everybody outside know one more key of the log."""
        with (self.outside / "vkey").open("a") as paper:
            paper.write(f"{vkey}\n")
        for witness in self.witnesses():
            witness.watch(VerifierKey.parse(vkey))

    def held(self) -> list[str]:
        """The heads that were kept outside, oldest first."""
        return [path.read_text() for path in sorted(self.outside.glob("held-*"))]


@contextmanager
def opened(world: World) -> Iterator[Office]:
    """Open the office for a while."""
    office = world.office()
    try:
        yield office
    finally:
        office.engine.dispose()


def opened_again(office: Office) -> Office:
    """Do what `Office.open` does to a database that was changed under an open office."""
    office.engine.dispose()
    migrate(office.engine)
    if not rebuild.is_current(office.engine):
        rebuild.rebuild(office.engine, office.projector, office.vault)
    return office


def findings_of(world: World, *, store: AuditedStore | None = None) -> list[str]:
    """Audit the office, with nothing remembered from before, and return everything that was found wrong."""
    with opened(world) as office:
        return findings_in(office, store=store)


def findings_in(office: Office, *, store: AuditedStore | None = None) -> list[str]:
    """
    Audit an open office: the one place of these tests that knows what the audit is called.

    Fewer steps that checked something than an honest office has is a finding too.
    """
    verdict = replace(audit_of(office, Asked(), Brought()), store=store or office.store).run()
    found = [f"{step.name}: {finding}" for step in verdict.steps for finding in step.findings]
    assert verdict.is_consistent == (not found)
    return found


def signing(office: Office) -> Signer:
    """The key that signs heads now."""
    return office.log.keys.signers[office.log.keys.newest()]


def life_cycle(office: Office) -> LifeCycle:
    """The table of moves of the office, as a stranger is given it."""
    moves = office.projector._lifecycle._moves.values()
    return LifeCycle({(one.kind.value, one.type): (one.after, one.then) for one in moves})


def effects_of(world: World, place: Path) -> dict[str, bytes]:
    """
    Everything the office tells anybody: rows, personal values, what it publishes, its proofs, what it takes to be held outside.

    Whatever leaves all of this as it was, byte for byte, has changed nothing.
    """
    with opened(world) as office:
        # whoever goes on first makes good what a crash may have left
        office.log.checkpoint()
        shown = {"anchored": str(office.log.anchored_size()).encode(), "head": (office.log.newest() or "").encode()}
        with reading(office.engine) as connection:
            for table in projections.sorted_tables:
                rows = connection.execute(select(table).order_by(*table.primary_key)).all()
                shown[table.name] = repr(rows).encode()
            for recorded in rebuild.recorded_entries(connection, office.vault):
                shown[f"entry {recorded.seq}"] = repr(recorded).encode()
        publish_all(office.log, DirectoryShelf(place))
        size = int((office.log.latest() or "").split("\n")[1])
        shown |= {f"proof {seq}": office.log.proof(seq).encode() for seq in range(0, size, 7)}
    return shown | {str(path.relative_to(place)): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


def log_subject(office: Office) -> Subject:
    """The log as the subject of entries."""
    return found_again(office.index_key, Kind.LOG, ORIGIN)


def size_of(office: Office) -> int:
    """How many entries there are."""
    office.log.checkpoint()
    return int((office.log.latest() or "\n0").split("\n")[1])


def grow(office: Office, count: int, *, version: str = "1") -> None:
    """Record so many entries more; of the same *version* they are the same, as the clock is."""
    subject = log_subject(office)
    office.custody.record_all([Entry("STARTED", subject, office.dock, {"version": version}) for _ in range(count)])


def sign(office: Office, world: World) -> str:
    """Sign a head, have it cosigned by everybody, and keep it outside."""
    office.log.checkpoint()
    by_name = {one.key.name: one for one in world.witnesses()}
    for known in office.log.anchors.witnesses():
        feed(office.log, known, delivering(by_name[known.key.name]))
    note = office.log.newest()
    assert note is not None
    size = int(note.split("\n", 2)[1])
    (world.outside / f"held-{size:09d}").write_text(note)
    return note


class delivering:  # noqa: N801 - a function with a witness in it
    """Brings requests to a witness."""

    def __init__(self, at_work: AtWork) -> None:
        self._at_work = at_work

    def __call__(self, body: str) -> Answer:
        return self._at_work.add_checkpoint(body.encode())
