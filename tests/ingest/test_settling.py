"""The settling rule, without a clock and without a disk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ingest.settling import Settling
from storage.evidence import DevicePath

QUIET = timedelta(seconds=10)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
A, B = DevicePath(b"a.mp4"), DevicePath(b"b/b.mp4")


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def saw(settling: Settling, path: DevicePath, at: float, *, size: int = 1, modified_ns: int = 1) -> None:
    settling.saw(path, size=size, modified_ns=modified_ns, at=after(at))


def test_a_file_settles_once_it_was_left_alone_for_long_enough() -> None:
    settling = Settling(QUIET)
    saw(settling, A, 0)

    assert settling.settled(after(9.9)) == []
    assert settling.settled(after(10)) == [A]
    assert settling.next_at() == after(10)


def test_being_looked_at_is_not_being_touched() -> None:
    settling = Settling(QUIET)
    for second in range(11):
        saw(settling, A, second)

    assert settling.settled(after(10)) == [A]


def test_growing_or_a_new_time_begins_the_wait_anew() -> None:
    settling = Settling(QUIET)
    saw(settling, A, 0)
    saw(settling, B, 0)
    saw(settling, A, 9, size=2)
    saw(settling, B, 9, modified_ns=2)

    assert settling.settled(after(18)) == []
    assert settling.settled(after(19)) == [A, B]


def test_a_file_that_vanished_is_forgotten() -> None:
    settling = Settling(QUIET)
    saw(settling, A, 0)
    settling.vanished(A)

    assert settling.settled(after(99)) == []
    assert settling.next_at() is None


def test_a_folder_that_vanished_takes_its_files_along() -> None:
    settling = Settling(QUIET)
    for path in (A, B, DevicePath(b"b-c")):
        saw(settling, path, 0)
    settling.vanished(DevicePath(b"b"))

    assert settling.settled(after(99)) == [A, DevicePath(b"b-c")]


def test_what_became_something_else_is_forgotten_alone() -> None:
    settling = Settling(QUIET)
    saw(settling, DevicePath(b"b"), 0)
    saw(settling, B, 0)
    settling.replaced(DevicePath(b"b"))

    assert settling.settled(after(99)) == [B]


def test_what_was_not_met_when_everything_was_looked_at_is_forgotten() -> None:
    settling = Settling(QUIET)
    saw(settling, A, 0)
    saw(settling, B, 0)
    settling.keep({B})

    assert settling.settled(after(99)) == [B]


def test_what_was_taken_is_given_again_only_if_it_changed_or_came_back() -> None:
    settling = Settling(QUIET)
    saw(settling, A, 0)
    settling.take([A, B])
    saw(settling, A, 20)
    assert settling.settled(after(99)) == []

    settling.give_back([A, B])
    assert settling.settled(after(99)) == [A]

    settling.take([A])
    saw(settling, A, 30, size=2)
    assert settling.settled(after(39)) == []
    assert settling.settled(after(40)) == [A]


def test_a_clock_that_steps_back_delays_but_never_blocks() -> None:
    settling = Settling(QUIET)
    saw(settling, A, 0)
    saw(settling, A, -3600)

    assert settling.settled(after(-3591)) == []
    assert settling.settled(after(-3590)) == [A]


LOOKS = st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 2)), min_size=1)


@given(LOOKS.map(lambda looks: sorted(looks, key=lambda look: look[0])))
def test_a_file_has_settled_exactly_when_its_last_change_is_old_enough(looks: list[tuple[int, int]]) -> None:
    settling = Settling(QUIET)
    for at, size in looks:
        saw(settling, A, at, size=size)
    changes = [at for (at, size), (_, before) in zip(looks[1:], looks, strict=False) if size != before]
    last_change = changes[-1] if changes else looks[0][0]

    for now in range(looks[-1][0], 75):
        assert settling.settled(after(now)) == ([A] if now - last_change >= 10 else [])


@given(LOOKS)
def test_however_the_clock_jumped_everything_settles_in_the_end(looks: list[tuple[int, int]]) -> None:
    settling = Settling(QUIET)
    for at, size in looks:
        saw(settling, A, at, size=size)

    assert settling.settled(after(max(at for at, _ in looks) + 10)) == [A]
