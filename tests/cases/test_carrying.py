"""Who carried a camera, told from intervals: at every moment one answer or none, and never a guess."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.duty.carrying import Carried, Why, carrier
from cases.duty.values import Holding, How, last_standing, moved
from storage.evidence import Kind, Subject

START = datetime(2026, 11, 18, 8, tzinfo=UTC)
CAMERA = Subject(Kind.DEVICE, "0" * 32)
FIRST, SECOND, CLERK = (Subject(kind, f"01J{n:023d}") for n, kind in enumerate((Kind.OFFICER, Kind.OFFICER, Kind.ACCOUNT)))


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def held(
    officer: Subject,
    since: float,
    until: float | None = None,
    *,
    claimed: float | None = None,
    back: float | None = None,
    undone: int | None = None,
) -> Holding:
    """A holding recorded from hour *since* up to *until*, claimed to have begun at *claimed* and ended at *back*."""
    return Holding(
        device=CAMERA,
        seq=int(since * 10),
        officer=officer,
        how=How.CARD,
        opened_by=CLERK,
        verdict="fit",
        since=hour(since),
        since_claimed=None if claimed is None else hour(claimed),
        ended_seq=None if until is None else int(until * 10),
        ended_by=None if until is None else CLERK,
        until=None if until is None else hour(until),
        until_claimed=None if back is None else hour(back),
        condition=(),
        undone_seq=undone,
    )


def at(moment: float, *holdings: Holding) -> Carried:
    return carrier(holdings, hour(moment), hour(moment))


def during(start: float, end: float, *holdings: Holding) -> Carried:
    return carrier(holdings, hour(start), hour(end))


def test_the_moment_of_a_hand_over_is_the_taker_s() -> None:
    both = held(FIRST, 1, 3), held(SECOND, 3)

    assert [at(moment, *both) for moment in (0.99, 1, 2.99, 3, 99)] == [
        Carried(None, Why.NOBODY),
        Carried(FIRST, Why.RECORDED),
        Carried(FIRST, Why.RECORDED),
        Carried(SECOND, Why.RECORDED),
        Carried(SECOND, Why.RECORDED),
    ]


def test_a_recording_that_spans_a_hand_over_is_nobody_s() -> None:
    both = held(FIRST, 1, 3), held(SECOND, 3)

    assert during(2, 2.9, *both) == Carried(FIRST, Why.RECORDED)
    assert during(2.9, 3, *both) == Carried(None, Why.CHANGED_HANDS)
    assert during(3, 4, *both) == Carried(SECOND, Why.RECORDED)


def test_a_recording_that_began_before_the_issue_is_nobody_s() -> None:
    assert during(0.5, 2, held(FIRST, 1)) == Carried(None, Why.IN_PART)
    assert during(2, 5, held(FIRST, 1, 4)) == Carried(None, Why.IN_PART)
    assert during(2, 5, held(FIRST, 1, 3), held(FIRST, 4)) == Carried(None, Why.IN_PART)


def test_whoever_gave_it_back_and_took_it_again_at_once_had_it_all_the_time() -> None:
    assert during(1, 5, held(FIRST, 1, 3), held(FIRST, 3)) == Carried(FIRST, Why.RECORDED)


def test_what_rests_on_a_claim_is_named_one() -> None:
    claim = held(FIRST, 5, claimed=1)

    assert at(0.9, claim) == Carried(None, Why.NOBODY)
    assert at(2, claim) == Carried(FIRST, Why.CLAIMED)
    assert during(4, 6, claim) == Carried(FIRST, Why.CLAIMED)
    assert at(5, claim) == Carried(FIRST, Why.RECORDED)


def test_claims_that_overlap_give_no_answer() -> None:
    """The ledger says that the first had it; the second says afterwards that it was with him."""
    both = held(FIRST, 1, 4), held(SECOND, 5, claimed=3)

    assert at(2, *both) == Carried(FIRST, Why.RECORDED)
    assert at(3.5, *both) == Carried(None, Why.CONTRADICTORY)
    assert at(4.5, *both) == Carried(SECOND, Why.CLAIMED)


def test_a_return_claimed_earlier_ends_it_then() -> None:
    late = held(FIRST, 1, 6, back=3)

    assert (at(2, late).officer, at(3, late).why, at(5, late).why) == (FIRST, Why.NOBODY, Why.NOBODY)


def test_what_was_undone_never_was() -> None:
    assert at(2, held(FIRST, 1, undone=9)) == Carried(None, Why.NOBODY)
    assert at(2, held(FIRST, 1, undone=9), held(SECOND, 1.5)) == Carried(SECOND, Why.RECORDED)
    assert last_standing([held(FIRST, 1, 2), held(SECOND, 3, undone=9)]) == held(FIRST, 1, 2)
    assert last_standing([held(FIRST, 1, undone=9)]) is None


def test_an_interval_that_ends_before_it_begins_holds_nothing() -> None:
    """The clock of the log was set back between the two; both times stay as they were recorded."""
    assert [at(moment, held(FIRST, 5, 3)).why for moment in (2, 3, 4, 5, 6)] == [Why.NOBODY] * 5


def test_a_camera_s_clock_may_show_any_year() -> None:
    """What is moved beyond the years there are stays where it is."""
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

    assert (moved(first, -timedelta(days=1)), moved(last, timedelta(days=1))) == (first, last)
    assert carrier([held(FIRST, 1)], hour(2), last) == Carried(None, Why.IN_PART)
    assert moved(hour(1), timedelta(hours=1)) == hour(2)


def test_a_time_that_ends_before_it_begins_is_no_time() -> None:
    with pytest.raises(ValueError, match="expected an end after"):
        during(2, 1)


HOURS = st.integers(0, 12)


@st.composite
def intervals(draw: st.DrawFn) -> Holding:
    since, length = draw(HOURS), draw(st.one_of(st.none(), st.integers(0, 6)))
    claimed = draw(st.one_of(st.none(), st.integers(0, since)))
    until = None if length is None else since + length
    undone = draw(st.sampled_from([None, None, 9]))
    return held(draw(st.sampled_from([FIRST, SECOND])), since, until, claimed=claimed, undone=undone)


@given(st.lists(intervals(), max_size=6), HOURS, st.integers(0, 6))
def test_whoever_carried_it_all_the_time_carried_it_at_every_moment_and_nobody_else_did(
    holdings: list[Holding], start: int, length: int
) -> None:
    whole = carrier(holdings, hour(start), hour(start + length))
    moments = [at(start + quarter / 4, *holdings) for quarter in range(4 * length + 1)]

    # everything begins and ends on the hour, so quarters of an hour see every change
    same = {moment.officer for moment in moments}
    assert (whole.officer is not None) == (len(same) == 1 and None not in same)
    assert whole.officer is None or same == {whole.officer}
    assert (whole.why in {Why.RECORDED, Why.CLAIMED}) == (whole.officer is not None)


@given(st.lists(intervals(), max_size=6), HOURS)
def test_an_answer_is_given_only_where_everything_that_stands_agrees(holdings: list[Holding], moment: int) -> None:
    then = hour(moment)
    having = {one.officer for one in holdings if one.undone_seq is None and one.begin <= then < one.finish}

    assert at(moment, *holdings).officer == (having.pop() if len(having) == 1 else None)
