"""How often what is refused is written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from storage.evidence import Kind
from storage.identity import found_again
from storage.refusals import MANY, Refusals, RefusedDevice

DOCK = found_again(bytes(32), Kind.DOCK, "left")
NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
KEYBOARD = RefusedDevice("3", "not-a-camera", "1234:5678", ("030101",))


def recorded(refusals: Refusals, now: datetime, *, last_call: bool = False) -> list[tuple[str, int]]:
    """Record what is due, and say the USB id and how often."""
    due = refusals.due(now, last_call=last_call)
    for each in due:
        refusals.recorded(each, now)
    return [(each.device.usb_id, each.times) for each in due]


def test_the_first_is_recorded_at_once_and_those_of_the_next_minute_together() -> None:
    refusals = Refusals()
    refusals.note(DOCK, KEYBOARD, NINE)
    assert recorded(refusals, NINE) == [("1234:5678", 1)]

    for second in range(1, 60):
        refusals.note(DOCK, KEYBOARD, NINE + timedelta(seconds=second))
        assert recorded(refusals, NINE + timedelta(seconds=second)) == []

    assert recorded(refusals, NINE + timedelta(seconds=60)) == [("1234:5678", 59)]
    assert recorded(refusals, NINE + timedelta(hours=1)) == []


def test_another_bay_device_or_reason_is_another_matter() -> None:
    refusals = Refusals()
    for device in (KEYBOARD, RefusedDevice("4", "not-a-camera", "1234:5678"), RefusedDevice("3", "no-profile", "1234:5678")):
        refusals.note(DOCK, device, NINE)

    assert recorded(refusals, NINE) == [("1234:5678", 1)] * 3


def test_what_is_left_at_the_end_is_recorded_too() -> None:
    refusals = Refusals()
    for _ in range(3):
        refusals.note(DOCK, KEYBOARD, NINE)
        recorded(refusals, NINE)

    assert recorded(refusals, NINE, last_call=True) == [("1234:5678", 2)]


def test_a_clock_that_goes_back_holds_nothing_back_for_ever() -> None:
    refusals = Refusals()
    refusals.note(DOCK, KEYBOARD, NINE)
    recorded(refusals, NINE)
    refusals.note(DOCK, KEYBOARD, NINE - timedelta(days=1))

    assert recorded(refusals, NINE - timedelta(days=1)) == [("1234:5678", 1)]


def test_something_that_comes_with_another_id_each_time_is_counted_together() -> None:
    refusals = Refusals()
    for number in range(1000):
        refusals.note(DOCK, RefusedDevice("3", "not-a-camera", f"1234:{number:04x}"), NINE)
    refusals.note(DOCK, RefusedDevice("4", "not-a-camera", "1234:5678"), NINE)

    shown = {each.device.usb_id: (each.device.reason, each.times) for each in refusals.due(NINE)}
    assert len(shown) == 7
    assert shown[""] == (MANY, 995)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=200))
def test_nobody_can_grow_the_ledger_at_will_and_every_refusal_is_counted_once(plugs: list[tuple[int, int]]) -> None:
    refusals, now, written, entries = Refusals(), NINE, 0, 0
    for seconds, device in plugs:
        now += timedelta(seconds=seconds)
        refusals.note(DOCK, RefusedDevice("3", "not-a-camera", f"1234:{device:04x}"), now)
        told = recorded(refusals, now)
        written, entries = written + sum(times for _, times in told), entries + len(told)
    minutes = (now - NINE) // timedelta(minutes=1) + 1
    written += sum(times for _, times in recorded(refusals, now, last_call=True))

    assert written == len(plugs)
    assert entries <= 6 * (minutes + 1)
