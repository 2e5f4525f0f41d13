"""How an insider makes everything fit: hashes, chains, vault, tiles, checkpoints under the real key, catalog, lock."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, func, select, text

from storage import rebuild
from storage.custody import Custody
from storage.database import writing
from storage.errors import EvidenceError, LifeCycleError
from storage.evidence import Subject
from storage.ledger.checkpoint import Checkpoint, sign_checkpoint
from storage.ledger.publish import DirectoryShelf, publish
from storage.ledger.tree import EMPTY_ROOT
from storage.lifecycle import LifeCycle, Move
from storage.projecting import Projector
from storage.schema import APPEND_ONLY, checkpoints, cosignatures, entries, tiles, timestamps, vault, vault_keys
from yihu.wiring import Office

from .insiders import Attack, Line, Lines, history_of
from .world import ORIGIN, Clock, World, opened


class Lawless(LifeCycle):
    """A life cycle in which everything may follow everything: his own copy of the program is not the one that refuses."""

    def __init__(self, honest: LifeCycle) -> None:
        super().__init__(honest._moves.values())

    def next_state(self, subject: Subject, state: str, type_: str) -> str:
        """Return the state after an entry, whatever it was before."""
        try:
            return super().next_state(subject, state, type_)
        except LifeCycleError:
            found = self._moves.get((subject.kind, type_), Move(subject.kind, type_, frozenset()))
            return found.then or state


@dataclass(frozen=True, slots=True)
class Forged:
    """What he made of the office."""

    world: World
    published: Path
    first: int
    """The first entry that is not what it was."""
    size: int


def forge(honest: World, place: Path, attack: Attack, where: range) -> Forged:
    """Carry out *attack* on a copy of the office, make everything fit, and publish the result."""
    world = honest.copy(place / "office")
    with opened(world) as office:
        before = history_of(office)
        after = attack(office, before, where)
        first = next((at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), len(after))
        first = min(first, len(before))
        assert before != after
        taken_back(office, first)
        _record(office, _renumbered(after, first), first)
        publish(office.log, DirectoryShelf(place / "published"))
    return Forged(world, place / "published", first, len(after))


def _renumbered(lines: Lines, first: int) -> Lines:
    """Clips name the number of the manifest they stand in, which may be another one now."""
    places = {line.was: at for at, line in enumerate(lines) if line.was is not None}
    made = []
    for line in lines[first:]:
        manifest = line.entry.body.get("manifest")
        made.append(
            line.saying(manifest=places[manifest]) if line.entry.type == "SECURED" and isinstance(manifest, int) else line
        )
    return made


def taken_back(office: Office, first: int) -> None:
    """Undo everything from entry *first* on, in database and lock."""
    with writing(office.engine) as connection:
        for table in APPEND_ONLY:
            for act in ("update", "delete", "replace"):
                connection.execute(text(f"DROP TRIGGER {table.name}_no_{act}"))
        _delete_from(connection, first)
        newest = connection.scalar(select(checkpoints.c.note).order_by(checkpoints.c.size.desc()).limit(1))
    rebuild.rebuild(office.engine, _lawless(office), office.vault)
    (office.home / "lock" / "head").write_text(newest or sign_checkpoint(Checkpoint(ORIGIN, 0, EMPTY_ROOT), office.signers[0]))


def _delete_from(connection: Connection, first: int) -> None:
    connection.execute(delete(cosignatures).where(cosignatures.c.size > first))
    connection.execute(delete(timestamps).where(timestamps.c.size > first))
    connection.execute(delete(checkpoints).where(checkpoints.c.size > first))
    connection.execute(delete(vault).where(vault.c.seq >= first))
    connection.execute(delete(entries).where(entries.c.seq >= first))
    signed = connection.scalar(select(func.max(checkpoints.c.size))) or 0
    for row in connection.execute(select(tiles.c.level, tiles.c.tile)).all():
        if (row.tile + 1) << 8 * (row.level + 1) > signed:
            connection.execute(delete(tiles).where(tiles.c.level == row.level, tiles.c.tile == row.tile))
    kept = connection.scalars(select(vault.c.subject)).all()
    connection.execute(delete(vault_keys).where(vault_keys.c.subject.not_in(kept)))


class Recording:
    """Records whatever he says, at whatever time; what does not even fit into the catalog is written past it."""

    def __init__(self, office: Office) -> None:
        self._clock = clock = Clock()
        blind = Projector(_lawless(office)._lifecycle, [])
        self._custodies = [
            Custody(office.engine, projector, office.vault, log=ORIGIN, clock=lambda: clock.now)
            for projector in (_lawless(office), blind)
        ]

    def __call__(self, line: Line) -> None:
        """Record one entry."""
        known, blind = self._custodies
        self._clock.now = line.at
        try:
            known.record(line.entry)
        except EvidenceError:
            blind.record(line.entry)


def _record(office: Office, lines: Lines, first: int) -> None:
    """Record anew, signing every eighth entry, so that the heads look as they would in life."""
    record = Recording(office)
    for number, line in enumerate(lines, first):
        record(line)
        if number % 8 == 0:
            office.log.checkpoint()
    office.log.checkpoint()


def _lawless(office: Office) -> Projector:
    return Projector(Lawless(office.projector._lifecycle), office.projector._projections)
