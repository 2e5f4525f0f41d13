"""What a request for bytes asks for, by RFC 9110."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ranges import Decision, NotModified, Part, PreconditionFailed, Unsatisfiable, Whole, decide

TAG = '"abc"'


def asked(size: int = 100, method: str = "GET", **headers: str) -> Decision:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return decide(named, size=size, etag=TAG, method=method)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("bytes=0-", Part(0, 100, 100)),
        ("bytes=0-0", Part(0, 1, 100)),
        ("bytes=10-19", Part(10, 20, 100)),
        ("bytes=99-", Part(99, 100, 100)),
        ("bytes=90-900", Part(90, 100, 100)),
        ("bytes=-1", Part(99, 100, 100)),
        ("bytes=-30", Part(70, 100, 100)),
        ("bytes=-900", Part(0, 100, 100)),
        ("BYTES=1-2", Part(1, 3, 100)),
        (" bytes = 1-2 ", Part(1, 3, 100)),
        ("bytes=100-", Unsatisfiable(100)),
        ("bytes=100-200", Unsatisfiable(100)),
        ("bytes=-0", Unsatisfiable(100)),
        ("bytes=5-3", Whole(100)),
        ("bytes=0-1,5-6", Whole(100)),
        ("bytes=", Whole(100)),
        ("bytes=-", Whole(100)),
        ("bytes=a-b", Whole(100)),
        ("bytes=٣-", Whole(100)),
        ("items=0-1", Whole(100)),
        ("bytes=0-99999999999999999999999", Whole(100)),
    ],
)
def test_a_range_is_read_as_the_rfc_says(value: str, expected: Decision) -> None:
    assert asked(range=value) == expected


def test_no_byte_of_an_empty_object_can_be_asked_for() -> None:
    assert [asked(0, range=value) for value in ("bytes=0-", "bytes=-5")] == [Unsatisfiable(0)] * 2
    assert asked(0) == Whole(0)


def test_a_range_is_for_get_alone() -> None:
    assert asked(method="HEAD", range="bytes=0-1") == Whole(100)


@pytest.mark.parametrize(
    ("guard", "kept"), [(TAG, True), ('"other"', False), (f"W/{TAG}", False), ("Sat, 21 Nov 2026 08:30:00 GMT", False)]
)
def test_a_range_of_other_bytes_than_expected_is_answered_with_the_whole(guard: str, kept: bool) -> None:  # noqa: FBT001
    assert asked(range="bytes=1-2", if_range=guard) == (Part(1, 3, 100) if kept else Whole(100))


@pytest.mark.parametrize("value", [TAG, "*", f"W/{TAG}", f'"x", {TAG}'])
def test_who_holds_these_bytes_already_is_told_so(value: str) -> None:
    """That comes before any range (RFC 9110 §13.2.2)."""
    assert asked(if_none_match=value, range="bytes=0-1") == NotModified()


@pytest.mark.parametrize("value", ['"x"', "abc", ""])
def test_who_holds_other_bytes_gets_these(value: str) -> None:
    assert asked(if_none_match=value) == Whole(100)


@pytest.mark.parametrize(("value", "fails"), [(TAG, False), ("*", False), ('"x"', True), (f"W/{TAG}", True)])
def test_who_insists_on_other_bytes_gets_none(value: str, fails: bool) -> None:  # noqa: FBT001
    assert asked(if_match=value) == (PreconditionFailed() if fails else Whole(100))


@given(st.integers(0, 300), st.integers(0, 400), st.integers(0, 400))
def test_a_closed_range_gives_what_slicing_gives(size: int, first: int, last: int) -> None:
    content = bytes(number % 251 for number in range(size))
    found = asked(size, range=f"bytes={first}-{last}")

    if first > last:
        assert found == Whole(size)
    elif isinstance(found, Part):
        assert content[found.start : found.end] == content[first : last + 1] != b""
    else:
        assert found == Unsatisfiable(size)
        assert content[first : last + 1] == b""


@given(st.text(max_size=40), st.integers(0, 50))
def test_whatever_is_asked_the_answer_lies_within_the_object(value: str, size: int) -> None:
    found = asked(size, range=value)

    if isinstance(found, Part):
        assert 0 <= found.start < found.end <= size
