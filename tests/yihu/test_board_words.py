"""Whatever a dock shows has words in both languages, and nothing that a camera calls itself can harm a screen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ingest.bay_moves import strictly
from ingest.board import Alarm, AlarmKind, Bay, Board, Change, Picture, Status
from tests.api.small_office import Clock
from yihu import board_demo
from yihu.board_mirror import Mirror, needs_help
from yihu.board_words import (
    ALARMS,
    LOOKS,
    alarm_line,
    alarm_word,
    bay_line,
    bay_reason,
    fitness,
    flow_text,
    left_text,
    one_line,
    reason_words,
    size_text,
)
from yihu.dock_reasons import DOCK_REASONS
from yihu.language import has_words
from yihu.tui.tile import FULL, NARROWEST, SMALLEST, layout, tile


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The language of the person."""
    monkeypatch.setenv("YIHU_LANG", request.param)
    return str(request.param)


def test_every_status_is_told_by_word_symbol_and_advice(language: str) -> None:
    assert set(LOOKS) == set(Status)
    assert len({look.word for look in LOOKS.values()}) == len(Status)
    assert len({look.symbol for look in LOOKS.values()}) == len(Status)
    assert all(look.word.isascii() == (language == "en") for look in LOOKS.values())
    assert all(look.advice for status, look in LOOKS.items() if status is not Status.IDLE)
    assert all(cell_len(look.symbol) == 1 for look in LOOKS.values())


def test_statuses_are_called_as_clerks_call_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIHU_LANG", "zh")

    words = "空闲 识别中 采集中 校验中 可以取下 清除中 已清除 已拒绝 失败"
    assert [LOOKS[status].word for status in Status] == words.split()


def test_every_alarm_has_a_word(language: str) -> None:
    assert set(ALARMS) == set(AlarmKind)
    assert len({alarm_word(kind) for kind in AlarmKind}) == len(AlarmKind)
    assert all(alarm_word(kind).isascii() == (language == "en") for kind in AlarmKind)


def test_every_code_of_a_reason_has_words(language: str) -> None:
    for code in DOCK_REASONS:
        assert reason_words(code) != code
        assert reason_words(code).isascii() == (language == "en")


def test_a_reason_is_told_by_its_code_and_with_its_detail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIHU_LANG", "en")

    assert bay_reason(Bay("1", reason="pulled-early", error="pulled-early")) == "taken out too early; put it in again"
    assert bay_reason(Bay("1", reason="DCIM/a.mp4", error="DigestMismatch")).endswith("damaged or changed (DCIM/a.mp4)")
    assert bay_reason(Bay("1", reason="something new", error="a-code-nobody-knows")) == "a-code-nobody-knows (something new)"
    assert bay_reason(Bay("1")) == ""
    assert has_words("DigestMismatch")


def test_fitness_is_told_only_where_somebody_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIHU_LANG", "en")

    assert fitness(Bay("1")) == ""
    assert fitness(Bay("1", is_fit=True)) == "fit for duty"
    assert (
        fitness(Bay("1", is_fit=False, unfit=("unfit-battery", "unfit-clock")))
        == "not fit for duty: battery too low, its clock is off"
    )


def test_a_line_says_what_a_bay_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIHU_LANG", "zh")
    bay = Bay("3", Status.READING, camera="DSJ-0042", officer="张三", file="a.MP4", size=2 * 10**9, done=10**9, rate=4 * 10**7)

    assert bay_line(bay) == "[3] » 采集中  DSJ-0042  张三  a.MP4  1.0 GB/2.0 GB  40.0 MB/s"
    assert alarm_line(Alarm(AlarmKind.SPOOL_FILLING, reason="83 %")) == "! 暂存盘快满: 83 %"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "5 s left"),
        (7, "10 s left"),
        (59, "60 s left"),
        (61, "2 min left"),
        (3600, "1 h 00 min left"),
        (5400, "1 h 30 min left"),
    ],
)
def test_time_left_is_told_no_more_exactly_than_anybody_knows(monkeypatch: pytest.MonkeyPatch, seconds: int, text: str) -> None:
    monkeypatch.setenv("YIHU_LANG", "en")

    assert left_text(timedelta(seconds=seconds)) == text
    assert left_text(None) == ""


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_500, "1.5 kB"),
        (123_456_789, "123 MB"),
        (31_900_000_000, "31.9 GB"),
        (2 * 10**12, "2.00 TB"),
    ],
)
def test_sizes_are_written_as_people_write_them(size: int, text: str) -> None:
    assert size_text(size) == text


