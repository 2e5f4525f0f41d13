"""When a camera that may not be cleared is an alarm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.filling import Filling, Level, daily_bytes, filling

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
GB = 10**9


@pytest.mark.parametrize(
    ("free", "per_day", "expected"),
    [
        (40 * GB, 8 * GB, None),
        (24 * GB, 8 * GB, Filling(Level.SOON, 3.0, overwrites=True)),
        (8 * GB, 8 * GB, Filling(Level.URGENT, 1.0, overwrites=True)),
        (0, 8 * GB, Filling(Level.URGENT, 0.0, overwrites=True)),
        (-5, 8 * GB, Filling(Level.URGENT, 0.0, overwrites=True)),
        (7 * GB, None, None),
        (6 * GB, None, Filling(Level.SOON, None, overwrites=True)),
        (0, 0, Filling(Level.URGENT, None, overwrites=True)),
    ],
)
def test_days_left_decide(free: int, per_day: int | None, expected: Filling | None) -> None:
    assert filling(free=free, total=64 * GB, bytes_per_day=per_day, overwrites=True) == expected


def test_a_card_that_says_nothing_of_its_size_is_no_alarm() -> None:
    assert filling(free=0, total=0, bytes_per_day=GB, overwrites=False) is None


def test_a_day_is_counted_from_what_came_after_the_first_docking() -> None:
    dockings = [(MONDAY, 50 * GB), (MONDAY + timedelta(days=1), 8 * GB), (MONDAY + timedelta(days=2), 10 * GB)]

    assert daily_bytes(dockings) == 9 * GB
    assert daily_bytes([(MONDAY, GB), (MONDAY + timedelta(hours=1), GB)]) == GB


def test_one_docking_tells_no_rate() -> None:
    assert daily_bytes([]) is None
    assert daily_bytes([(MONDAY, GB)]) is None
    assert daily_bytes([(MONDAY, GB), (MONDAY, GB)]) is None


@given(st.integers(0, 64 * GB), st.integers(1, 100 * GB), st.integers(0, 64 * GB))
def test_less_room_is_never_less_urgent(free: int, per_day: int, more: int) -> None:
    order = [None, Level.SOON, Level.URGENT]
    tight, roomy = (filling(free=room, total=128 * GB, bytes_per_day=per_day, overwrites=False) for room in (free, free + more))

    assert order.index(tight.level if tight else None) >= order.index(roomy.level if roomy else None)
