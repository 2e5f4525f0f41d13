"""
The board on a terminal: a tile for every bay, alarms above, details on demand.

One thread follows the board and leaves what it heard; the screen looks four times a second what is new and draws only that. The
same screen stands before the board of this program and before that of a dock that runs elsewhere.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, VerticalScroll
from textual.events import Resize
from textual.widget import Widget
from textual.widgets import Static

from ingest.board import Alarm, Bay, Update
from storage.errors import YihuError
from yihu.board_mirror import Follow, Mirror, is_busy, needs_help
from yihu.board_words import alarm_line
from yihu.language import either, explained, is_chinese
from yihu.tui.screens import Details, Leaving
from yihu.tui.tile import layout, tile

_PATIENCE = timedelta(seconds=0.5)
_RETRY = 1.0
"""Seconds after which a dock that does not answer is asked again."""
_DRAW = 0.25
_ALARM_LINES = 3
_BLINK = 5.0
"""Seconds for which the alarms blink when there is a new one."""

_FILTERS: tuple[tuple[str, str, Callable[[Bay], bool]], ...] = (
    ("全部接口", "all bays", lambda _: True),
    ("使用中", "in use", is_busy),
    ("需处理", "need help", needs_help),
)


class Tile(Widget, can_focus=True):
    """A bay."""

    def __init__(self, bay: Bay) -> None:
        super().__init__()
        self.bay = bay

    def show(self, bay: Bay) -> None:
        """Show *bay* from now on."""
        if bay != self.bay:
            self.bay = bay
            self.refresh()

    def render(self) -> Text:
        """Draw it as large as it is."""
        return tile(self.bay, self.size.width, self.size.height)


class BoardApp(App[None]):
    """The screen. *leaving* is what a person is asked before it ends; nothing is asked where it is empty."""

    CSS = """
    #top { height: 1; background: $panel; }
    #alarms { height: auto; max-height: 3; background: darkred; color: white; text-style: bold; }
    #alarms.quiet { display: none; }
    #bays { height: 1fr; }
    #grid { grid-gutter: 1 2; height: auto; padding: 0 1; }
    #nothing { height: 1fr; content-align: center middle; color: $text-muted; }
    #keys { height: 1; background: $panel; color: $text-muted; }
    Tile:focus { background: $primary-muted; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+c,ctrl+q", "leave", priority=True),
        Binding("l", "language"),
        Binding("f", "filter"),
        Binding("enter", "details"),
        Binding("right", "app.focus_next"),
        Binding("left", "app.focus_previous"),
        Binding("down", "row(1)"),
        Binding("up", "row(-1)"),
    ]

    def __init__(self, follow: Follow, *, leaving: str = "") -> None:
        super().__init__()
        self._follow, self._leaving = follow, leaving
        self.mirror = Mirror()
        self._heard: deque[Update] = deque()
        self._trouble: YihuError | None = None
        self._rung: set[Alarm] = set()
        self._filter = 0
        self._columns = 1
        self._ended = threading.Event()
        self._said: dict[str, Text] = {}
        self._blink_until = 0.0

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Static(id="top")
        yield Static(id="alarms", classes="quiet", markup=False)
        yield Static(id="nothing")
        with VerticalScroll(id="bays", can_focus=False):
            yield Grid(id="grid")
        yield Static(id="keys")

    def on_mount(self) -> None:
        """Begin to follow and to draw."""
        self.set_interval(_DRAW, self.draw)
        self.run_worker(self._listen, thread=True, exit_on_error=True)

    def on_unmount(self) -> None:
        """Let the thread that follows end."""
        self._ended.set()

    def _listen(self) -> None:
        """Follow the board; a dock that is away is asked again, however long it takes."""
        number = -1
        while not self._ended.is_set():
            try:
                updates = self._follow(number, _PATIENCE)
            except YihuError as error:
                self._trouble = error
                self._ended.wait(_RETRY)
                continue
            self._trouble = None
            self._heard.extend(updates)
            if updates:
                number = updates[-1].number

    async def draw(self) -> None:
        """Take in what was heard and draw what is new."""
        while self._heard:
            self.mirror.see(self._heard.popleft())
        self._draw_frame()
        await self._draw_bays()

    def shown(self) -> list[Bay]:
        """Return the bays that the filter leaves."""
        return [bay for bay in self.mirror.in_order() if _FILTERS[self._filter][2](bay)]

    def _draw_frame(self) -> None:
        self._say("#top", Text(f" {self._heading()}"))
        keys = either(
            "q 退出  l English  f 筛选  ←↑↓→ 选择  Enter 详情", "q quit  l 中文  f filter  arrows choose  Enter details"
        )
        self._say("#keys", Text(f" {keys}"))
        self._draw_alarms()

    def _say(self, where: str, text: Text) -> None:
        """Show *text* there, if it is another one: what is laid out anew four times a second flickers."""
        if self._said.get(where) != text:
            self._said[where] = text
            self.query_one(where, Static).update(text)

    def _heading(self) -> str:
        bays, busy = len(self.mirror.bays), sum(map(is_busy, self.mirror.bays.values()))
        counted = either(f"接口 {bays}，使用中 {busy}", f"{bays} bays, {busy} in use")
        chosen = either("显示: ", "showing: ") + either(*_FILTERS[self._filter][:2])
        return "   ".join((either("一户 采集站", "Yihu dock"), counted, chosen))

    def _draw_alarms(self) -> None:
        alarms = set(self.mirror.alarms.values())
        fresh = {(alarm.kind, alarm.about) for alarm in alarms} - {(alarm.kind, alarm.about) for alarm in self._rung}
        if fresh:
            self.bell()
            self._blink_until = time.monotonic() + _BLINK
        self._rung = alarms
        lines = [f" {alarm_line(alarm)}" for alarm in self.mirror.alarms.values()]
        if self._trouble is not None:
            unseen = either("看不到采集站，以下可能已过时", "the dock is not seen; what stands below may be old")
            lines.insert(0, f" ! {unseen}: {explained(self._trouble)}")
        if len(lines) > _ALARM_LINES:
            more = len(lines) - _ALARM_LINES + 1
            lines = [*lines[: _ALARM_LINES - 1], either(f" ! 另有 {more} 个告警", f" ! and {more} more alarms")]
        self.query_one("#alarms").set_class(not lines, "quiet")
        style = "blink" if time.monotonic() < self._blink_until else ""
        self._say("#alarms", Text.assemble(("\n".join(lines), style)))

    async def _draw_bays(self) -> None:
        shown, grid = self.shown(), self.query_one("#grid", Grid)
        tiles = list(grid.query(Tile))
        for there, bay in zip(tiles, shown, strict=False):
            there.show(bay)
        if len(tiles) > len(shown):
            await grid.remove_children(tiles[len(shown) :])
        if len(shown) > len(tiles):
            await grid.mount_all([Tile(bay) for bay in shown[len(tiles) :]])
        self.query_one("#nothing").display = not shown
        self.query_one("#bays").display = bool(shown)
        self._say("#nothing", Text(either("没有可显示的接口", "there is no bay to show")))
        self._arrange(len(shown))
        if self.focused is None and shown and self.screen is self.screen_stack[0]:
            grid.query(Tile).first().focus()

    def _arrange(self, bays: int) -> None:
        grid, room = self.query_one("#grid", Grid), self.query_one("#bays").size
        alarms = self.query_one("#alarms")
        height = room.height or self.size.height - 2 - (alarms.size.height if alarms.display else 0)
        self._columns, lines = layout(max(bays, 1), (room.width or self.size.width) - 2, height)
        grid.styles.grid_size_columns = self._columns
        grid.styles.grid_rows = str(lines)

    def on_resize(self, _event: Resize) -> None:
        """Arrange the bays anew."""
        self.call_after_refresh(self.draw)

    def action_row(self, rows: int) -> None:
        """Go to the bay above or below."""
        tiles = list(self.query(Tile))
        if isinstance(self.focused, Tile) and self.focused in tiles:
            wanted = tiles.index(self.focused) + rows * self._columns
            if 0 <= wanted < len(tiles):
                tiles[wanted].focus()

    def action_language(self) -> None:
        """Say everything in the other language."""
        os.environ["YIHU_LANG"] = "en" if is_chinese() else "zh"
        self.query(Tile).refresh()
        self.call_after_refresh(self.draw)

    def action_filter(self) -> None:
        """Show all bays, those in use, those that need help."""
        self._filter = (self._filter + 1) % len(_FILTERS)
        self.call_after_refresh(self.draw)

    def action_details(self) -> None:
        """Say everything about the bay that is chosen."""
        if isinstance(self.focused, Tile):
            self.push_screen(Details(self.mirror, self.focused.bay.name))

    def action_leave(self) -> None:
        """End, or ask before."""
        if not self._leaving:
            self.exit()
        elif not isinstance(self.screen, Leaving):
            self.push_screen(Leaving(self._leaving), lambda leaves: self.exit() if leaves else None)


def run_tui(follow: Follow, *, leaving: str = "") -> None:
    """Show the board until the person leaves; *follow* is `Board.after` or `BoardClient.after`, *leaving* a question to ask."""
    BoardApp(follow, leaving=leaving).run(mouse=False)
