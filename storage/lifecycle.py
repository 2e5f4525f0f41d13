"""
What may follow what: for each kind of subject, which entry moves it from which state to which.

Rooms register their moves; an entry whose move is not among them is refused before anything is written.
A subject that nobody has recorded yet is in the state `UNBORN`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from storage.errors import LifeCycleError
from storage.evidence import Json, Kind, Subject
from storage.verifier.strict import canonical

UNBORN = ""


@dataclass(frozen=True, slots=True)
class Move:
    """An entry of *type* may follow when the subject is in one of *after*; then it is in *then* (or stays, if None)."""

    kind: Kind
    type: str
    after: frozenset[str]
    then: str | None = None


def move(kind: Kind, type_: str, after: str, then: str | None = None) -> Move:
    """Write a `Move` shortly: *after* is a list of states separated by ``|``; the empty one is `UNBORN`."""
    return Move(kind, type_, frozenset(after.split("|")), then)


def at_any_time(moves: Iterable[Move], type_: str, kinds: Iterable[Kind]) -> list[Move]:
    """Return the moves by which *type_* may follow in every state that *moves* bring these *kinds* to, and leaves it so."""
    states: dict[Kind, set[str]] = {}
    for one in moves:
        states.setdefault(one.kind, set()).update(one.after, () if one.then is None else (one.then,))
    return [Move(kind, type_, frozenset(states[kind] - {UNBORN})) for kind in kinds if kind in states]


class LifeCycle:
    """All moves of all rooms."""

    def __init__(self, moves: Iterable[Move]) -> None:
        self._moves: dict[tuple[Kind, str], Move] = {}
        for one in moves:
            if (one.kind, one.type) in self._moves:
                message = f"two moves for {one.type} of a {one.kind}"
                raise ValueError(message)
            self._moves[one.kind, one.type] = one

    def table(self) -> bytes:
        """Return all moves as the table that `storage.verifier.lifecycle` reads, in canonical JSON."""
        rows: list[Json] = [
            {"after": list[Json](sorted(one.after)), "kind": one.kind.value, "then": one.then, "type": one.type}
            for _, one in sorted(self._moves.items())
        ]
        return canonical({"moves": rows, "v": 1})

    def next_state(self, subject: Subject, state: str, type_: str) -> str:
        """Return the state after an entry of *type_*; raises `LifeCycleError` naming the subject, its state and the entry."""
        found = self._moves.get((subject.kind, type_))
        if found is None:
            message = f"{subject}: there is no entry {type_} for a {subject.kind}"
            raise LifeCycleError(message)
        if state not in found.after:
            message = f"{subject}: {type_} may not follow when it is {state or 'not recorded yet'}"
            raise LifeCycleError(message)
        return state if found.then is None else found.then
