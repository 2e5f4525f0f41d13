"""What an office decides about its cameras: overdue, unfit, back by docking; and who may be forgotten when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cases.duty.carrying import Why
from cases.duty.entries import issued
from cases.duty.fitness import NOT_CHECKED, DutyFacts, Point
from cases.duty.values import Back, Confirmed, How
from storage import rebuild
from storage.errors import Erased, Refused, StaleState
from storage.evidence import Kind, Subject
from storage.identity import fresh
from tests.crashes.offices import founded, opened, take_in
from yihu.duty import (
    came_back_by_docking,
    carried_by,
    demands,
    facts_of,
    fitness_of,
    handover,
    holdings,
    identification,
    is_overdue,
)
from yihu.erasing import erase
from yihu.wiring import Office, now

from .whole_office import Everything, audited, everything_in, needed, small

__all__ = ["small"]


@dataclass
class Days:
    """An office whose days pass when they are told to."""

    home: Path
    ahead: timedelta = timedelta(0)

    def clock(self) -> datetime:
        return now() + self.ahead

    def open(self) -> Office:
        return opened(self.home, self.clock)


@pytest.fixture
def days(small: Everything) -> Days:
    small.office.engine.dispose()
    return Days(small.office.home)


def issue(office: Office, device: Subject, officer: Subject, **more: object) -> int:
    to = Confirmed(officer, How.CARD)
    return handover(office).issue(device, to, fit=NOT_CHECKED, actor=office.operator, **more)  # type: ignore[arg-type]


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Everything]:
    """An office whose cameras are nobody's own."""
    made = everything_in(founded(tmp_path / "office", "", "[duty]", "returned_by_docking = true"), tmp_path / "card")
    yield made
    made.office.engine.dispose()


class TestDocking:
    def test_an_officer_s_own_camera_stays_his_while_it_is_read(self, small: Everything) -> None:
        issue(small.office, small.device, small.officer)
        take_in(small.office, small.office.home.parent / "card")

        assert came_back_by_docking(small.office, small.device, actor=small.office.dock) is None
        assert holdings(small.office).holder_now(small.device) == small.officer

    def test_where_cameras_are_shared_docking_is_a_return_and_is_so_once(self, shared: Everything) -> None:
        office, device = shared.office, shared.device
        assert came_back_by_docking(office, device, actor=office.dock) is None
        issue(office, device, shared.officer)
        made = came_back_by_docking(office, device, actor=office.dock)

        assert came_back_by_docking(office, device, actor=office.dock) is None
        (holding,) = holdings(office).history(device)
        assert (holding.ended_seq, holding.ended_by) == (made, office.dock.who)
        assert Back.DOCKING.value in office.log.leaf(made or 0).decode()

    def test_the_dock_takes_back_what_it_recorded_and_nobody_else_does(self, shared: Everything) -> None:
        office, device = shared.office, shared.device
        issue(office, device, shared.officer)
        came_back_by_docking(office, device, actor=office.dock)

        with pytest.raises(Refused):
            handover(office).undo(device, actor=office.operator, reason="还在本人手中")
        handover(office).undo(device, actor=office.dock, reason="还在本人手中")
        assert holdings(office).holder_now(device) == shared.officer


class TestTime:
    def test_a_camera_that_is_out_too_long_is_overdue_until_it_was_docked(self, small: Everything, days: Days) -> None:
        issue(days.open(), small.device, small.officer)
        days.ahead = timedelta(days=7, hours=1)
        office = days.open()
        (holding,) = holdings(office).out()
        assert is_overdue(office, holding)

        take_in(office, office.home.parent / "card")
        assert not is_overdue(office, holding)

    def test_what_the_ledger_alone_knows_of_a_camera_is_when_it_was_docked(self, small: Everything, days: Days) -> None:
        office = days.open()
        facts = facts_of(office, small.device)
        assert Point.DOCKED in fitness_of(office, facts).right
        days.ahead = timedelta(days=8)

        assert fitness_of(days.open(), facts).wrong == (Point.DOCKED,)
        assert facts_of(office, fresh(Kind.DEVICE)) == DutyFacts()

    def test_the_settings_say_what_is_demanded(self, small: Everything) -> None:
        found = demands(small.office.settings.duty)

        assert (found.battery_percent, found.free_percent, found.clock_offset) == (60, 20, timedelta(seconds=30))
        assert (found.since_docking, found.since_clear) == (timedelta(days=7), timedelta(0))


