"""How far a camera's clock is off, and what that makes of the times it wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.camera import ClockReading
from ingest.clock_offset import DRIFT, JUMPED, UNBELIEVABLE, UNSURE, WRONG, Limits, Measured, measure
from ingest.time_source import TimeSource
from storage.dockings import KnownClock

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
CHINA = "Asia/Shanghai"
GNSS = TimeSource("gnss", synchronised=True, error_ms=5)
MS = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def reading(raw: str, *, at: datetime = NOW, zone_minutes: int | None = None, within_ms: int = 20) -> ClockReading:
    """What a camera showed."""
    return ClockReading(raw, zone_minutes, at, within_ms * MS)


def shown(moment: datetime) -> str:
    """What a clock in China shows at that moment."""
    return (moment + timedelta(hours=8)).strftime("%Y%m%d%H%M%S")


def measured(raw: str, *, earlier: KnownClock | None = None, source: TimeSource = GNSS) -> Measured:
    """The clock held against ours."""
    return measure(reading(raw), zone=CHINA, source=source, earlier=earlier)


def known(offset_ms: int, *, ago: timedelta, within_ms: int = 520) -> KnownClock:
    """A docking at which it was so far ahead, and not set."""
    return KnownClock(NOW - ago, offset_ms, offset_ms, NOW - ago, offset_ms, within_ms, 5)


class TestMeasuring:
    @pytest.mark.parametrize(
        ("raw", "offset"),
        [("20261124160009", 9_500), ("20261124155957", -2_500), ("2026-11-24T16:00:09.250+08:00", 9_250)],
        ids=["ahead", "behind", "with its own zone and a fraction"],
    )
    def test_an_offset_is_from_the_middle_of_the_last_digit(self, raw: str, offset: int) -> None:
        assert measured(raw).offset_ms == measured(raw).wall_ms == offset

    def test_half_of_the_round_trip_and_half_of_the_last_digit_are_uncertain(self) -> None:
        assert measured("20261124160000").within_ms == 520
        assert measured("2026-11-24T16:00:00.00").within_ms == 20

    def test_a_camera_in_another_zone_is_not_wrong_but_its_names_are_read_as_they_are(self) -> None:
        """It says that it is set to UTC; its names are nevertheless read in the zone of its profile."""
        found = measure(reading("20261124080000", zone_minutes=0), zone=CHINA, source=GNSS)

        assert (found.offset_ms, found.wall_ms, WRONG in found.findings) == (500, 500 - 8 * 3_600_000, False)

    @pytest.mark.parametrize("raw", ["", "soon", "20260230000000", "2026-11-24T16:00:00+99:99", "0" * 14])
    def test_what_is_no_time_is_unreadable(self, raw: str) -> None:
        found = measured(raw)

        assert (found.offset_ms, found.wall_ms) == (None, None)
        assert "clock-unreadable" in found.findings
        assert found.corrected(NOW, SECOND) is None

    @given(st.text() | st.from_regex(r"[0-9]{14}"), st.integers(), st.integers(0, 10**9))
    def test_no_answer_is_too_odd(self, raw: str, zone_minutes: int, within_ms: int) -> None:
        odd = reading(raw, zone_minutes=zone_minutes, within_ms=within_ms)

        found = measure(odd, zone=CHINA, source=GNSS, earlier=known(7, ago=DAY))

        assert (found.offset_ms is None) == (found.wall_ms is None)
        assert found.corrected(NOW - DAY, SECOND) is None or found.offset_ms is not None

    def test_an_offset_above_the_limit_is_wrong_and_one_above_all_belief_corrects_nothing(self) -> None:
        late, never_set = measured(shown(NOW + timedelta(minutes=2))), measured("20000101000000")

        assert (WRONG in late.findings, UNBELIEVABLE in late.findings) == (True, False)
        assert {WRONG, UNBELIEVABLE, "clock-unset"} <= set(never_set.findings)
        assert never_set.corrected(NOW - DAY, SECOND) is None

    def test_what_is_just_above_the_limit_may_be_uncertainty(self) -> None:
        assert WRONG not in measured(shown(NOW + timedelta(seconds=60))).findings
        assert WRONG in measured(shown(NOW + timedelta(seconds=61))).findings


class TestDrift:
    def test_it_is_the_change_over_the_time_between(self) -> None:
        assert measured(shown(NOW + timedelta(seconds=8)), earlier=known(500, ago=4 * DAY)).drift_ms_per_day == 2_000

    @pytest.mark.parametrize(("seconds", "is_found"), [(9, False), (10, True), (-11, True)])
    def test_above_three_seconds_a_day_it_is_a_finding_as_far_as_it_is_certain(self, seconds: int, is_found: bool) -> None:  # noqa: FBT001 - a row of a table
        """Three days allow nine seconds; the two measurements are good to a little more than one."""
        found = measured(shown(NOW + seconds * SECOND), earlier=known(0, ago=3 * DAY))

        assert (DRIFT in found.findings) == is_found

    def test_a_clock_that_was_set_in_between_jumped(self) -> None:
        found = measured(shown(NOW), earlier=known(600_000, ago=DAY))

        assert {DRIFT, JUMPED} <= set(found.findings)

    def test_of_two_looks_in_a_row_none_is_told(self) -> None:
        found = measured(shown(NOW + SECOND), earlier=known(500, ago=timedelta(minutes=5)))

        assert (found.drift_ms_per_day, DRIFT in found.findings) == (None, False)

    def test_a_clock_of_ours_that_went_back_tells_none(self) -> None:
        assert measured(shown(NOW), earlier=known(500, ago=-DAY)).drift_ms_per_day is None


class TestCorrecting:
    def test_with_one_measurement_it_is_moved_by_the_offset_and_the_limit_of_drift_is_uncertain(self) -> None:
        found = measured(shown(NOW + timedelta(seconds=9))).corrected(NOW - 2 * DAY, SECOND)

        assert found is not None
        assert found.at == NOW - 2 * DAY - timedelta(seconds=9)
        # 2 days of 3 s and 9 s more of them; 520 measured, 500 of the name, 5 of our own clock
        assert found.uncertainty_ms == 6_000 + 1 + 520 + 500 + 5

    def test_between_two_measurements_it_lies_on_the_straight_line(self) -> None:
        clock = measured(shown(NOW + timedelta(seconds=9)), earlier=known(500, ago=4 * DAY))
        middle = NOW - 2 * DAY

        found = clock.corrected(middle + timedelta(seconds=5), timedelta(0))

        assert found is not None
        assert abs(found.at - middle) < MS
        assert found.uncertainty_ms is not None
        assert abs(found.uncertainty_ms - (2 * 2_250 + 2 * 520 + 5)) <= 1

    def test_at_a_measurement_only_what_was_measured_is_uncertain(self) -> None:
        clock = measured(shown(NOW + timedelta(seconds=9)), earlier=known(500, ago=4 * DAY))

        found = clock.corrected(NOW + timedelta(seconds=9) - MS, timedelta(0))

        assert found is not None
        assert found.uncertainty_ms is not None
        assert 520 <= found.uncertainty_ms <= 2 * 520 + 10

    def test_over_a_jump_nothing_is_interpolated_and_the_whole_jump_is_uncertain(self) -> None:
        found = measured(shown(NOW), earlier=known(600_000, ago=DAY)).corrected(NOW - timedelta(hours=12), SECOND)

        assert found is not None
        assert found.at == NOW - timedelta(hours=12)
        assert found.uncertainty_ms is not None
        assert found.uncertainty_ms > 599_000

    def test_before_the_last_docking_it_counts_what_the_clock_showed_when_it_came(self) -> None:
        """It was five minutes ahead then, and was set; that it is right since says nothing of before."""
        then = NOW - 2 * DAY
        left = KnownClock(then, 0, 0, then, 300_000, 20, 5)

        found = measured(shown(NOW), earlier=left).corrected(then - DAY + timedelta(minutes=5), timedelta(0))

        assert found is not None
        assert found.at == then - DAY

    def test_a_time_still_to_come_is_not_corrected(self) -> None:
        assert measured(shown(NOW)).corrected(NOW + timedelta(minutes=1), SECOND) is None

    @pytest.mark.parametrize(
        "claimed", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)], ids=["first", "last"]
    )
    def test_the_first_and_the_last_day_are_not_corrected(self, claimed: datetime) -> None:
        assert measured(shown(NOW + SECOND)).corrected(claimed, SECOND) is None

    def test_without_a_clock_of_our_own_there_is_no_uncertainty_to_give(self) -> None:
        clock = measured(shown(NOW), source=TimeSource("none"))
        found = clock.corrected(NOW - DAY, SECOND)

        assert UNSURE in clock.findings
        assert found is not None
        assert found.uncertainty_ms is None

    @given(
        then=st.integers(-60_000, 60_000),
        rate=st.integers(-3_000, 3_000),
        days=st.integers(1, 30),
        part=st.floats(0, 1),
    )
    def test_a_camera_that_drifts_evenly_is_corrected_to_within_its_uncertainty(
        self, then: int, rate: int, days: int, part: float
    ) -> None:
        """The truth is made first, then what the camera showed of it in whole seconds."""
        true = NOW - days * DAY * part
        begun = NOW - days * DAY
        offset = then + rate * ((true - begun) / DAY)
        claimed = (true + offset * MS).replace(microsecond=0)
        clock = measured(shown(NOW + (then + rate * days) * MS), earlier=known(then, ago=days * DAY))

        found = clock.corrected(claimed, SECOND)

        if found is not None:
            assert found.uncertainty_ms is not None
            assert abs(found.at - true) <= found.uncertainty_ms * MS

    def test_stricter_limits_find_more(self) -> None:
        strict = Limits(wrong=timedelta(seconds=1))

        assert WRONG in measure(reading(shown(NOW + 3 * SECOND)), zone=CHINA, source=GNSS, limits=strict).findings
        assert WRONG not in measured(shown(NOW + 3 * SECOND)).findings
        assert replace(strict, wrong=DAY).drift_ms_per_day == 3_000
