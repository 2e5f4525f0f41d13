"""The two-way peg: whoever puts an entry into the past or the future contradicts a time-stamp, and the finding names both."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.evidence import utc_text
from storage.verifier.errors import VerificationError
from storage.verifier.leaves import read_leaf
from storage.verifier.times import TOLERANCE_MS, stamp_of, stamps_in

from .conftest import START
from .pegged import HOUR, MINUTE, SECOND, Pegged, honest


def test_an_honest_log_keeps_within_its_bounds() -> None:
    assert honest().faults() == []
    assert Pegged().grow(3).faults() == []


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 900), st.integers(0, 4)), max_size=8), st.integers(-50, 50))
def test_however_an_honest_log_is_stamped_it_has_no_faults(turns: list[tuple[int, int, int]], skew: int) -> None:
    """At any interval, over the newest head or one a stick brought late, with a clock that is a little off."""
    log, smallest = Pegged(), 1
    for count, pause, old in turns:
        log.grow(count, late=skew * SECOND)
        size = max(smallest, len(log.log.leaves) - old)
        at, smallest = log.now, size
        log.now += pause * SECOND
        log.stamp(size, at=at + SECOND)
    assert log.faults() == []


@pytest.mark.parametrize("moved", [2 * MINUTE, HOUR, 400 * 24 * HOUR])
def test_an_entry_in_the_past_is_found(moved: timedelta) -> None:
    """It comes after a time-stamp that it claims to be older than; the clock going back is named."""
    log = honest()
    place = len(log.log.leaves)
    log.put(log.now - 11 * MINUTE - moved)

    assert len(log.faults()) == 1
    assert log.faults()[0].startswith(f"entry {place}: the clock was set back by ")


def test_entries_in_the_past_are_all_found_not_only_the_one_that_set_the_clock_back() -> None:
    log = honest()
    place = len(log.log.leaves)
    log.now -= HOUR
    log.grow(3)

    first, *others = log.faults()
    assert "the clock was set back by" in first
    assert [fault.partition(",")[0].partition(":")[0] for fault in others] == [f"entry {place + 1}", f"entry {place + 2}"]
    assert "comes after entry 14" in others[0]


def test_an_entry_in_the_future_is_found_by_the_next_time_stamp() -> None:
    """And it alone: that the clock went right again is no fault."""
    log = honest()
    place = len(log.log.leaves)
    log.put(log.now + HOUR)
    assert log.faults() == []
    log.now += 10 * MINUTE
    log.grow().stamp()

    claimed, stamped = utc_text(log.log.leaves[place].at), log.log.leaves[-1].body["time"]
    assert log.faults() == [
        f"entry {place}: claims {claimed}, but was stamped at {stamped} already, says entry {place + 2}",
    ]


def test_how_far_a_clock_may_be_off_is_said_by_the_tolerance_and_the_accuracy() -> None:
    for over, expected in ((-1, 0), (0, 0), (1, 1)):
        for sign in (-1, 1):
            log = Pegged().grow(3)
            stamped = log.now + SECOND
            slack = timedelta(milliseconds=TOLERANCE_MS + 1000 + over)
            if sign > 0:
                log.put(stamped + slack)
                log.stamp(at=stamped)
            else:
                log.stamp(at=stamped)
                log.put(stamped - slack)
            assert len(log.faults()) == expected, (over, sign)


def test_time_stamps_go_forward_in_size_and_in_time() -> None:
    assert "goes back behind entry 14" in honest().stamp(3).faults()[0]
    log = honest()
    assert "goes back behind entry 14" in log.stamp(at=START).faults()[0]
    assert honest().stamp().stamp().faults() == []


WRONG: dict[str, dict[str, Any]] = {
    "no entries": {"size": 0},
    "entries to come": {"size": 99},
    "its own entry": {"size": 18},
    "a text as size": {"size": "3"},
    "true as size": {"size": True},
    "an hour of accuracy": {"accuracy_ms": 3_600_000},
    "negative accuracy": {"accuracy_ms": -1},
    "no root": {"root": "00"},
    "no digest": {"token": None},
    "no time": {"time": "yesterday"},
    "a month too many": {"time": "2026-13-01T00:00:00.000Z"},
    "one key more": {"more": 1},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_an_entry_that_is_no_time_stamp_bounds_nothing_and_is_said(changes: dict[str, Any]) -> None:
    log = honest()
    assert len(log.log.leaves) == 17
    log.stamp(**changes)

    assert len(log.faults()) == 1
    assert len(stamps_in(log.log.raws)) == 3
    with pytest.raises(VerificationError):
        stamp_of(read_leaf(log.log.raws[-1]))


def test_a_text_that_only_looks_like_one_is_none() -> None:
    log = honest()
    log.log.add(at=log.now + SECOND, body={"note": '"type":"TIMESTAMPED"'})

    assert len(stamps_in([*log.log.raws, b'nonsense "type":"TIMESTAMPED"'])) == 3
