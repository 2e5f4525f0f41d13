"""The board: many threads write, many follow, and whoever follows sees in the end what the board shows."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from ingest.bay_moves import MOVES, ImpossibleMove, may_follow, strictly
from ingest.board import Alarm, AlarmKind, Bay, Board, Change, Picture, Status, Update, in_order

AT_ONCE = timedelta(0)
LONG = timedelta(seconds=60)


@pytest.fixture
def board() -> Board:
    """A board whose clock goes on by a second whenever it is asked."""
    seconds = count()
    return Board(lambda: datetime(2026, 11, 21, 8, tzinfo=UTC) + timedelta(seconds=next(seconds)))


class Follower:
    """Keeps a picture of its own, only from what it is told."""

    def __init__(self, board: Board) -> None:
        self.board, self.number = board, -1
        self.bays: dict[str, Bay] = {}
        self.alarms: dict[tuple[AlarmKind, str], Alarm] = {}
        self.numbers: list[int] = []
        self.pictures = 0

    def follow(self, patience: timedelta = AT_ONCE) -> None:
        for update in self.board.after(self.number, patience):
            self.see(update)

    def see(self, update: Update) -> None:
        self.number = update.number
        self.numbers.append(update.number)
        if isinstance(update, Picture):
            self.pictures += 1
            self.bays = {bay.name: bay for bay in update.bays}
            self.alarms = {(alarm.kind, alarm.about): alarm for alarm in update.alarms}
            return
        if update.bay is not None:
            self.bays[update.bay.name] = update.bay
            if update.is_over:
                del self.bays[update.bay.name]
        if update.alarm is not None:
            self.alarms[update.alarm.kind, update.alarm.about] = update.alarm
            if update.is_over:
                del self.alarms[update.alarm.kind, update.alarm.about]

    def agrees(self) -> bool:
        """Say whether it shows what the board shows."""
        picture = self.board.picture()
        return sorted(self.bays.values(), key=lambda bay: in_order(bay.name)) == list(picture.bays) and (
            set(self.alarms.values()) == set(picture.alarms)
        )


def test_changes_are_numbered_without_a_gap(board: Board) -> None:
    for done in range(5):
        board.show(Bay("1", Status.READING, done=done))
    board.ring(AlarmKind.STORE_AWAY)

    assert [update.number for update in board.after(0, AT_ONCE)] == [1, 2, 3, 4, 5, 6]
    assert [update.number for update in board.after(4, AT_ONCE)] == [5, 6]


def test_what_is_changed_but_equal_is_no_change(board: Board) -> None:
    board.show(Bay("1", Status.READING, done=7))
    board.ring(AlarmKind.STORE_AWAY, "store", "no answer")
    number = board.picture().number

    board.show(Bay("1", Status.READING, done=7, since=datetime(1999, 1, 1, tzinfo=UTC)))
    board.ring(AlarmKind.STORE_AWAY, "store", "no answer")
    board.hush(AlarmKind.CLOCK_WRONG)
    board.forget("2")

    assert board.picture().number == number
    assert board.after(number, AT_ONCE) == ()


def test_since_is_when_the_status_began(board: Board) -> None:
    board.show(Bay("1", Status.READING))
    began = board.bay("1").since
    board.show(Bay("1", Status.READING, done=5))
    assert board.bay("1").since == began

    board.show(Bay("1", Status.FAILED))

    assert began is not None
    assert (board.bay("1").since or began) > began


def test_an_alarm_keeps_the_moment_it_began(board: Board) -> None:
    board.ring(AlarmKind.SPOOL_FILLING, reason="81 %")
    board.ring(AlarmKind.SPOOL_FILLING, reason="82 %")

    first, second = (change.alarm for change in board.after(0, AT_ONCE) if isinstance(change, Change))

    assert first is not None
    assert second is not None
    assert (first.since, first.reason, second.reason) == (second.since, "81 %", "82 %")


def test_whoever_fell_behind_gets_the_whole_picture(board: Board) -> None:
    slow = Follower(board)
    slow.follow()
    for done in range(1_500):
        board.show(Bay("1", Status.READING, done=done))

    slow.follow()

    assert slow.pictures == 2
    assert slow.agrees()


def test_the_oldest_change_that_is_remembered_is_still_told_as_a_change(board: Board) -> None:
    for done in range(1_500):
        board.show(Bay("1", Status.READING, done=done))

    assert len(board.after(500, AT_ONCE)) == 1_000
    assert isinstance(board.after(499, AT_ONCE)[0], Picture)


@pytest.mark.parametrize("number", [-1, 99])
def test_a_number_that_was_never_given_gets_the_whole_picture(board: Board, number: int) -> None:
    board.show(Bay("1"))

    assert board.after(number, AT_ONCE) == (board.picture(),)


def test_every_start_has_a_name_of_its_own(board: Board) -> None:
    assert board.picture().start
    assert board.picture().start != Board(board.clock).picture().start


def test_a_bay_whose_dock_is_gone_is_shown_no_more(board: Board) -> None:
    follower = Follower(board)
    board.show(Bay("1", Status.READING))
    follower.follow()

    board.forget("1")
    follower.follow()

    assert follower.bays == {}
    assert follower.agrees()
    assert board.bay("1") == Bay("1")


def test_bays_stand_in_the_order_in_which_people_count(board: Board) -> None:
    for name in ("10", "2", "A10", "A9", "1", "左2", ""):
        board.show(Bay(name))

    assert [bay.name for bay in board.picture().bays] == ["", "1", "2", "10", "A9", "A10", "左2"]


def test_followers_are_woken_by_a_change(board: Board) -> None:
    """They wait for a minute otherwise, which is more than this test may take."""
    woken = []
    threads = [threading.Thread(target=lambda: woken.append(board.after(0, LONG))) for _ in range(4)]
    for thread in threads:
        thread.start()

    board.show(Bay("1", Status.IDENTIFYING))
    for thread in threads:
        thread.join(30)

    assert [len(updates) for updates in woken] == [1, 1, 1, 1]


def test_nobody_waits_longer_than_his_patience(board: Board) -> None:
    assert board.after(0, timedelta(milliseconds=5)) == ()


def test_what_many_threads_show_is_what_followers_see(board: Board) -> None:
    """Each number once and in order, whatever the threads do at the same time."""
    follower, done = Follower(board), threading.Event()
    follower.follow()

    def write(bay: str) -> None:
        for number in range(300):
            board.show(Bay(bay, Status.READING, done=number))
            board.ring(AlarmKind.CAMERA_FILLING, bay, str(number))
        board.hush(AlarmKind.CAMERA_FILLING, bay)

    def follow() -> None:
        while not done.is_set():
            follower.follow(timedelta(milliseconds=5))

    writers = [threading.Thread(target=write, args=(str(bay),)) for bay in range(8)]
    reader = threading.Thread(target=follow)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    follower.follow()

    assert follower.numbers == sorted(set(follower.numbers))
    assert follower.number == 8 * 601
    assert follower.agrees()


def test_a_strict_board_shows_no_impossible_move(board: Board) -> None:
    strict = Board(board.clock, strictly)
    strict.show(Bay("1"))

    with pytest.raises(ImpossibleMove, match="from idle to safe"):
        strict.show(Bay("1", Status.SAFE))

    assert strict.bay("1").status is Status.IDLE
    assert len(strict.after(0, AT_ONCE)) == 1


def test_a_board_in_front_of_people_shows_what_it_is_told(board: Board) -> None:
    board.show(Bay("1", Status.SAFE))

    assert board.bay("1").status is Status.SAFE


def test_every_status_has_its_moves_and_can_be_left() -> None:
    assert set(MOVES) == set(Status)
    assert all(MOVES.values())
    assert not [status for status, after in MOVES.items() if status in after]


def test_nobody_is_told_to_take_a_camera_out_that_was_not_read() -> None:
    """Into `safe` leads only what has looked at the camera; into `cleared` only clearing."""
    into = {after: {before for before in Status if may_follow(before, after)} - {after} for after in Status}

    assert into[Status.SAFE] == {Status.IDENTIFYING, Status.READING, Status.PROVING, Status.CLEARING}
    assert into[Status.CLEARING] == {Status.PROVING, Status.SAFE}
    assert into[Status.CLEARED] == {Status.CLEARING}


def test_a_camera_that_is_pulled_too_early_is_never_shown_as_if_nothing_were_wrong() -> None:
    for status in (Status.READING, Status.PROVING, Status.CLEARING):
        assert not may_follow(status, Status.IDLE)
        assert may_follow(status, Status.FAILED)
