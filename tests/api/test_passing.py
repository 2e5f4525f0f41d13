"""What passes: sessions and viewings, kept for a while and never without bound."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api import sessions
from api.sessions import Passing
from tests.api.small_office import Clock

HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_thing_is_kept_until_its_time_is_over(clock: Clock) -> None:
    passing: Passing[str] = Passing(clock, longest=HOUR, idle=HOUR)
    until = passing.keep("name", "thing")
    clock.now = until - timedelta(seconds=1)
    before = passing.find("name")
    clock.now = until

    assert (before, passing.find("name")) == ("thing", None)


def test_being_asked_for_keeps_a_thing_from_idling(clock: Clock) -> None:
    passing: Passing[str] = Passing(clock, longest=3 * HOUR, idle=HOUR)
    passing.keep("used", "thing")
    passing.keep("idle", "thing")
    for _ in range(2):
        clock.now += HOUR - timedelta(minutes=1)
        passing.find("used")

    assert (passing.find("used"), passing.find("idle")) == ("thing", None)


def test_what_was_dropped_is_gone_and_dropping_it_twice_is_fine(clock: Clock) -> None:
    passing: Passing[str] = Passing(clock, longest=HOUR, idle=HOUR)
    passing.keep("name", "thing")
    passing.drop("name")
    passing.drop("name")

    assert passing.find("name") is None


def test_what_is_over_leaves_the_memory(clock: Clock) -> None:
    passing: Passing[str] = Passing(clock, longest=HOUR, idle=HOUR)
    passing.keep("old", "thing")
    clock.now += HOUR
    passing.keep("new", "thing")

    assert list(passing._kept) == ["new"]


def test_nobody_can_fill_the_memory(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_MOST", 3)
    passing: Passing[int] = Passing(clock, longest=HOUR, idle=HOUR)
    for number in range(5):
        passing.keep(number, number)

    assert list(passing._kept) == [2, 3, 4]
