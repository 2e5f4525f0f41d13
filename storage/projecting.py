"""
From a recorded entry to the rows that people query.

The same code runs when an entry is recorded and when the catalog is made again from the ledger, so the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection, Executable, bindparam, insert, select, update
from sqlalchemy.exc import DataError, IntegrityError

from storage.errors import EvidenceError, StaleState
from storage.evidence import Recorded, Subject, utc_text
from storage.lifecycle import UNBORN, LifeCycle
from storage.schema import history, subjects

# made once: SQLAlchemy takes longer to put a statement together than to carry it out
_STANDING = select(subjects.c.state, subjects.c.entries, subjects.c.last_seq, subjects.c.last_hash).where(
    subjects.c.subject == bindparam("name"),
)
_BORN = insert(subjects)
_MOVED = update(subjects).where(subjects.c.subject == bindparam("name"), subjects.c.last_seq == bindparam("before"))
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


class Projector:
    """Applies entries to the projections of all rooms."""

    def __init__(self, lifecycle: LifeCycle, projections: Iterable[Projection]) -> None:
        self._lifecycle = lifecycle
        self._projections = tuple(projections)

    @property
    def lifecycle(self) -> LifeCycle:
        """What may follow what."""
        return self._lifecycle

    def standing(self, connection: Connection, subject: Subject) -> Standing:
        """Say where *subject* stands before its next entry."""
        row = connection.execute(_STANDING, {"name": str(subject)}).first()
        return Standing() if row is None else Standing(*row)

    def apply(self, connection: Connection, recorded: Recorded, standing: Standing) -> None:
        """
        Move the subject from where it is *standing* and change the rows.

        Raises `LifeCycleError`, `StaleState`, or `EvidenceError` for a value no database keeps; then nothing may be committed.
        """
        for change in (self._move(recorded, standing), _happened(recorded)):
            _execute(connection, change, recorded)
        for projection in self._projections:
            for change in projection(recorded):
                _execute(connection, change, recorded)

    def _move(self, recorded: Recorded, standing: Standing) -> Change:
        subject, name = recorded.entry.subject, str(recorded.entry.subject)
        values = {
            "state": self._lifecycle.next_state(subject, standing.state, recorded.entry.type),
            "entries": standing.entries + 1,
            "last_seq": recorded.seq,
            "last_hash": recorded.leaf_hash,
        }
        if standing.last_seq is None:
            return Change(_BORN, values={"subject": name, "kind": subject.kind.value, **values})
        return Change(_MOVED, values={"name": name, "before": standing.last_seq, **values})


def _happened(recorded: Recorded) -> Change:
    entry = recorded.entry
    values = {
        "seq": recorded.seq,
        "subject": str(entry.subject),
        "type": entry.type,
        "at": utc_text(recorded.at),
        "actor": str(entry.actor.who),
        "role": entry.actor.role.value,
    }
    return Change(_HAPPENED, values=values)


def _execute(connection: Connection, change: Change, recorded: Recorded) -> None:
    what = f"{recorded.entry.type} of {recorded.entry.subject}"
    try:
        result = connection.execute(change.statement, change.values or None, execution_options=_COUNTED)
    except IntegrityError as error:
        # what the database says of it may name a person: it stays in the cause
        message = f"{what}: the same is recorded already"
        raise StaleState(message) from error
    except DataError as error:
        message = f"{what}: it holds a value that the database cannot keep"
        raise EvidenceError(message) from error
    if result.rowcount != change.rows:
        message = f"{what}: expected to change {change.rows} rows, changed {result.rowcount}"
        raise StaleState(message)
