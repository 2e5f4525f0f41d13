"""A camera's clock is read and marked, never corrected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.clocks import read_clock, read_modified

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HERE = "Asia/Shanghai"


def test_a_naive_claim_is_read_in_the_assumed_zone_and_says_so() -> None:
    claim = read_clock("20261121222950", zone=HERE, now=NOW)

    assert claim.at == datetime(2026, 11, 21, 14, 29, 50, tzinfo=UTC)
    assert (claim.raw, claim.zone, claim.assumed, claim.findings) == ("20261121222950", HERE, True, ())


@pytest.mark.parametrize("raw", ["2026-11-21T22:29:50+08:00", "2026-11-21T14:29:50Z"])
def test_a_claim_with_its_own_offset_assumes_nothing(raw: str) -> None:
    claim = read_clock(raw, zone=HERE, now=NOW)

    assert claim.at == datetime(2026, 11, 21, 14, 29, 50, tzinfo=UTC)
    assert not claim.assumed


@pytest.mark.parametrize(
    ("raw", "findings"),
    [
        ("19700101080000", ("unset",)),
        ("19800101000000", ("unset",)),
        ("20000101000000", ("unset",)),
        ("20380119111407", ("rollover",)),
        ("21060207142815", ("rollover",)),
        ("20261231000000", ("future",)),
        ("20261123000000", ()),
    ],
)
def test_an_implausible_clock_is_marked_and_its_moment_kept(raw: str, findings: tuple[str, ...]) -> None:
    claim = read_clock(raw, zone=HERE, now=NOW)

    assert claim.findings == findings
    assert claim.at is not None
    assert (claim.at + timedelta(hours=8)).strftime("%Y%m%d%H%M%S") == raw


def test_after_2038_that_year_is_like_any_other() -> None:
    claim = read_clock("20390101000000", zone=HERE, now=datetime(2039, 2, 1, tzinfo=UTC))

    assert claim.findings == ()


@pytest.mark.parametrize(
    "raw", ["20260230120000", "20261121246000", "", "today", "2026-W47-6", "٢٠٢٦١١٢١٢٢٢٩٥٠", "0" * 14, "00010101000000"]
)
def test_what_is_no_date_is_unreadable(raw: str) -> None:
    claim = read_clock(raw, zone=HERE, now=NOW)

    assert (claim.at, claim.findings, claim.raw) == (None, ("unreadable",), raw)


@pytest.mark.parametrize(("raw", "finding"), [("20261025023000", "ambiguous"), ("20260329023000", "skipped")])
def test_an_hour_that_happened_twice_or_never_is_marked(raw: str, finding: str) -> None:
    assert read_clock(raw, zone="Europe/Berlin", now=NOW).findings == (finding,)


@given(
    st.text() | st.from_regex(r"[0-9]{14}", fullmatch=True) | st.datetimes().map(str),
    st.sampled_from([HERE, "America/New_York"]),
)
def test_no_claim_is_too_hostile(raw: str, zone: str) -> None:
    claim = read_clock(raw, zone=zone, now=NOW)

    assert claim.raw == raw
    assert claim.at is None or claim.at.utcoffset() == timedelta(0)


@given(st.integers())
def test_no_modification_time_is_too_hostile(modified_ns: int) -> None:
    claim = read_modified(modified_ns, now=NOW)

    assert claim.raw == str(modified_ns)
    assert (claim.at is None) == (claim.findings == ("unreadable",))


def test_a_modification_time_is_exact_to_the_microsecond_and_its_zone_assumed() -> None:
    claim = read_modified(1_795_271_390_123_456_789, now=NOW)

    assert claim.at == datetime(2026, 11, 21, 14, 29, 50, 123456, tzinfo=UTC)
    assert claim.assumed


@pytest.mark.parametrize(("modified_ns", "finding"), [(0, "unset"), (-1, "unset"), (2**31 * 10**9, "rollover")])
def test_modification_times_of_unset_clocks_are_marked(modified_ns: int, finding: str) -> None:
    assert read_modified(modified_ns, now=NOW).findings == (finding,)
