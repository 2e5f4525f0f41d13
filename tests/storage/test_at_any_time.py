"""Moves that may follow in every state, made from all the others."""

from __future__ import annotations

import pytest

from storage.errors import LifeCycleError
from storage.evidence import Kind, Subject
from storage.lifecycle import UNBORN, LifeCycle, at_any_time, move

MOVES = [
    move(Kind.CLIP, "SECURED", UNBORN, "secured"),
    move(Kind.CLIP, "DEPOSITED", "secured", "deposited"),
    move(Kind.PARTY, "PARTY_REGISTERED", UNBORN, "registered"),
]
CLIP = Subject(Kind.CLIP, "0" * 32)


@pytest.mark.parametrize("state", ["secured", "deposited"])
def test_it_may_follow_in_every_state_and_changes_none(state: str) -> None:
    life_cycle = LifeCycle([*MOVES, *at_any_time(MOVES, "DISCLOSED", Kind)])

    assert life_cycle.next_state(CLIP, state, "DISCLOSED") == state


def test_it_may_not_be_the_first() -> None:
    life_cycle = LifeCycle([*MOVES, *at_any_time(MOVES, "DISCLOSED", Kind)])

    with pytest.raises(LifeCycleError, match="when it is not recorded yet"):
        life_cycle.next_state(CLIP, UNBORN, "DISCLOSED")


def test_kinds_that_were_not_named_or_are_not_known_have_no_such_move() -> None:
    made = at_any_time(MOVES, "ERASED", [Kind.CLIP, Kind.LOG])

    assert [(one.kind, one.then) for one in made] == [(Kind.CLIP, None)]