class TestClips:
    def test_whoever_takes_footage_in_may_ask_who_carried_the_camera(self, small: Everything) -> None:
        carried: Callable[[Subject, datetime], Subject | None] = carried_by(small.office)
        assert carried(small.device, now()) is None
        issue(small.office, small.device, small.officer)

        assert carried(small.device, now() + timedelta(seconds=1)) == small.officer
        assert carried(fresh(Kind.DEVICE), now()) is None

    def test_how_wrong_its_clock_may_be_counts_against_an_answer(self, small: Everything) -> None:
        """The camera says that it was taken an hour after the issue; it may have been two hours before."""
        known = holdings(small.office)
        start = datetime.fromisoformat(small.office.catalog.clip(small.loose).recorded_at or "")
        issue(small.office, small.device, small.officer, since=start - timedelta(hours=1))

        assert known.filmed(small.loose).why is Why.CLAIMED
        assert known.filmed(small.loose, within=timedelta(hours=2)).why is Why.IN_PART


class TestErasing:
    def test_nobody_is_forgotten_who_has_a_camera(self, small: Everything) -> None:
        later = small.ended()
        issue(later.office, small.device, small.officer)
        assert f"a camera is issued to it: {small.device}" in needed(later.office, small.officer)

        handover(later.office).give_back(small.device, actor=later.office.operator)
        erase(later.office, small.officer, reason="期满")
        assert audited(later.office) == []

    def test_nobody_is_forgotten_whose_footage_is_kept(self, small: Everything) -> None:
        other = small.office.registry.add_officer("某乙", badge="000002", office=bureau_of(small), actor=small.office.operator)
        filmed = datetime.fromisoformat(small.office.catalog.clip(small.loose).recorded_at or "")
        issue(small.office, small.device, other, since=filmed - timedelta(hours=1))
        handover(small.office).give_back(small.device, actor=small.office.operator)

        assert "a clip that it carried is kept" in needed(small.office, other)
        later = small.later().office
        erase(later, other, reason="期满")
        assert (audited(later), holdings(later).name_of(other)) == ([], None)

    def test_what_was_undone_keeps_nobody(self, small: Everything) -> None:
        other = small.office.registry.add_officer("某乙", badge="000002", office=bureau_of(small), actor=small.office.operator)
        filmed = datetime.fromisoformat(small.office.catalog.clip(small.loose).recorded_at or "")
        issue(small.office, small.device, other, since=filmed - timedelta(hours=1))
        handover(small.office).undo(small.device, actor=small.office.operator, reason="登记错人")
        erase(small.office, other, reason="期满")

        assert audited(small.office) == []

    def test_who_was_erased_keeps_his_intervals_and_is_given_and_asked_nothing_more(self, small: Everything) -> None:
        office = small.ended().office
        identification(office).assign_card(small.officer, "00123456", actor=office.operator)
        identification(office).set_pin(small.officer, "8412", actor=office.operator)
        issue(office, small.device, small.officer)
        handover(office).give_back(small.device, actor=office.operator)
        before = holdings(office).history(small.device)
        erase(office, small.officer, reason="期满")

        assert holdings(office).history(small.device) == before
        means = holdings(office).means(small.officer)
        assert (means.has_card, means.pin) == (False, None)
        with pytest.raises(Erased):
            issue(office, small.device, small.officer)
        with pytest.raises(Erased):
            identification(office).by_choice(small.officer)
        assert (audited(office), rebuild.differences(office.engine, office.projector, office.vault)) == ([], [])

    def test_an_issue_made_by_hand_reaches_no_erased_officer(self, small: Everything) -> None:
        """The transaction itself refuses it, whatever was seen before."""
        office = small.ended().office
        erase(office, small.officer, reason="期满")
        with pytest.raises(StaleState):
            office.custody.record(
                issued(small.device, Confirmed(small.officer, How.CARD), fit=NOT_CHECKED, actor=office.operator)
            )


def bureau_of(everything: Everything) -> Subject:
    return everything.office.dossiers.offices()[0].subject
