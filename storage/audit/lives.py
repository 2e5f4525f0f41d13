"""The life cycle, gone through once more by the code that strangers use, knowing nothing of the code that recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

from sqlalchemy import Connection, select

from storage.audit.scope import Scope
from storage.audit.scratch import States
from storage.audit.steps import Step
from storage.audit.words import Said
from storage.database import reading
from storage.ledger.stored import leaves
from storage.lifecycle import LifeCycle as OurLifeCycle
from storage.schema import history
from storage.verifier.errors import VerificationError
from storage.verifier.leaves import LeafRecord, read_leaf
from storage.verifier.lifecycle import LifeCycle

__all__ = ["life_cycle"]


def life_cycle(scope: Scope, moves: OurLifeCycle, step: Step) -> Iterator[str]:
    """Every entry may follow what was recorded of its subject before."""
    lives = _Lives(LifeCycle.parse(moves.table()), scope.since)
    with closing(lives.states), reading(scope.engine) as connection:
        for seq, raw, _stored in leaves(connection, scope.since, scope.size):
            step.count()
            try:
                leaf = read_leaf(raw)
            except VerificationError:
                yield Said("entry {index}: what it says cannot be followed", index=seq)
                continue
            try:
                lives.follow(connection, leaf)
            except VerificationError as error:
                yield Said("{reason}", reason=error)


class _Line(NamedTuple):
    """An earlier entry, as the catalog says."""

    seq: int
    type: str
    subject: str


class _Lives:
    """States so far; those of subjects that were born before *since* come from what the catalog says of their histories."""

    def __init__(self, table: LifeCycle, since: int) -> None:
        self._table, self._since, self.states = table, since, States()

    def follow(self, connection: Connection, leaf: LeafRecord) -> None:
        state = self.states.get(leaf.subject)
        if state is None:
            state = self._before(connection, leaf.subject)
        self.states[leaf.subject] = self._table.next_state(state, leaf)

    def _before(self, connection: Connection, subject: str) -> str:
        state = ""
        if not self._since:
            return state
        earlier = select(history.c.seq, history.c.type).where(history.c.subject == subject, history.c.seq < self._since)
        for row in connection.execute(earlier.order_by(history.c.seq)):
            state = self._table.next_state(state, _Line(row.seq, row.type, subject))
        return state
