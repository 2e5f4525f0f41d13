"""Whatever is issued, returned, handed over and taken back: at every moment one carrier at most, and the ledger says which."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from storage.database import reading
from storage.errors import LifeCycleError, Refused
from storage.evidence import Actor, Kind, Role, Subject, utc_moment
from storage.identity import fresh
from storage.schema import history

from .conftest import CLERK, SmallOffice
from .desk import Desk, desk_of, enrolled

Act: TypeAlias = tuple[str, int, int]
"""What, to which of the two officers, by which of two clerks."""
ACTS = st.lists(
    st.tuples(st.sampled_from(["issue", "return", "hand over", "undo"]), st.integers(0, 1), st.integers(0, 1)),
    min_size=1,
    max_size=12,
)
CLERKS = (CLERK, Actor(fresh(Kind.ACCOUNT), Role.CLERK))


@dataclass
class Model:
    """What stands, in the simplest words: acts one above the other, of which the uppermost may be taken away by its maker."""

    standing: list[tuple[int, Actor, int | None]] = field(default_factory=list)
    """Number of the entry, who made it, and who of the two has the camera after it."""

    @property
    def holder(self) -> int | None:
        return self.standing[-1][2] if self.standing else None

    def allows(self, what: str, officer: int, actor: Actor) -> bool:
        if what == "undo":
            return bool(self.standing) and self.standing[-1][1] == actor
        return {"issue": self.holder is None, "return": self.holder is not None, "hand over": self.holder == 1 - officer}[what]

    def does(self, what: str, officer: int, actor: Actor, entry: int) -> None:
        if what == "undo":
            self.standing.pop()
        else:
            self.standing.append((entry, actor, None if what == "return" else officer))


def try_to(desk: Desk, what: str, officer: int, actor: Actor) -> int | None:
    """Do it, and return the entry; None where it is refused or was so already."""
    to, other = (desk.first, desk.second)[:: 1 if officer == 0 else -1]
    if what in {"issue", "hand over"} and desk.holder == to:
        return None
    try:
        if what == "issue":
            return desk.issue(to, actor=actor)
        if what == "return":
            return desk.give_back(actor)
        return desk.undo(actor) if what == "undo" else desk.hand_over(other, to, actor)
    except (LifeCycleError, Refused):
        return None


def moments_of(desk: Desk) -> dict[int, datetime]:
    """When each entry about the camera was recorded."""
    query = select(history.c.seq, history.c.at).where(history.c.subject == str(desk.camera))
    with reading(desk.county.engine) as view:
        return {seq: utc_moment(at) for seq, at in view.execute(query)}


# each example has a camera of its own, so that they may share an office
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
def test_the_ledger_answers_as_if_what_was_taken_back_had_never_been(county: SmallOffice, acts: list[Act]) -> None:
    desk, model = desk_of(county), Model()
    desk.camera = enrolled(county, "DSJ-99")
    before = desk.cameras_of_both()
    for what, officer, clerk in acts:
        made = try_to(desk, what, officer, CLERKS[clerk])
        assert (made is not None) == model.allows(what, officer, CLERKS[clerk]), (what, officer, clerk)
        if made is not None:
            model.does(what, officer, CLERKS[clerk], made)
        assert desk.holder == officer_of(desk, model.holder)

    moments = moments_of(desk)
    for moment in {one + timedelta(milliseconds=step) for one in moments.values() for step in (-1, 0, 1)}:
        after = [holder for entry, _, holder in model.standing if moments[entry] <= moment]
        assert desk.holdings.carried(desk.camera, moment) == officer_of(desk, after[-1] if after else None)
    gained = [now - then for now, then in zip(desk.cameras_of_both(), before, strict=True)]
    assert gained == [int(model.holder == 0), int(model.holder == 1)]
    assert county.differences() == []


def officer_of(desk: Desk, place: int | None) -> Subject | None:
    return None if place is None else (desk.first, desk.second)[place]