@given(st.text(max_size=60), st.sampled_from(Status), st.integers(NARROWEST, 60), st.integers(SMALLEST, FULL))
def test_a_tile_fills_exactly_its_room_whatever_a_camera_calls_itself(
    hostile: str, status: Status, width: int, height: int
) -> None:
    bay = Bay(hostile[:8], status, None, hostile, hostile, hostile, hostile, reason=hostile, size=100, done=250, problems=3)

    lines = tile(bay, width, height).plain.split("\n")

    assert [cell_len(text) for text in lines] == [width] * height


@given(st.text(max_size=60))
def test_a_name_never_reaches_a_terminal_as_a_command(hostile: str) -> None:
    assert one_line(hostile).isprintable()
    assert bay_line(Bay(hostile, Status.FAILED, camera=hostile, reason=hostile)).isprintable()
    assert alarm_line(Alarm(AlarmKind.CAMERA_FILLING, hostile, reason=hostile)).isprintable()


@given(st.integers(1, 32), st.integers(40, 300), st.integers(5, 100))
def test_all_bays_find_room_if_they_can(bays: int, width: int, height: int) -> None:
    columns, lines = layout(bays, width, height)

    assert columns * (NARROWEST + 2) <= max(width, NARROWEST + 2)
    assert SMALLEST <= lines <= FULL
    if -(-bays // (width // (NARROWEST + 2))) * (SMALLEST + 1) <= height:
        assert -(-bays // columns) * (lines + 1) <= height


def test_the_demo_only_makes_moves_that_a_dock_can_make_and_shows_all_of_them() -> None:
    board, seen = Board(Clock()), set()
    board_demo.show(board, 0.0)
    board.judge = strictly
    for second in range(2 * board_demo.ROUND):
        board_demo.show(board, float(second))
        seen |= {bay.status for bay in board.picture().bays}

    assert seen == set(Status)


def test_a_mirror_shows_what_it_was_told_and_remembers_what_a_bay_went_through() -> None:
    board, mirror = Board(Clock()), Mirror()
    for second in range(board_demo.ROUND):
        board_demo.show(board, float(second))
        for update in board.after(mirror.number, timedelta(0)):
            mirror.see(update)

    assert mirror.in_order() == list(board.picture().bays)
    assert set(mirror.alarms.values()) == set(board.picture().alarms)
    assert [bay.status for bay in mirror.past["6"]][-3:] == [Status.IDLE, Status.IDENTIFYING, Status.REFUSED]
    mirror.see(Change(999, Bay("6"), is_over=True))
    assert "6" not in mirror.bays
    mirror.see(Picture(7, (), ()))
    assert (mirror.bays, mirror.alarms, mirror.number) == ({}, {}, 7)


def test_who_needs_help() -> None:
    assert [bay.status for bay in (Bay("1", status) for status in Status) if needs_help(bay)] == [
        Status.REFUSED,
        Status.FAILED,
    ]
    assert needs_help(Bay("1", Status.CLEARED, is_fit=False))
    assert needs_help(Bay("1", Status.SAFE, problems=1))


def test_nothing_is_told_of_a_flow_that_is_not_known() -> None:
    assert flow_text(Bay("1", Status.READING)) == ""
