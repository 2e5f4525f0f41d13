"""The lines of the board: what is written is read again as it was, whatever a camera calls itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.board import Alarm, AlarmKind, Bay, Change, Picture, Status, Update
from ingest.board_json import as_json, heartbeat, line, parsed

moments = st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - made aware just below
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
)
texts = st.text(max_size=20)
counts = st.integers(0, 2**53)
bays = st.builds(
    Bay,
    name=texts,
    status=st.sampled_from(Status),
    since=moments,
    camera=texts,
    officer=texts,
    file=texts,
    size=counts,
    done=counts,
    left=st.none() | st.integers(0, 10**9).map(lambda ms: timedelta(milliseconds=ms)),
    reason=texts,
    is_fit=st.none() | st.booleans(),
    unfit=st.lists(texts, max_size=3).map(tuple),
)
alarms = st.builds(Alarm, kind=st.sampled_from(AlarmKind), about=texts, since=moments, reason=texts)
updates = st.one_of(
    st.builds(Change, number=counts, bay=bays, is_over=st.booleans()),
    st.builds(Change, number=counts, alarm=alarms, is_over=st.booleans()),
    st.builds(Picture, counts, st.lists(bays, max_size=3).map(tuple), st.lists(alarms, max_size=3).map(tuple), texts),
)


@given(updates)
def test_a_line_is_read_again_as_it_was_written(update: Update) -> None:
    written = line(update)

    assert "\n" not in written
    assert written.isascii()
    assert parsed(written) == update


@given(st.text() | st.recursive(st.none() | st.booleans() | st.integers() | texts, st.lists).map(json.dumps))
def test_what_is_no_line_of_the_board_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(text)


@given(updates, st.data())
def test_a_line_with_a_part_missing_breaks_nothing(update: Update, data: st.DataObject) -> None:
    written = line(update)
    cut = data.draw(st.integers(0, len(written) - 1))
    with pytest.raises(ValueError, match=r"."):
        parsed(written[:cut])


def test_the_lines_are_as_documented() -> None:
    """Programs of others read them: what stands here is a contract."""
    since = datetime(2026, 11, 21, 8, 0, 0, 123000, tzinfo=UTC)
    bay = Bay("1", Status.READING, since, "DSJ-0042", left=timedelta(seconds=90), unfit=("battery",))

    assert as_json(Change(7, bay)) == {
        "change": {
            "number": 7,
            "is_over": False,
            "bay": {
                "name": "1",
                "status": "reading",
                "since": "2026-11-21T08:00:00.123Z",
                "camera": "DSJ-0042",
                "profile": "",
                "officer": "",
                "file": "",
                "file_size": 0,
                "file_done": 0,
                "files": 0,
                "files_done": 0,
                "size": 0,
                "done": 0,
                "rate": 0,
                "left": 90.0,
                "reason": "",
                "error": "",
                "problems": 0,
                "is_fit": None,
                "unfit": ["battery"],
                "is_locked": False,
                "has_priority": False,
            },
        }
    }
    assert as_json(Picture(7, (), (Alarm(AlarmKind.STORE_AWAY, "store", since, "no answer"),), "a1")) == {
        "picture": {
            "number": 7,
            "start": "a1",
            "bays": [],
            "alarms": [
                {"kind": "store-away", "about": "store", "since": "2026-11-21T08:00:00.123Z", "reason": "no answer"},
            ],
        }
    }


def test_a_heartbeat_changes_nothing() -> None:
    assert parsed(heartbeat(7)) is None


def test_a_key_of_a_newer_program_is_left_alone() -> None:
    newer = as_json(Change(1, Bay("1")))
    newer["change"]["bay"]["colour"] = "blue"  # type: ignore[index]

    assert parsed(json.dumps(newer)) == Change(1, Bay("1"))
