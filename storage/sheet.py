"""
A sheet: the entries of one transaction, made in memory, then written with as few statements as there are kinds of rows.

The way to the database costs more than what is done there, and hardly more for a hundred rows than for one. So a sheet reads
once where its subjects stand, chains its entries in memory, and writes all leaves at once, then all sealed values, all moves
and the whole history. What follows in the tables of the rooms is changed in the order of the entries.

A sheet is refused as a whole. Where it has one entry, the refusal says what is wrong with that; `Custody` sees to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from sqlalchemy import Connection, bindparam, func, insert, select

from storage.at_once import is_possible, write_at_once
from storage.evidence import Entry, Recorded, Subject, utc_moment
from storage.ledger.leaf import Leaf
from storage.ledger.tree import leaf_hash
from storage.projecting import Change, Moved, Projector, Standing, write_changes, write_moves
from storage.schema import entries, history, subjects, vault_keys
from storage.vault import ERASED, Sealing, Vault

_APPEND = insert(entries)
_LAST = (
    select(entries.c.seq, history.c.at)
    .outerjoin(history, history.c.seq == entries.c.seq)
    .order_by(entries.c.seq.desc())
    .limit(1)
)
_NEWEST = select(func.max(entries.c.seq).label("seq")).subquery()
_LOOK = select(
    _NEWEST.c.seq,
    history.c.at,
    *(subjects.c.subject, subjects.c.state, subjects.c.entries, subjects.c.last_seq, subjects.c.last_hash),
    vault_keys.c.wrapped,
).select_from(
    _NEWEST.outerjoin(history, history.c.seq == _NEWEST.c.seq)
    .outerjoin(subjects, subjects.c.subject == bindparam("subject"))
    .outerjoin(vault_keys, vault_keys.c.subject == bindparam("keeper"))
)
"""All there is to know before one entry is put down, at once."""


class _Head(NamedTuple):
    """How many entries there are, and the log's time of the last one."""

    size: int
    at: datetime | None

    @classmethod
    def of(cls, last: int | None, at: str | None) -> Self:
        """Make it of the number of the last entry, if there is one, and its time."""
        return cls(0 if last is None else last + 1, None if at is None else utc_moment(at))


class Sheet:
    """The next entries of a log, in the only writing transaction."""

    def __init__(
        self, connection: Connection, projector: Projector, vault: Vault, *, log: str, clock: Callable[[], datetime]
    ) -> None:
        self._connection = connection
        self._projector = projector
        self._sealing = Sealing(vault)
        self._log = log
        self._clock = clock
        self._head = _Head(0, None)
        self._standings: dict[Subject, Standing] = {}
        self._leaves: list[dict[str, object]] = []
        self._moves: list[Moved] = []
        self._changes: list[tuple[Recorded, Change]] = []

    def read(self, wanted: Iterable[Entry]) -> None:
        """Read what has to be known before entries like these can be put down."""
        known = list(wanted)
        if len(known) == 1:
            self._look(known[0])
            return
        self._head = _head(self._connection)
        self._standings |= self._projector.standings(self._connection, {entry.subject for entry in known})
        self._sealing.read(self._connection, {_keeper(entry) for entry in known if entry.personal})

    def _look(self, entry: Entry) -> None:
        keeper = str(_keeper(entry))
        row = self._connection.execute(_LOOK, {"subject": str(entry.subject), "keeper": keeper}).one()
        self._head = _Head.of(row.seq, row.at)
        if row.subject is not None:
            self._standings[entry.subject] = Standing(row.state, row.entries, row.last_seq, row.last_hash)
        if entry.personal and row.wrapped is not None:
            self._sealing.know(keeper, row.wrapped)

    def put(self, entry: Entry) -> Recorded:
        """Put *entry* down as the next one, in memory. Raises `LifeCycleError` and what making a leaf raises."""
        standing = self._standings.get(entry.subject, Standing())
        recorded, raw = self._made(entry, standing)
        move = self._projector.moved(recorded, standing)
        self._leaves.append({"seq": recorded.seq, "leaf": raw, "hash": recorded.leaf_hash})
        self._moves.append(move)
        self._changes += ((recorded, change) for change in self._projector.following(recorded))
        self._standings[entry.subject] = move.after
        if entry.type == ERASED:
            self._sealing.erase(entry.subject)
        self._head = _Head(recorded.seq + 1, recorded.at)
        return recorded

    def write(self) -> None:
        """Write everything. Raises what `storage.projecting.Projector.apply` raises; then nothing may be committed."""
        if not self._leaves:
            return
        sealed = self._sealing.few
        if len(self._leaves) == 1 and sealed is not None and is_possible(self._connection, self._moves[0]):
            write_at_once(self._connection, self._moves[0], self._leaves[0], next(iter(sealed), None))
        else:
            self._connection.execute(_APPEND, self._leaves)
            self._sealing.write(self._connection)
            write_moves(self._connection, self._moves)
        write_changes(self._connection, self._changes)

    def _made(self, entry: Entry, standing: Standing) -> tuple[Recorded, bytes]:
        seq, now, before = self._head.size, _milliseconds(self._clock()), self._head.at
        leaf = Leaf(
            log=self._log,
            seq=seq,
            at=now,
            type=entry.type,
            subject=str(entry.subject),
            actor=str(entry.actor.who),
            role=entry.actor.role.value,
            body=entry.body,
            commitments=self._sealing.seal(_keeper(entry), entry.personal, seq=seq),
            previous=standing.previous,
            # a clock that steps back is a fact to record, never a reason to stop a dock
            stepped_back_ms=0 if before is None else max(0, (before - now) // timedelta(milliseconds=1)),
        )
        raw = leaf.encode()
        return Recorded(seq=seq, at=now, leaf_hash=leaf_hash(raw), entry=entry), raw


def _keeper(entry: Entry) -> Subject:
    """Return under whose key the personal values of *entry* are sealed."""
    return entry.confided_to or entry.subject


def _head(connection: Connection) -> _Head:
    last = connection.execute(_LAST).first()
    return _Head.of(None, None) if last is None else _Head.of(last.seq, last.at)


def _milliseconds(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)
