"""Issuing, returning, handing over and taking back: one camera is never with two officers, whoever is how fast."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cases.duty import entries
from cases.duty.carrying import Why
from cases.duty.fitness import NOT_CHECKED, Fitness, Point
from cases.duty.values import Condition, Confirmed, How
from storage.errors import LifeCycleError, NotFound, Refused, StaleState
from storage.evidence import Actor, Entry, Kind, Role, Subject
from storage.identity import fresh
from storage.rebuild import rebuild

from .conftest import CLERK, DOCK, MORNING, SmallOffice
from .desk import NOON, Desk, desk_of, enrolled, handover_of

pytestmark = pytest.mark.parametrize("prepared_database", ["sqlite"], indirect=True)
"""On the other database the same statements run in test_handover_races and test_random_histories."""
OTHER_CLERK = Actor(fresh(Kind.ACCOUNT), Role.CLERK)
UNFIT = Fitness(right=(Point.CLOCK,), wrong=(Point.BATTERY,))


@pytest.fixture
def desk(county: SmallOffice) -> Desk:
    return desk_of(county)


def test_a_camera_goes_out_goes_on_and_comes_back(desk: Desk) -> None:
    issued = desk.issue(desk.first)
    handed = desk.hand_over(desk.first, desk.second)
    returned = desk.handover.give_back(desk.camera, actor=CLERK, condition=[Condition.DAMAGED] * 2, remarks="镜头开裂")
    first, second = desk.holdings.history(desk.camera)

    assert (first.officer, first.how, first.seq, first.ended_seq, first.until) == (
        desk.first,
        How.CARD,
        issued,
        handed,
        second.since,
    )
    assert (second.officer, second.seq, second.ended_seq, second.condition) == (desk.second, handed, returned, ("damaged",))
    assert (desk.holder, desk.cameras_of_both(), desk.holdings.out()) == (None, (0, 0), ())
    assert desk.holdings.of_officer(desk.second) == (second,)
    assert desk.county.differences() == []


def test_who_carried_it_at_a_moment_is_told_from_the_ledger_s_own_times(desk: Desk) -> None:
    desk.issue(desk.first)
    desk.hand_over(desk.first, desk.second)
    first, second = desk.holdings.history(desk.camera)

    assert desk.holdings.carried(desk.camera, first.since - timedelta(milliseconds=1)) is None
    assert desk.holdings.carried(desk.camera, first.since) == desk.first
    assert desk.holdings.carried(desk.camera, second.since) == desk.second
    assert desk.holdings.who(desk.camera, first.since, second.since).why is Why.CHANGED_HANDS
    assert desk.holdings.who(desk.camera, second.since, within=timedelta(seconds=1)).why is Why.CHANGED_HANDS
    assert desk.holdings.carried(fresh(Kind.DEVICE), first.since) is None


def test_it_may_be_docked_listed_and_read_whoever_has_it(desk: Desk) -> None:
    docked = Entry("DOCKED", desk.camera, DOCK, {"profile": "generic-dcim"})
    for act in ("issue", "return", "issue"):
        desk.issue(desk.second) if act == "issue" else desk.give_back()
        desk.county.custody.record(docked)

    assert desk.holder == desk.second


def test_to_whoever_has_it_already_nothing_is_recorded(desk: Desk) -> None:
    """So an issue or a hand-over whose answer was lost may be repeated."""
    issued = desk.issue(desk.first)

    assert desk.issue(desk.first) == issued
    handed = desk.hand_over(desk.first, desk.second)
    assert desk.hand_over(desk.first, desk.second) == handed
    assert len(desk.holdings.history(desk.camera)) == 2


def test_nobody_gets_what_somebody_else_has(desk: Desk) -> None:
    desk.issue(desk.first)

    with pytest.raises(LifeCycleError, match=f"{desk.camera}: {desk.first} has it, since"):
        desk.issue(desk.second)
    with pytest.raises(LifeCycleError, match=f"expected that {desk.second} has it, found {desk.first}"):
        desk.hand_over(desk.second, fresh_officer(desk))


def fresh_officer(desk: Desk) -> Subject:
    return desk.county.registry.add_officer("丁某", badge="EX0003", office=desk.county.office, actor=CLERK)


def test_what_nobody_has_cannot_come_back_or_go_on(desk: Desk) -> None:
    with pytest.raises(LifeCycleError, match="nobody has it$"):
        desk.give_back()
    desk.issue(desk.first)
    desk.give_back()

    with pytest.raises(LifeCycleError, match="nobody has it; it came back at 2026-"):
        desk.give_back()
    with pytest.raises(LifeCycleError, match="nobody has it"):
        desk.hand_over(desk.first, desk.second)


def test_strangers_and_the_same_officer_twice_are_refused(desk: Desk) -> None:
    with pytest.raises(NotFound, match="there is no such officer"):
        desk.issue(fresh(Kind.OFFICER))
    with pytest.raises(NotFound, match="there is no such device"):
        handover_of(desk.county).issue(fresh(Kind.DEVICE), Confirmed(desk.first, How.CARD), fit=NOT_CHECKED, actor=CLERK)
    with pytest.raises(ValueError, match="twice"):
        desk.hand_over(desk.first, desk.first)
    with pytest.raises(ValueError, match="expected an officer"):
        Confirmed(desk.camera, How.CARD)


class TestFitness:
    def test_an_unfit_camera_goes_out_with_a_reason_only(self, desk: Desk) -> None:
        with pytest.raises(Refused, match=r"unfit for duty \(battery\), and no reason"):
            desk.issue(desk.first, fit=UNFIT)
        assert desk.holder is None

        desk.issue(desk.first, fit=UNFIT, reason="只有这一台")
        (holding,) = desk.holdings.out()
        assert holding.verdict == "unfit"

    def test_the_verdict_of_that_moment_stands_in_the_entry_and_the_reason_does_not(self, desk: Desk) -> None:
        entry = entries.issued(desk.camera, Confirmed(desk.first, How.PIN), fit=UNFIT, actor=CLERK, reason="只有这一台")

        assert entry.body["fit"] == {"verdict": "unfit", "wrong": ["battery"], "unchecked": []}
        assert (dict(entry.personal), "只有这一台" in str(entry.body)) == ({"reason": "只有这一台"}, False)


class TestClaims:
    def test_an_issue_on_paper_is_put_in_later_and_counts_as_a_claim(self, desk: Desk) -> None:
        monday = MORNING - timedelta(days=3)
        desk.issue(desk.first, since=monday)

        assert desk.holdings.who(desk.camera, monday).why is Why.CLAIMED
        assert desk.holdings.carried(desk.camera, monday) == desk.first
        assert desk.holdings.who(desk.camera, NOON).why is Why.RECORDED

    def test_nothing_is_claimed_of_the_future_or_of_before_it_went_out(self, desk: Desk) -> None:
        with pytest.raises(ValueError, match="expected one that has passed"):
            desk.issue(desk.first, since=NOON + timedelta(seconds=1))
        desk.issue(desk.first)

        with pytest.raises(ValueError, match="time claimed: expected one after"):
            desk.handover.give_back(desk.camera, actor=CLERK, until=MORNING - timedelta(days=1))
        both = (Confirmed(desk.first, How.PIN), Confirmed(desk.second, How.PIN))
        with pytest.raises(ValueError, match="time claimed: expected one after"):
            desk.handover.hand_over(desk.camera, *both, actor=CLERK, since=MORNING - timedelta(days=1))

    def test_two_claims_that_overlap_are_kept_and_nobody_is_named(self, desk: Desk) -> None:
        desk.issue(desk.first)
        desk.give_back()
        (before,) = desk.holdings.history(desk.camera)
        desk.issue(desk.second, since=before.since)

        assert desk.holdings.who(desk.camera, before.since).why is Why.CONTRADICTORY
        assert desk.holdings.carried(desk.camera, before.since) is None
        assert desk.county.differences() == []


class TestUndoing:
    def test_a_wrong_issue_is_taken_back_and_both_entries_stay(self, desk: Desk) -> None:
        desk.issue(desk.first)
        desk.undo()
        desk.issue(desk.second)
        wrong, right = desk.holdings.history(desk.camera)

        assert (wrong.stands, right.is_open, desk.cameras_of_both()) == (False, True, (0, 1))
        assert desk.holdings.carried(desk.camera, wrong.since) is None
        assert desk.county.differences() == []

    def test_a_wrong_return_and_a_wrong_hand_over_leave_it_where_it_was(self, desk: Desk) -> None:
        desk.issue(desk.first)
        desk.hand_over(desk.first, desk.second)
        desk.give_back()
        desk.undo()
        assert (desk.holder, desk.cameras_of_both()) == (desk.second, (0, 1))

        desk.undo()
        assert (desk.holder, desk.cameras_of_both()) == (desk.first, (1, 0))
        (back,) = [one for one in desk.holdings.history(desk.camera) if one.stands]
        assert (back.until, back.ended_by, back.condition) == (None, None, ())

        desk.undo()
        assert (desk.holder, desk.cameras_of_both()) == (None, (0, 0))
        with pytest.raises(LifeCycleError, match="there is nothing to take back"):
            desk.undo()
        assert desk.county.differences() == []

    def test_only_whoever_recorded_it_takes_it_back(self, desk: Desk) -> None:
        desk.issue(desk.first)
        with pytest.raises(Refused, match=f"is by {CLERK.who}, and {OTHER_CLERK.who} may not take it back"):
            desk.undo(OTHER_CLERK)
        desk.give_back(OTHER_CLERK)
        with pytest.raises(Refused, match="may not take it back"):
            desk.undo()

        desk.undo(OTHER_CLERK)
        desk.undo()
        assert desk.holder is None

    def test_an_undoing_made_by_hand_cannot_reach_over_what_came_later(self, desk: Desk) -> None:
        """The transaction refuses what the desk would never ask for."""
        issued = desk.issue(desk.first)
        returned = desk.give_back()
        desk.issue(desk.second)
        desk.give_back()

        for seq, what in ((issued, "ISSUED"), (returned, "RETURNED")):
            with pytest.raises(StaleState):
                desk.county.custody.record(
                    entries.undone(desk.camera, seq, what, officer=desk.first, giver=None, actor=CLERK, reason="不应如此")
                )
        assert desk.cameras_of_both() == (0, 0)


class TestErasing:
    def test_an_erased_officer_stays_in_the_history_and_every_proof_stays_valid(self, desk: Desk) -> None:
        desk.issue(desk.first)
        desk.give_back()
        history = desk.holdings.history(desk.camera)
        desk.county.erase(desk.first)

        assert desk.holdings.history(desk.camera) == history
        assert desk.holdings.carried(desk.camera, history[0].since) == desk.first
        assert desk.holdings.name_of(desk.first) is None

    def test_a_replay_makes_the_same(self, desk: Desk) -> None:
        desk.issue(desk.first, since=MORNING - timedelta(days=1))
        desk.hand_over(desk.first, desk.second)
        desk.undo()
        before = desk.holdings.history(desk.camera)
        rebuild(desk.county.engine, desk.county.projector, desk.county.vault)

        assert desk.holdings.history(desk.camera) == before
        assert desk.cameras_of_both() == (1, 0)


class TestFinding:
    def test_a_camera_is_found_as_people_see_it(self, desk: Desk) -> None:
        other = enrolled(desk.county, "DSJ-070")

        assert desk.holdings.find_camera("DSJ-07").subject == desk.camera
        assert desk.holdings.find_camera(str(other)).subject == other
        assert desk.holdings.find_camera("j-070").subject == other
        with pytest.raises(NotFound, match=r"device 'dsj': expected one, found 2: DSJ-07 \(device:.*DSJ-070 \(device:"):
            desk.holdings.find_camera("dsj")
        for nothing in ("", " ", "DSJ-99", str(fresh(Kind.DEVICE))):
            with pytest.raises(NotFound, match="expected one, found 0"):
                desk.holdings.find_camera(nothing)

    def test_an_officer_is_found_by_badge_or_by_a_name_that_only_one_has(self, desk: Desk) -> None:
        desk.county.registry.add_officer("乙某", badge="EX0009", office=desk.county.office, actor=CLERK)

        assert desk.holdings.find_officer("EX0001") == desk.first
        assert desk.holdings.find_officer("丙某") == desk.second
        assert desk.holdings.find_officer(str(desk.first)) == desk.first
        with pytest.raises(NotFound, match="expected one, found 2"):
            desk.holdings.find_officer("乙某")
        with pytest.raises(NotFound, match="expected one, found 0"):
            desk.holdings.find_officer("")
