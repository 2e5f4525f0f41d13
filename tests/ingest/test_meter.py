"""How fast, and how long it will take: told late rather than wrong, and without jumps."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingest.board import Bay, Board, Status
from ingest.meter import SHOWN_EVERY, Meter, Throttle
from ingest.progress import Progress, Step
from ingest.showing import Showing
from tests.api.small_office import Clock

MB = 1_000_000


def read(meter: Meter, *, rate: int, begin: float, seconds: float, done: int = 0, piece: float = 0.1) -> int:
    """Read at *rate* for *seconds* in small pieces, and return what is done."""
    pieces = round(seconds / piece)
    for number in range(pieces + 1):
        meter.saw(done + round(rate * number * piece), begin + number * piece)
    return done + round(rate * pieces * piece)


def test_nothing_is_claimed_before_it_is_known() -> None:
    meter = Meter(1000 * MB)
    assert (meter.rate(0.0), meter.left(0.0)) == (0, None)

    read(meter, rate=40 * MB, begin=0.0, seconds=1.5)
    assert (meter.rate(1.5), meter.left(1.5)) == (0, None)

    read(meter, rate=40 * MB, begin=1.6, seconds=0.9, done=64 * MB)
    assert meter.rate(2.5) == 40 * MB
    assert meter.left(2.5) is None


def test_an_even_flow_is_told_exactly() -> None:
    meter = Meter(4000 * MB)

    read(meter, rate=40 * MB, begin=0.0, seconds=10)

    assert meter.rate(10.0) == 40 * MB
    assert meter.left(10.0) == timedelta(seconds=90)


def test_the_rate_is_that_of_the_last_seconds() -> None:
    meter = Meter(4000 * MB)
    done = read(meter, rate=40 * MB, begin=0.0, seconds=20)

    read(meter, rate=10 * MB, begin=20.0, seconds=10, done=done)

    assert meter.rate(30.0) == 10 * MB


def test_the_time_left_is_led_and_does_not_jump() -> None:
    """The camera suddenly reads at half the speed: people are told a little more each second, until it is true."""
    meter = Meter(12_000 * MB)
    done = read(meter, rate=40 * MB, begin=0.0, seconds=20)
    told = [meter.left(20.0)]
    for second in range(60):
        done = read(meter, rate=20 * MB, begin=20.0 + second, seconds=1, done=done)
        told.append(meter.left(21.0 + second))
    seconds = [left.total_seconds() for left in told if left is not None]
    true = (12_000 * MB - done) / (20 * MB)

    assert len(seconds) == 61
    assert max(abs(after - before) for before, after in pairwise(seconds)) < 0.15 * true
    assert abs(seconds[-1] - true) < 0.02 * true


def test_a_camera_that_stalls_is_not_given_a_time() -> None:
    meter = Meter(4000 * MB)
    done = read(meter, rate=40 * MB, begin=0.0, seconds=10)

    assert meter.left(13.0) is not None
    assert (meter.rate(15.0), meter.left(15.0)) == (0, None)

    read(meter, rate=40 * MB, begin=60.0, seconds=10, done=done)
    assert meter.left(70.0) == timedelta(seconds=80)


def test_time_left_never_falls_below_nothing() -> None:
    meter = Meter(100 * MB)

    read(meter, rate=40 * MB, begin=0.0, seconds=10)

    assert meter.left(10.0) == timedelta(0)


@given(st.lists(st.tuples(st.integers(0, 10**12), st.floats(0, 10**6)), max_size=60), st.integers(0, 10**12))
def test_whatever_it_is_told_it_claims_nothing_impossible(told: list[tuple[int, float]], size: int) -> None:
    """Files are read again, counts go back, a moment comes twice."""
    meter = Meter(size)
    for done, at in told:
        meter.saw(done, at)
        assert meter.rate(at) >= 0
        assert (meter.left(at) or timedelta(0)) >= timedelta(0)
    assert len(meter._seen) < 100


def test_memory_of_a_long_reading_is_bounded() -> None:
    meter = Meter(10**12)
    for number in range(20_000):
        meter.saw(number, number * 0.001)

    assert len(meter._seen) < 100


def test_a_bay_is_shown_at_most_twice_a_second() -> None:
    throttle = Throttle()

    assert sum(throttle.lets(number / 100) for number in range(1_000)) == 10 / SHOWN_EVERY


class Second:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def shown(status: Status = Status.READING) -> tuple[Board, Showing, Second]:
    """A bay at which a card of three files is read."""
    board, second = Board(Clock()), Second()
    board.show(Bay("1", status, camera="DSJ-0042"))
    return board, Showing(board, "1", files=3, clock=second), second


def test_a_bay_shows_how_far_its_card_is_read() -> None:
    board, showing, second = shown()
    showing.saw(Progress(Step.LISTED, "card", 300 * MB))
    for eighth in range(1, 42):
        second.at = eighth / 8
        showing.saw(Progress(Step.READING, "a.mp4", 200 * MB, done=eighth * 4 * MB))

    bay = board.bay("1")

    assert (bay.camera, bay.file, bay.file_done, bay.file_size) == ("DSJ-0042", "a.mp4", 164 * MB, 200 * MB)
    assert (bay.done, bay.size, bay.rate, bay.left) == (164 * MB, 300 * MB, 32 * MB, timedelta(seconds=5))
    assert board.picture().number <= 2 + 1 + 5 / SHOWN_EVERY


def test_every_file_is_counted_once_and_the_last_is_always_shown() -> None:
    board, showing, _ = shown()
    showing.saw(Progress(Step.LISTED, "card", 30))
    for name, step in (("a", Step.SECURED), ("b", Step.MET_AGAIN), ("c", Step.FAILED)):
        showing.saw(Progress(Step.READING, name, 10, done=10))
        showing.saw(Progress(step, name, 10))
        showing.saw(Progress(Step.DEPOSITED, name, 10))

    bay = board.bay("1")

    assert (bay.files_done, bay.files, bay.done, bay.size, bay.problems) == (3, 3, 30, 30, 1)


def test_a_late_step_never_changes_a_bay_that_is_not_reading_any_more() -> None:
    board, showing, _ = shown(Status.FAILED)
    number = board.picture().number

    showing.saw(Progress(Step.LISTED, "card", 30))
    showing.saw(Progress(Step.SECURED, "a", 30))

    assert board.picture().number == number
