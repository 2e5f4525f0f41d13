"""Two hosts at once, and what breaks off in the middle: one camera is never with two officers, and nothing is done twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from cases.duty.fitness import NOT_CHECKED
from cases.duty.handover import Handover
from cases.duty.values import Back, Confirmed, How
from storage.custody import Custody
from storage.database import connect
from storage.errors import LifeCycleError, StorageUnavailable
from storage.evidence import Entry, Recorded, Subject

from .conftest import CLERK, DOCK, ORIGIN, Clock, SmallOffice
from .desk import NOON, Desk, desk_of


@pytest.fixture
def desk(county: SmallOffice) -> Desk:
    return desk_of(county)


@dataclass
class Overtaken:
    """A custody to which somebody else gets first, once."""

    custody: Custody
    first: Callable[[], object]

    def record_all(self, wanted: Sequence[Entry]) -> list[Recorded]:
        self.first()
        return self.custody.record_all(wanted)


class TestRaces:
    def overtaken(self, desk: Desk, first: Callable[[], object]) -> Handover:
        return Handover(Overtaken(desk.county.custody, first), desk.county.engine, clock=lambda: NOON)

    def test_of_two_hosts_that_issue_one_camera_the_second_is_told_who_has_it(self, desk: Desk) -> None:
        slow = self.overtaken(desk, lambda: desk.issue(desk.first))

        with pytest.raises(LifeCycleError, match=f"{desk.first} has it"):
            slow.issue(desk.camera, Confirmed(desk.second, How.CARD), fit=NOT_CHECKED, actor=DOCK)
        assert (desk.holder, desk.cameras_of_both()) == (desk.first, (1, 0))
        assert desk.county.differences() == []

    def test_of_two_hosts_that_issue_it_to_one_officer_both_have_done_it(self, desk: Desk) -> None:
        slow = self.overtaken(desk, lambda: desk.issue(desk.first))
        made = slow.issue(desk.camera, Confirmed(desk.first, How.PIN), fit=NOT_CHECKED, actor=DOCK)

        assert [one.seq for one in desk.holdings.history(desk.camera)] == [made]

    def test_whoever_returns_what_was_handed_on_meanwhile_is_told_so(self, desk: Desk) -> None:
        desk.issue(desk.first)
        slow = self.overtaken(desk, lambda: desk.hand_over(desk.first, desk.second))

        with pytest.raises(LifeCycleError, match=f"expected that {desk.first} has it, found {desk.second}"):
            slow.give_back(desk.camera, actor=DOCK, how=Back.DOCKING)
        assert desk.holder == desk.second

    def test_whoever_hands_over_what_came_back_meanwhile_is_told_so(self, desk: Desk) -> None:
        desk.issue(desk.first)
        slow = self.overtaken(desk, desk.give_back)

        with pytest.raises(LifeCycleError, match="nobody has it"):
            slow.hand_over(desk.camera, Confirmed(desk.first, How.PIN), Confirmed(desk.second, How.PIN), actor=CLERK)
        assert desk.cameras_of_both() == (0, 0)

    def test_whoever_takes_back_what_was_taken_back_meanwhile_is_told_so(self, desk: Desk) -> None:
        desk.issue(desk.first)

        with pytest.raises(LifeCycleError, match="there is nothing to take back"):
            self.overtaken(desk, desk.undo).undo(desk.camera, actor=CLERK, reason="登记错了")

    def test_of_many_hosts_one_gives_it_out(self, desk: Desk) -> None:
        """Each with a connection and a custody of its own: only the database stands between them."""
        engines = [connect(desk.county.engine.url.render_as_string(hide_password=False)) for _ in range(4)]
        together = threading.Barrier(len(engines))

        def issue(number: int) -> Subject | None:
            county, officer = desk.county, (desk.first, desk.second)[number % 2]
            custody = Custody(engines[number], county.projector, county.vault, log=ORIGIN, clock=Clock())
            host = Handover(custody, engines[number], clock=lambda: NOON)
            together.wait()
            try:
                host.issue(desk.camera, Confirmed(officer, How.CARD), fit=NOT_CHECKED, actor=CLERK)
            except LifeCycleError:
                return None
            return officer

        with ThreadPoolExecutor(len(engines)) as pool:
            done = list(pool.map(issue, range(len(engines))))
        for engine in engines:
            engine.dispose()

        assert [done.count(officer) for officer in (None, desk.holder)] == [2, 2]
        assert (len(desk.holdings.history(desk.camera)), sum(desk.cameras_of_both())) == (1, 1)
        assert desk.county.differences() == []


@dataclass
class Unplugged:
    """A custody that is cut off once: before the entry arrives, or before its answer does."""

    custody: Custody
    moment: str

    def record_all(self, wanted: Sequence[Entry]) -> list[Recorded]:
        if self.moment == "after":
            self.custody.record_all(wanted)
        message = f"unplugged {self.moment} it was recorded"
        raise StorageUnavailable(message)


ACTS: dict[str, tuple[list[Callable[[Desk], object]], Callable[[Desk], object]]] = {
    "issue": ([], lambda desk: desk.issue(desk.first)),
    "return": ([lambda desk: desk.issue(desk.first)], lambda desk: desk.give_back()),
    "hand over": ([lambda desk: desk.issue(desk.first)], lambda desk: desk.hand_over(desk.first, desk.second)),
    "undo": ([lambda desk: desk.issue(desk.first)], lambda desk: desk.undo()),
}


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
@pytest.mark.parametrize("act", ACTS)
def test_an_act_that_broke_off_is_done_again_or_was_done(desk: Desk, act: str, moment: str) -> None:
    """Done again it ends well, or it is said that nothing is left to do; it was never done twice."""
    prepare, do = ACTS[act]
    for step in prepare:
        step(desk)
    working, desk.handover = (
        desk.handover,
        Handover(Unplugged(desk.county.custody, moment), desk.county.engine, clock=lambda: NOON),
    )
    with pytest.raises(StorageUnavailable):
        do(desk)

    desk.handover = working
    if moment == "after" and act in {"return", "undo"}:
        with pytest.raises(LifeCycleError, match=r"nobody has it; it came back|nothing to take back"):
            do(desk)
    else:
        do(desk)

    assert desk.holder == {"issue": desk.first, "hand over": desk.second}.get(act)
    assert len(desk.holdings.history(desk.camera)) == (2 if act == "hand over" else 1)
    assert desk.county.differences() == []
