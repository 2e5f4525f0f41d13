"""The pre-duty check: three answers a point; what was not checked is neither right nor wrong, and is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.duty.fitness import NOT_CHECKED, Demands, DutyFacts, Fitness, Point, fitness

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
DEMANDS = Demands(since_clear=timedelta(days=30))
GOOD = DutyFacts(
    battery_percent=100,
    free_bytes=30 * 10**9,
    total_bytes=32 * 10**9,
    clock_offset=timedelta(seconds=-2),
    docked_at=NOW - timedelta(hours=1),
    cleared_at=NOW - timedelta(days=1),
    files_left=0,
    findings=(),
)


def but(**facts: object) -> Fitness:
    """What the check finds of a good camera of which something else is known."""
    known = {name: getattr(GOOD, name) for name in GOOD.__dataclass_fields__}
    return fitness(DutyFacts(**(known | facts)), DEMANDS, now=NOW)


def test_a_camera_of_which_everything_is_right_is_fit() -> None:
    found = but()

    assert (found.is_fit, found.verdict, set(found.right)) == (True, "fit", set(Point))


@pytest.mark.parametrize(
    ("point", "facts"),
    [
        (Point.BATTERY, {"battery_percent": 59}),
        (Point.SPACE, {"free_bytes": 6 * 10**9}),
        (Point.CLOCK, {"clock_offset": timedelta(seconds=31)}),
        (Point.CLOCK, {"clock_offset": timedelta(seconds=-31)}),
        (Point.DOCKED, {"docked_at": NOW - timedelta(days=7, seconds=1)}),
        (Point.CLEARED, {"cleared_at": NOW - timedelta(days=31)}),
        (Point.TAKEN_IN, {"files_left": 1}),
        (Point.FINDINGS, {"findings": ("sequence-gap",)}),
    ],
)
def test_one_wrong_point_makes_it_unfit_and_is_named(point: Point, facts: dict[str, object]) -> None:
    found = but(**facts)

    assert (found.is_fit, found.verdict, found.wrong, found.unchecked) == (False, "unfit", (point,), ())


@pytest.mark.parametrize(
    ("point", "facts"),
    [
        (Point.BATTERY, {"battery_percent": 60}),
        (Point.SPACE, {"free_bytes": 64 * 10**8}),
        (Point.CLOCK, {"clock_offset": timedelta(seconds=30)}),
        (Point.DOCKED, {"docked_at": NOW - timedelta(days=7)}),
    ],
)
def test_just_enough_is_enough(point: Point, facts: dict[str, object]) -> None:
    assert point in but(**facts).right


@pytest.mark.parametrize(
    ("point", "facts"),
    [
        (Point.BATTERY, {"battery_percent": None}),
        (Point.BATTERY, {"battery_percent": 255}),
        (Point.BATTERY, {"battery_percent": -1}),
        (Point.SPACE, {"free_bytes": None}),
        (Point.SPACE, {"total_bytes": None}),
        (Point.SPACE, {"free_bytes": 33 * 10**9}),
        (Point.SPACE, {"free_bytes": 0, "total_bytes": 0}),
        (Point.CLOCK, {"clock_offset": None}),
        (Point.DOCKED, {"docked_at": NOW + timedelta(days=1)}),
        (Point.CLEARED, {"cleared_at": None}),
        (Point.TAKEN_IN, {"files_left": None}),
        (Point.FINDINGS, {"findings": None}),
    ],
)
def test_what_is_unknown_or_impossible_is_not_checked(point: Point, facts: dict[str, object]) -> None:
    """Not unfit because of it, and not called fit either."""
    found = but(**facts)

    assert (found.is_fit, found.verdict, found.wrong, found.unchecked) == (None, "unchecked", (), (point,))


def test_what_is_wrong_outweighs_what_is_not_checked() -> None:
    assert but(battery_percent=None, files_left=3).is_fit is False


def test_hours_of_footage_are_counted_at_the_bit_rate_of_the_office() -> None:
    demands = Demands(free_percent=0, free_hours=8, bitrate_kbit=8000)

    for free, is_enough in ((28_800_000_000, True), (28_799_999_999, False)):
        found = fitness(DutyFacts(free_bytes=free, total_bytes=10**12), demands, now=NOW)
        assert (Point.SPACE in found.right, Point.SPACE in found.wrong) == (is_enough, not is_enough)


def test_what_is_not_demanded_is_no_point() -> None:
    nothing = Demands(0, 0, 0, 8000, timedelta(0), timedelta(0), timedelta(0))
    found = fitness(DutyFacts(battery_percent=1, files_left=0), nothing, now=NOW)

    assert (found.right, found.wrong, found.unchecked) == ((Point.TAKEN_IN,), (), (Point.FINDINGS,))


def test_a_camera_nobody_looked_at_is_not_fit() -> None:
    assert (NOT_CHECKED.is_fit, Fitness().is_fit, fitness(DutyFacts(), DEMANDS, now=NOW)) == (None, None, NOT_CHECKED)


@given(
    st.builds(
        DutyFacts,
        battery_percent=st.none() | st.integers(),
        free_bytes=st.none() | st.integers(),
        total_bytes=st.none() | st.integers(),
        clock_offset=st.none() | st.timedeltas(),
        docked_at=st.none() | st.datetimes(timezones=st.just(UTC)),
        cleared_at=st.none() | st.datetimes(timezones=st.just(UTC)),
        files_left=st.none() | st.integers(min_value=0),
        findings=st.none() | st.lists(st.text(max_size=3), max_size=2).map(tuple),
    )
)
def test_every_point_has_one_answer_whatever_a_camera_says(facts: DutyFacts) -> None:
    found = fitness(facts, DEMANDS, now=NOW)

    assert sorted([*found.right, *found.wrong, *found.unchecked]) == sorted(Point)
    assert (found.is_fit is True) == (set(found.right) == set(Point))
    assert (found.is_fit is False) == bool(found.wrong)
