"""
From a recorded entry to the rows that people query.

The same code runs when an entry is recorded and when the catalog is made again from the ledger, so the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Connection, Executable, Insert, bindparam, insert, select, update
from sqlalchemy.exc import DataError, IntegrityError

from storage.database import ByName
from storage.errors import EvidenceError, StaleState
from storage.evidence import Recorded, Subject, utc_text
from storage.lifecycle import UNBORN, LifeCycle
from storage.schema import history, subjects

# made once: SQLAlchemy takes longer to put a statement together than to carry it out
_STANDINGS = ByName(
    select(subjects.c.subject, subjects.c.state, subjects.c.entries, subjects.c.last_seq, subjects.c.last_hash),
    subjects.c.subject,
)
_BORN = insert(subjects)
_WENT_ON = update(subjects).where(subjects.c.subject == bindparam("name"), subjects.c.last_seq == bindparam("before"))
_HAPPENED = insert(history)
# psycopg counts the rows of an INSERT only when it is asked to
_COUNTED = {"preserve_rowcount": True}


@dataclass(frozen=True, slots=True)
class Change:
    """A statement and how many rows it must touch: the guard by which two writers cannot both move a thing."""

    statement: Executable
    rows: int = 1
    values: Mapping[str, object] = field(default_factory=dict)
    """What the statement is carried out with, where it was made once for all."""


Projection = Callable[[Recorded], Iterable[Change]]
"""A pure function: what an entry changes in the tables of a room. Entries it does not know change nothing."""


class Standing(NamedTuple):
    """Where a subject stands: its state, how many entries it has, and the place and hash of the last."""

    state: str = UNBORN
    entries: int = 0
    last_seq: int | None = None
    last_hash: bytes = b""

    @property
    def previous(self) -> tuple[int, bytes] | None:
        """Place and hash of the last entry, or None where there is none."""
        return None if self.last_seq is None else (self.last_seq, self.last_hash)


class Moved(NamedTuple):
    """An entry, and where its subject stood before and stands after it."""

    recorded: Recorded
    before: Standing
    after: Standing


class Projector:
    """Applies entries to the projections of all rooms."""

    def __init__(self, lifecycle: LifeCycle, projections: Iterable[Projection]) -> None:
        self._lifecycle = lifecycle
        self._projections = tuple(projections)

    @property
    def lifecycle(self) -> LifeCycle:
        """What may follow what."""
        return self._lifecycle

    def standings(self, connection: Connection, subjects_: Iterable[Subject]) -> dict[Subject, Standing]:
        """Say where those of *subjects_* that have entries stand before their next one."""
        named = {str(subject): subject for subject in subjects_}
        return {named[row.subject]: Standing(*row[1:]) for row in _STANDINGS.find(connection, named)}

    def moved(self, recorded: Recorded, standing: Standing) -> Moved:
        """Say how *recorded* moves its subject from where it is *standing*. Raises `LifeCycleError` if it may not follow."""
        entry = recorded.entry
        state = self._lifecycle.next_state(entry.subject, standing.state, entry.type)
        return Moved(recorded, standing, Standing(state, standing.entries + 1, recorded.seq, recorded.leaf_hash))

    def following(self, recorded: Recorded) -> Iterator[Change]:
        """Say what *recorded* changes in the tables of the rooms."""
        for projection in self._projections:
            yield from projection(recorded)

    def apply(self, connection: Connection, recorded: Recorded) -> None:
        """
        Move the subject of *recorded* and change the rows.

        Raises `LifeCycleError`, `StaleState`, or `EvidenceError` for a value no database keeps; then nothing may be committed.
        """
        subject = recorded.entry.subject
        standing = self.standings(connection, [subject]).get(subject, Standing())
        write_moves(connection, [self.moved(recorded, standing)])
        write_changes(connection, [(recorded, change) for change in self.following(recorded)])


def write_moves(connection: Connection, moves: Sequence[Moved]) -> None:
    """
    Write where subjects stand after *moves*, and the history, with one statement for each kind of row.

    Raises what `Projector.apply` raises; of several moves the error names the first of its kind.
    """
    born = [move for move in moves if move.before.last_seq is None]
    known = [move for move in moves if move.before.last_seq is not None]
    for statement, row_of, some in ((_BORN, _born, born), (_WENT_ON, _went_on, known), (_HAPPENED, happened, moves)):
        if some:
            execute(connection, some[0].recorded, statement, [row_of(move) for move in some])


def write_changes(connection: Connection, changes: Iterable[tuple[Recorded, Change]]) -> None:
    """
    Carry out *changes* in their order; like insertions that follow each other go together.

    Raises what `Projector.apply` raises; of several insertions the error names the first.
    """
    for _, group in groupby(changes, key=lambda each: _alike(each[1])):
        (recorded, first), *others = group
        rows = [first.values, *(change.values for _, change in others)]
        execute(connection, recorded, first.statement, rows, each=first.rows)


def _alike(change: Change) -> tuple[object, ...]:
    """Return what insertions that may go together share; of anything else the count of rows says too little about several."""
    if isinstance(change.statement, Insert) and change.values and change.rows == 1:
        return (id(change.statement), *change.values)
    return (id(change),)


def _born(move: Moved) -> dict[str, object]:
    subject = move.recorded.entry.subject
    return {"subject": str(subject), "kind": subject.kind.value, **move.after._asdict()}


def _went_on(move: Moved) -> dict[str, object]:
    return {"name": str(move.recorded.entry.subject), "before": move.before.last_seq, **move.after._asdict()}


def happened(move: Moved) -> dict[str, object]:
    """Give the row of the history."""
    recorded, entry = move.recorded, move.recorded.entry
    return {
        "seq": recorded.seq,
        "subject": str(entry.subject),
        "type": entry.type,
        "at": utc_text(recorded.at),
        "actor": str(entry.actor.who),
        "role": entry.actor.role.value,
    }


def execute(
    connection: Connection, first: Recorded, statement: Executable, rows: Sequence[Mapping[str, object]], *, each: int = 1
) -> None:
    """Carry out *statement* with *rows*, each of which must touch *each* rows. Raises what `Projector.apply` raises."""
    what, expected = f"{first.entry.type} of {first.entry.subject}", each * len(rows)
    # one row is not sent the way that many are: that costs more
    values = rows if len(rows) > 1 else rows[0] or None
    try:
        result = connection.execute(statement, values, execution_options=_COUNTED)
    except IntegrityError as error:
        # what the database says of it may name a person: it stays in the cause
        message = f"{what}: the same is recorded already"
        raise StaleState(message) from error
    except DataError as error:
        message = f"{what}: it holds a value that the database cannot keep"
        raise EvidenceError(message) from error
    if result.rowcount != expected:
        message = f"{what}: expected to change {expected} rows, changed {result.rowcount}"
        raise StaleState(message)
