"""
The life cycle, replayed: which entry may follow what, for each kind of subject, as a table the stranger is given.

::

    {"moves":[{"after":["","secured"],"kind":"clip","then":"secured","type":"SECURED"},…],"v":1}

``after`` lists the states (the empty one: never heard of), ``then`` is the state afterwards, null where it stays. The table
is in canonical JSON like everything else. The project's own table is one such; the verifier knows no types by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from .errors import VerificationError
from .strict import parse_strict

if TYPE_CHECKING:
    from typing import Protocol

    from .leaves import LeafRecord

    class Line(Protocol):
        """What is asked of an entry."""

        @property
        def seq(self) -> int:
            """Its number."""

        @property
        def type(self) -> str:
            """What happened."""

        @property
        def subject(self) -> str:
            """To what."""


_KEYS = {"after", "kind", "then", "type"}


class LifeCycle:
    """All moves there are."""

    def __init__(self, moves: dict[tuple[str, str], tuple[frozenset[str], str | None]]) -> None:
        self._moves = moves

    @classmethod
    def parse(cls, raw: bytes) -> LifeCycle:
        """Read a table of moves; anything else, and an empty one, raises `VerificationError`."""
        table = parse_strict(raw)
        if not isinstance(table, dict) or table.keys() != {"moves", "v"} or table["v"] is True or table["v"] != 1:
            _refuse()
        rows = table["moves"]
        if not isinstance(rows, list) or not rows:
            _refuse()
        moves = dict(_move(row) for row in rows)
        if len(moves) != len(rows):
            _refuse()
        return cls(moves)

    def next_state(self, state: str, leaf: Line) -> str:
        """Return the state of the leaf's subject after it, or raise `VerificationError`."""
        kind = leaf.subject.partition(":")[0]
        after, then = self._moves.get((kind, leaf.type), (frozenset(), None))
        if state not in after:
            message = "entry {index}: {type} may not follow when {subject} is {state!r}"
            raise VerificationError(message, index=leaf.seq, type=leaf.type, subject=leaf.subject, state=state)
        return state if then is None else then


class Lives:
    """The states of all subjects so far."""

    def __init__(self, life_cycle: LifeCycle) -> None:
        self._life_cycle = life_cycle
        self._states: dict[str, str] = {}

    def follow(self, leaf: LeafRecord) -> None:
        """Return only if *leaf* may follow; where it may not, its subject stays in the state it was in."""
        self._states[leaf.subject] = self._life_cycle.next_state(self._states.get(leaf.subject, ""), leaf)


def _move(row: Any) -> tuple[tuple[str, str], tuple[frozenset[str], str | None]]:  # noqa: ANN401 — JSON of a stranger
    if not isinstance(row, dict) or row.keys() != _KEYS or not isinstance(row["after"], list):
        _refuse()
    texts = [row["kind"], row["type"], *row["after"], *([] if row["then"] is None else [row["then"]])]
    if not all(isinstance(text, str) for text in texts):
        _refuse()
    if row["after"] != sorted(set(row["after"])):
        _refuse()
    return (row["kind"], row["type"]), (frozenset(row["after"]), row["then"])


def _refuse() -> NoReturn:
    message = "life cycle: not a table of moves"
    raise VerificationError(message)
