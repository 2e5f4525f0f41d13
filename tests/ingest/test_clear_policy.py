"""Whether a file may be removed from a camera, as a rule that can be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clear_policy import Facts, Policy, Reason, When, may_clear

SECURED = datetime(2026, 11, 18, 9, tzinfo=UTC)
SAFE = Facts(SECURED, is_deposited=True, anchored_size=10, last_entry=9, store_is_locked=True)
AT_ONCE, NEVER = Policy(When.AT_ONCE), Policy()
WEEK = Policy(When.AFTER_DAYS, 7)


def reasons(facts: Facts, policy: Policy, now: datetime = SECURED) -> tuple[Reason, ...]:
    return may_clear(facts, policy, now).reasons


def test_what_is_safe_may_be_removed_at_once() -> None:
    assert may_clear(SAFE, AT_ONCE, SECURED).is_granted


def test_an_office_that_chose_nothing_clears_nothing() -> None:
    assert reasons(SAFE, NEVER) == (Reason.POLICY,)


def test_days_are_waited_to_the_last_second() -> None:
    ends = SECURED + timedelta(days=7)

    assert reasons(SAFE, WEEK, ends - timedelta(seconds=1)) == (Reason.TOO_EARLY,)
    assert may_clear(SAFE, WEEK, ends).is_granted


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(SAFE, anchored_size=0), Reason.NO_WITNESS),
        (replace(SAFE, anchored_size=9), Reason.NOT_ANCHORED),
        (replace(SAFE, store_is_locked=False), Reason.STORE_UNTRUSTED),
        (replace(SAFE, is_deposited=False), Reason.NOT_DEPOSITED),
    ],
)
def test_whatever_the_policy_says_nothing_goes_without(facts: Facts, reason: Reason) -> None:
    for policy in (AT_ONCE, Policy(When.AFTER_DAYS, 0)):
        assert reasons(facts, policy) == (reason,)


def test_a_folder_is_enough_only_where_the_office_says_so() -> None:
    facts = replace(SAFE, store_is_locked=False)

    assert may_clear(facts, replace(AT_ONCE, trusts_any_store=True), SECURED).is_granted
    assert not may_clear(facts, replace(NEVER, trusts_any_store=True), SECURED).is_granted


def test_everything_that_speaks_against_is_told() -> None:
    facts = Facts(SECURED, is_deposited=False, anchored_size=0, last_entry=9, store_is_locked=False)

    assert reasons(facts, WEEK) == (Reason.TOO_EARLY, Reason.NO_WITNESS, Reason.STORE_UNTRUSTED, Reason.NOT_DEPOSITED)


ANY_FACTS = st.builds(Facts, st.just(SECURED), st.booleans(), st.integers(0, 20), st.integers(0, 20), st.booleans())
ANY_POLICY = st.builds(Policy, st.sampled_from(When), st.integers(0, 30), st.booleans())


@given(ANY_FACTS, ANY_POLICY, st.integers(-10, 40))
def test_nothing_is_ever_granted_that_is_not_deposited_and_held_outside(facts: Facts, policy: Policy, days: int) -> None:
    if may_clear(facts, policy, SECURED + timedelta(days=days)).is_granted:
        assert facts.is_deposited
        assert facts.anchored_size > facts.last_entry
        assert facts.store_is_locked or policy.trusts_any_store
        assert policy.when is not When.NEVER
