"""What lies over the board when it is asked for: everything about one bay, and the question before leaving."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from ingest.board import Bay, Status
from yihu.board_mirror import Mirror
from yihu.board_words import LOOKS, advice, bay_reason, fitness, flow_text, one_line
from yihu.language import either
from yihu.tui.tile import ink

_REDRAW = 0.5


class Details(ModalScreen[None]):
    """One bay: what it shows, and what it went through."""

    CSS = """
    Details { align: center middle; }
    Details VerticalScroll { width: 76; max-width: 100%; height: auto; max-height: 90%; border: round $primary; padding: 0 1;
        background: $surface; }
    Details Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter", "dismiss")]

    def __init__(self, mirror: Mirror, bay: str) -> None:
        super().__init__()
        self._mirror, self._bay = mirror, bay

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with VerticalScroll():
            yield Static(id="details")

    def on_mount(self) -> None:
        """Keep it true while it stands there."""
        self.draw()
        self.set_interval(_REDRAW, self.draw)

    def draw(self) -> None:
        """Draw what is known now."""
        past = list(self._mirror.past.get(self._bay, ()))
        self.query_one("#details", Static).update(details(self._mirror.bays.get(self._bay, Bay(self._bay)), past))


def details(bay: Bay, past: list[Bay]) -> Text:
    """Say everything about a bay; *past* is what it went through, the newest last."""
    look = LOOKS[bay.status]
    text = Text.assemble(
        (f"{either('接口', 'bay')} {one_line(bay.name)}   {look.symbol} {look.word}", f"bold {ink(bay)}"), "\n"
    )
    for (chinese, english), value in _facts(bay):
        if value:
            text.append(f"\n{either(chinese, english)}: ", "grey62").append(one_line(value))
    text.append(f"\n\n{either('经过', 'what happened')}", "bold")
    for then in reversed(past):
        moment = then.since.astimezone().strftime("%H:%M:%S") if then.since is not None else "--:--:--"
        said = "  ".join(one_line(part) for part in (then.camera, bay_reason(then)) if part)
        text.append(f"\n{moment} ", "grey62").append(f"{LOOKS[then.status].symbol} {LOOKS[then.status].word}", ink(then))
        text.append(f"  {said}")
    return text.append(either("\n\nEsc 返回", "\n\nEsc back"), "grey62")


def _facts(bay: Bay) -> list[tuple[tuple[str, str], str]]:
    counted = f"{bay.files_done}/{bay.files}" if bay.files else ""
    marks = [either("优先采集", "read first")] * bay.has_priority + [either("已锁定", "locked")] * bay.is_locked
    return [
        (("怎么办", "what to do"), advice(bay)),
        (("原因", "reason"), bay_reason(bay)),
        (("记录仪", "camera"), bay.camera),
        (("型号", "profile"), bay.profile),
        (("执法人员", "officer"), bay.officer),
        (("文件数", "files"), counted),
        (("当前文件", "file"), bay.file if bay.status is Status.READING else ""),
        (("进度", "progress"), flow_text(bay)),
        (("未能采集", "not taken in"), str(bay.problems) if bay.problems else ""),
        (("出勤", "duty"), fitness(bay)),
        (("设定", "set to"), "  ".join(marks)),
    ]


class Leaving(ModalScreen[bool]):
    """The question before leaving."""

    CSS = """
    Leaving { align: center middle; }
    Leaving Static { width: auto; max-width: 90%; border: heavy $error; padding: 1 2; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "leave"),
        Binding("n,escape", "stay"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Ask."""
        yield Static(Text(f"{self._question}\n\ny {either('是', 'yes')}    n {either('否', 'no')}"))

    def action_leave(self) -> None:
        """Yes."""
        self.dismiss(result=True)

    def action_stay(self) -> None:
        """No."""
        self.dismiss(result=False)
