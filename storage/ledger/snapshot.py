"""
Snapshots of the ledger: an entry that commits to how many entries each subject has, so that "nothing more" can be proved too.

A tree proves that something is in it. That nothing else is takes a commitment to everything, and somebody who replays the whole
log to see that it is right: `storage.verifier.snapshot` says what stands in the entry, and every verification of a whole log
counts again. The rows are not kept: whoever wants a proof counts again as well, and believes the result only under the root
that was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Connection, Engine, select

from storage.custody import Custody
from storage.database import reading
from storage.errors import LedgerError, NotFound, StaleState, StorageUnavailable
from storage.evidence import Actor, Entry, Json, Kind, Recorded, Subject
from storage.ledger.stored import count, leaves
from storage.ledger.tree import HashReader, inclusion_proof, subtree_root
from storage.lifecycle import move
from storage.projecting import Change
from storage.schema import history
from storage.verifier.errors import VerificationError
from storage.verifier.leaves import LeafRecord, read_leaf
from storage.verifier.snapshot import SNAPSHOT, ProvenRow, Row, SnapshotProof, Tally, read_snapshot, verify_snapshot_proof

__all__ = ["MOVES", "SNAPSHOT", "Newest", "newest_snapshot", "project", "prove_snapshot", "record_snapshot", "snapshot_faults"]

MOVES = (move(Kind.LOG, SNAPSHOT, "running"),)

_MOST_TRIES = 20
"""How often is counted on when somebody else records in between; each time only what is new is read."""


class Newest(NamedTuple):
    """Where the newest snapshot stands, its time, and how many entries there are by now."""

    seq: int
    at: str
    entries: int

    @property
    def is_current(self) -> bool:
        """Whether nothing was recorded after it."""
        return self.entries == self.seq + 1


def project(recorded: Recorded) -> Iterable[Change]:
    """Refuse a snapshot that was overtaken by another entry; it changes no table."""
    if recorded.entry.type == SNAPSHOT and recorded.entry.body["size"] != recorded.seq:
        message = f"snapshot of {recorded.entry.body['size']} entries: there are {recorded.seq} by now"
        raise StaleState(message)
    return ()


def newest_snapshot(engine: Engine, log: Subject) -> Newest | None:
    """Return where the newest snapshot stands, or None where there is none."""
    mine = history.c.subject == str(log), history.c.type == SNAPSHOT
    query = select(history.c.seq, history.c.at).where(*mine).order_by(history.c.seq.desc()).limit(1)
    with reading(engine) as connection:
        row = connection.execute(query).first()
        return None if row is None else Newest(row.seq, row.at, count(connection))


def record_snapshot(engine: Engine, custody: Custody, *, log: Subject, actor: Actor) -> Recorded:
    """
    Count every entry there is and record the snapshot of them.

    Counting holds up nobody: what others record meanwhile is counted before the next try. `StorageUnavailable` where they never
    pause.
    """
    tally = Tally()
    for _ in range(_MOST_TRIES):
        with reading(engine) as connection:
            _count_on(tally, connection, count(connection))
        found = tally.snapshot()
        body: dict[str, Json] = {"root": found.root.hex(), "size": found.size, "subjects": found.subjects}
        try:
            return custody.record(Entry(SNAPSHOT, log, actor, body))
        except StaleState:
            continue
    message = f"snapshot: others recorded in between {_MOST_TRIES} times"
    raise StorageUnavailable(message)


def prove_snapshot(engine: Engine, seq: int, subject: Subject) -> SnapshotProof:
    """Return what snapshot *seq* says of *subject*: its row, or those it would stand between; `LedgerError` if it is wrong."""
    tally = Tally()
    with reading(engine) as connection, _translated(f"snapshot {seq}"):
        leaf = _only(connection, seq)
        read_snapshot(leaf)
        _count_on(tally, connection, seq)
        rows = tally.rows()
        places = (_proven(rows, place) for place in _places(rows, str(subject)))
        proof = SnapshotProof(leaf.log, seq, str(subject), tuple(places))
        verify_snapshot_proof(proof, leaf)
    return proof


def snapshot_faults(engine: Engine) -> tuple[int, list[str]]:
    """Count every entry again and return how many snapshots there are, and what is wrong with which."""
    tally, checked, faults = Tally(), 0, []
    with reading(engine) as connection:
        for leaf in _read(connection, 0, count(connection)):
            if leaf.type == SNAPSHOT:
                checked += 1
                try:
                    tally.verify(leaf)
                except VerificationError as error:
                    faults.append(f"snapshot {leaf.seq}: {error}")
            tally.add(leaf.subject)
    return checked, faults


def _count_on(tally: Tally, connection: Connection, end: int) -> None:
    for leaf in _read(connection, tally.size, end):
        tally.add(leaf.subject)


def _only(connection: Connection, seq: int) -> LeafRecord:
    if not 0 <= seq < count(connection):
        message = f"snapshot {seq}: there is no such entry"
        raise NotFound(message)
    return next(_read(connection, seq, seq + 1))


def _read(connection: Connection, start: int, end: int) -> Iterator[LeafRecord]:
    for seq, raw, _stored in leaves(connection, start, end):
        with _translated(f"leaf {seq}"):
            leaf = read_leaf(raw)
        yield leaf


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except VerificationError as error:
        message = f"{what}: {error}"
        raise LedgerError(message) from error


def _places(rows: Sequence[Row], subject: str) -> list[int]:
    for place, row in enumerate(rows):
        if row.subject == subject:
            return [place]
        if row.subject > subject:
            return [place - 1, place] if place else [place]
    return [len(rows) - 1]


def _proven(rows: Sequence[Row], place: int) -> ProvenRow:
    path = inclusion_proof(place, len(rows), _reader([row.hash for row in rows]))
    return ProvenRow(place, rows[place], tuple(path))


def _reader(hashes: Sequence[bytes]) -> HashReader:
    return lambda level, index: subtree_root(hashes[index << level : (index + 1) << level])
