"""The board on a terminal: what people read, at the size they have, with the keys they press."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from ingest.board import AlarmKind, Bay, Board, Status, Update
from storage.errors import StorageUnavailable
from tests.api.small_office import Clock
from yihu import board_demo
from yihu.board_mirror import Follow
from yihu.tui.app import BoardApp, Tile
from yihu.tui.screens import Details, Leaving

SMALL, LARGE = (80, 24), (160, 50)
Act = Callable[[BoardApp, Pilot[None]], Awaitable[None]]


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIHU_LANG", "zh")


@pytest.fixture
def board() -> Board:
    """The demo in its 60th second: a bay in nearly every status."""
    board = Board(Clock())
    for second in range(61):
        board_demo.show(board, float(second))
    return board


def on_screen(app: BoardApp) -> str:
    """Return the text of the whole screen, as it is drawn."""
    screen = app.screen
    return "\n".join("".join(segment.text for segment in strip) for strip in screen._compositor.render_strips())


def shown(follow: Follow, act: Act, *, size: tuple[int, int] = SMALL, leaving: str = "") -> None:
    """Show a board and act on it."""

    async def run() -> None:
        app = BoardApp(follow, leaving=leaving)
        async with app.run_test(size=size) as pilot:
            await heard(app, pilot)
            await act(app, pilot)

    asyncio.run(run())


def has_ended(app: BoardApp) -> bool:
    """Say whether the screen is about to close."""
    return app._exit


def is_over_it(app: BoardApp, screen: type[Screen[Any]]) -> bool:
    """Say whether such a screen lies over the board."""
    return isinstance(app.screen, screen)


async def sees(app: BoardApp, pilot: Pilot[None], text: str) -> None:
    """Wait until *text* stands on the screen."""
    for _ in range(300):
        if text in on_screen(app):
            return
        await pilot.pause(0.01)
    assert text in on_screen(app)


async def heard(app: BoardApp, pilot: Pilot[None]) -> None:
    """Wait until the app drew what there was to hear."""
    for _ in range(200):
        await pilot.pause(0.01)
        if app.mirror.number >= 0 or app._trouble is not None:
            break
    await app.draw()
    await pilot.pause()


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
def test_every_bay_is_seen_with_its_word_and_its_symbol(board: Board, size: tuple[int, int]) -> None:
    async def act(app: BoardApp, pilot: Pilot[None]) -> None:
        await sees(app, pilot, "! 暂存盘快满: 83 %")
        text = on_screen(app)
        for words in ("✓ 可以取下", "✔ 已清除", "- 空闲", "» 采集中", "⊘ 已拒绝", "✘ 失败"):
            assert words in text
        assert "DSJ-4205  钱七" in text
        assert "剩 35 秒" in text
        assert "480 MB/3.2 GB" in text
        assert "80.0 MB/s" in text
        assert "20261121141000.MP4" in text
        assert "取下过早，请重新插入" in text
        assert "! 暂存盘快满: 83 %" in text
        assert "q 退出" in text

    shown(board.after, act, size=size)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
def test_thirty_two_bays_are_told_apart(size: tuple[int, int]) -> None:
    board = Board(Clock())
    for number in range(1, 33):
        board.show(Bay(str(number), Status.READING, camera=f"CAM-{number:02}", size=100, done=50))

    async def act(app: BoardApp, pilot: Pilot[None]) -> None:
        assert len(app.query(Tile)) == 32
        assert app.query(Tile).first().size.height >= 2
        if size == LARGE:
            await sees(app, pilot, "CAM-32")
            assert all(f"CAM-{number:02}" in on_screen(app) for number in range(1, 33))
        else:
            await pilot.press(*["down"] * 11)
            await sees(app, pilot, "CAM-31")

    shown(board.after, act, size=size)


def test_a_screen_that_changes_its_size_shows_the_same_bays(board: Board) -> None:
    async def act(app: BoardApp, pilot: Pilot[None]) -> None:
        wide = app.query(Tile).first().size.width
        await pilot.resize_terminal(*LARGE)
        await app.draw()
        await pilot.pause()
        assert app.query(Tile).first().size.width != wide
        await pilot.resize_terminal(*SMALL)
        await app.draw()
        await pilot.pause()
        assert app.query(Tile).first().size.width == wide
        await sees(app, pilot, "钱七")

    shown(board.after, act)


def test_the_language_is_changed_while_it_stands_there(board: Board) -> None:
    async def act(app: BoardApp, pilot: Pilot[None]) -> None:
        await pilot.press("l")
        await app.draw()
        await pilot.pause()
        await sees(app, pilot, "✓ safe to remove")
        text = on_screen(app)
        assert "q quit" in text
        await pilot.press("l")
        await app.draw()
        await pilot.pause()
        await sees(app, pilot, "✓ 可以取下")

    shown(board.after, act)


def test_the_filter_leaves_what_is_in_use_and_then_what_needs_help(board: Board) -> None:
    async def act(app: BoardApp, pilot: Pilot[None]) -> None:
        await pilot.press("f")
        await app.draw()
        assert Status.IDLE not in {tile.bay.status for tile in app.query(Tile)}
        await pilot.press("f")
        await app.draw()
        assert {tile.bay.status for tile in app.query(Tile)} == {Status.REFUSED, Status.FAILED}
        await pilot.press("f")
        await app.draw()
        assert len(app.query(Tile)) == board_demo.BAYS

    shown(board.after, act, size=LARGE)


def test_a_bay_tells_everything_when_it_is_asked(board: Board) -> None:
    async def act(app: BoardApp, pilot: Pilot[None]) -> None:
        board.show(Bay("1", Status.IDLE))
        board.show(Bay("1", Status.IDENTIFYING, camera="DSJ-9999"))
        for _ in range(200):
            await pilot.pause(0.01)
            if app.mirror.bays["1"].camera == "DSJ-9999":
                break
        await pilot.press("enter")
        await pilot.pause()
        assert is_over_it(app, Details)
        await sees(app, pilot, "记录仪: DSJ-9999")
        text = on_screen(app)
        assert "经过" in text
        assert "- 空闲" in text
        await pilot.press("escape")
        assert not is_over_it(app, Details)

    shown(board.after, act)


def test_a_dock_in_the_same_program_is_not_stopped_by_a_slip_of_the_finger(board: Board) -> None:
    async def act(app: BoardApp, pilot: Pilot[None]) -> None:
        await pilot.press("q")
        assert is_over_it(app, Leaving)
        await sees(app, pilot, "停止采集站？")
        await pilot.press("q", "n")
        assert not is_over_it(app, Leaving)
        assert not has_ended(app)
        await pilot.press("ctrl+c", "y")
        assert has_ended(app)

    shown(board.after, act, leaving="停止采集站？")


def test_a_board_that_is_only_looked_at_is_left_at_once(board: Board) -> None:
    async def act(app: BoardApp, pilot: Pilot[None]) -> None:
        await pilot.press("q")
        assert has_ended(app)

    shown(board.after, act)


def test_the_bell_rings_once_for_an_alarm(board: Board) -> None:
    rung: list[None] = []

    async def act(app: BoardApp, pilot: Pilot[None]) -> None:
        app.bell = lambda: rung.append(None)  # type: ignore[method-assign]
        board.ring(AlarmKind.DOCK_LOST, "A")
        for _ in range(200):
            await pilot.pause(0.01)
            if rung:
                break
        board.ring(AlarmKind.DOCK_LOST, "A", "still")
        for _ in range(200):
            await pilot.pause(0.01)
            if "still" in on_screen(app):
                break
        await app.draw()
        await sees(app, pilot, "! 采集站断开 A: still")
        assert rung == [None]

    shown(board.after, act)


def test_more_alarms_than_there_is_room_for_are_counted(board: Board) -> None:
    for number in range(9):
        board.ring(AlarmKind.CAMERA_FILLING, str(number))

    async def act(app: BoardApp, pilot: Pilot[None]) -> None:
        await sees(app, pilot, "! 另有 8 个告警")

    shown(board.after, act)


def test_a_dock_that_is_not_seen_is_said_and_what_was_seen_stays(board: Board) -> None:
    told = [board.picture()]

    def follow(_number: int, _patience: timedelta) -> tuple[Update, ...]:
        if told:
            return (told.pop(),)
        message = "no dock answers"
        raise StorageUnavailable(message)

    async def act(app: BoardApp, pilot: Pilot[None]) -> None:
        for _ in range(200):
            await pilot.pause(0.01)
            if app._trouble is not None:
                break
        await app.draw()
        await pilot.pause()
        await sees(app, pilot, "看不到采集站，以下可能已过时")
        text = on_screen(app)
        assert "✓ 可以取下" in text

    shown(follow, act)


def test_where_there_is_no_bay_that_is_said() -> None:
    async def act(app: BoardApp, pilot: Pilot[None]) -> None:
        await sees(app, pilot, "没有可显示的接口")
        assert not app.query_one("#alarms", Static).display

    shown(Board(Clock()).after, act)


def test_what_a_camera_calls_itself_is_no_markup() -> None:
    board = Board(Clock())
    board.show(Bay("1", Status.FAILED, camera="[red]x[/]", reason="[/]\x1b[2J"))
    board.ring(AlarmKind.CAMERA_FILLING, "[bold]y[/]")

    async def act(app: BoardApp, pilot: Pilot[None]) -> None:
        await sees(app, pilot, "[red]x[/]")
        await sees(app, pilot, "[bold]y[/]")
        text = on_screen(app)
        assert "\x1b" not in text

    shown(board.after, act)
