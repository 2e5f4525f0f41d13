"""
The keys of this log, as entries: which key came, handed over by whom, and which one signs no more.

===================  =======  ================  ================================================================
entry                subject  moves             body
===================  =======  ================  ================================================================
``KEY_ROTATED``      log      stays             the note by which the old keys and the new one hand over
``KEY_RETIRED``      log      stays             the verifier key that signs no head that covers this entry
===================  =======  ================  ================================================================

What they mean is said by `storage.verifier.rotation`, which a stranger runs too. Nothing here is personal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Connection, Table, Text, UniqueConstraint, insert, select

from storage.evidence import Actor, Entry, Kind, Recorded, Subject
from storage.lifecycle import move
from storage.projecting import Change
from storage.schema import projections
from storage.verifier.keys import VerifierKey
from storage.verifier.rotation import RETIRED, ROTATED, Rotation

__all__ = ["MOVES", "KeyAct", "key_acts", "project", "retired", "rotated"]

MOVES = (move(Kind.LOG, ROTATED, "running"), move(Kind.LOG, RETIRED, "running"))

log_keys = Table(
    "log_keys",
    projections,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("act", Text, nullable=False),
    Column("vkey", Text, nullable=False),
    Column("note", Text),
    # a key comes once and goes once: recording it again after a lost answer is refused
    UniqueConstraint("act", "vkey"),
)


class KeyAct(NamedTuple):
    """One entry about keys."""

    seq: int
    act: str
    vkey: str
    note: str | None


def rotated(note: str, *, log: Subject, actor: Actor) -> Entry:
    """Return the entry by which a new key signs from now on; `VerificationError` for a note that not all have signed."""
    Rotation.opened(note)
    return Entry(ROTATED, log, actor, {"note": note})


def retired(key: VerifierKey, *, log: Subject, actor: Actor) -> Entry:
    """Return the entry from which on *key* signs no more."""
    return Entry(RETIRED, log, actor, {"vkey": key.vkey})


def project(recorded: Recorded) -> Iterable[Change]:
    """Say what an entry about the log's keys changes."""
    act, body = recorded.entry.type, recorded.entry.body
    if act == ROTATED:
        note = str(body["note"])
        vkey = Rotation.opened(note).new.vkey
        yield Change(insert(log_keys).values(seq=recorded.seq, act=act, vkey=vkey, note=note))
    if act == RETIRED:
        yield Change(insert(log_keys).values(seq=recorded.seq, act=act, vkey=str(body["vkey"]), note=None))


def key_acts(connection: Connection) -> tuple[KeyAct, ...]:
    """Return all entries about keys, in their order."""
    rows = connection.execute(select(log_keys).order_by(log_keys.c.seq))
    return tuple(KeyAct(row.seq, row.act, row.vkey, row.note) for row in rows)
