"""A bay as a block of text: exactly as wide and as high as there is room, whatever a camera calls itself. Pure."""

from __future__ import annotations

import textwrap

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.text import Text

from ingest.board import Bay, Status
from yihu.board_words import LOOKS, advice, amount_text, bay_reason, fitness, left_text, one_line, rate_text
from yihu.language import either

FULL = 7
"""Lines of a bay where everything finds room."""
ROOMY = 5
"""Lines from which on a reason may take two of them."""
SMALLEST = 2
NARROWEST = 24

_INK = {
    "white": "grey70",
    "cyan": "cyan",
    "blue": "dodger_blue1",
    "magenta": "orchid",
    "green": "green3",
    "yellow": "yellow3",
    "red": "red1",
}
_LOUD = frozenset({Status.SAFE, Status.CLEARED, Status.REFUSED, Status.FAILED})
"""What should be seen from the door: written on its colour."""


def ink(bay: Bay) -> str:
    """Return the colour of a bay on a terminal."""
    return _INK[LOOKS[bay.status].colour]


def tile(bay: Bay, width: int, height: int) -> Text:
    """Return a bay in *height* lines of *width* cells; with less room, what matters least is left out."""
    lines = [_head(bay, width), *(_fitted(text, width, style) for text, style in _body(bay, width, height))]
    lines = (lines + [Text(" " * width)] * height)[:height]
    return Text("\n").join(lines)


def _head(bay: Bay, width: int) -> Text:
    look = LOOKS[bay.status]
    marks = "".join(mark for mark, is_so in (("*", bay.has_priority), ("#", bay.is_locked)) if is_so)
    name = f" {one_line(bay.name)}{marks} "
    style = f"black on {ink(bay)} bold" if bay.status in _LOUD else f"{ink(bay)} bold reverse"
    if bay.status is Status.IDLE:
        style = ink(bay)
    word = f" {look.symbol} {look.word}"
    share = f"{_percent(bay)} " if bay.status is Status.READING and bay.size else ""
    wide = width - cell_len(name)
    return Text.assemble(
        (name, "bold"), (set_cell_size(word, max(wide - len(share), 0)) + share if wide > len(share) else "", style)
    )


def _body(bay: Bay, width: int, height: int) -> list[tuple[str, str]]:
    """Return the lines below the head, the most important first where there is little room."""
    if bay.status is Status.IDLE:
        return [(_marks(bay), "grey62")]
    who = "  ".join(part for part in (bay.camera, bay.officer) if part)
    trouble = [(text, f"bold {ink(bay)}") for text in _wrapped(bay_reason(bay), width, lines=2 if height >= ROOMY else 1)]
    fit = [(text, "bold green3" if bay.is_fit else "bold red1") for text in (fitness(bay),) if text]
    left = [(_problems(bay), "bold red1")] if bay.problems else []
    what_to_do = advice(bay)
    if bay.status is not Status.READING:
        profile = [(bay.profile, "grey62")] if bay.profile and height >= FULL else []
        return [(who, ""), *trouble, *fit, *left, (what_to_do, f"{ink(bay)}"), *profile]
    if height <= SMALLEST:
        return [("  ".join(part for part in (bay.camera, left_text(bay.left)) if part), "")]
    pace = "  ".join(part for part in (left_text(bay.left), rate_text(bay)) if part)
    flow = [(text, "") for text in (pace, _amount(bay), bay.file)]
    return [(who, ""), (_bar(bay, width), ink(bay)), *left, *flow, (what_to_do, ink(bay))]


def _amount(bay: Bay) -> str:
    counted = f"{bay.files_done}/{bay.files}" if bay.files else ""
    return "  ".join(part for part in (amount_text(bay), counted) if part)


def _wrapped(text: str, width: int, *, lines: int) -> list[str]:
    """Break a reason where there is room for more than a line; Chinese may be broken anywhere."""
    clean = one_line(text)
    pieces = textwrap.wrap(clean, width) if clean.isascii() else chop_cells(clean, width)
    return pieces if len(pieces) <= lines else [*pieces[: lines - 1], "".join(pieces[lines - 1 :])]


def _problems(bay: Bay) -> str:
    return either(f"{bay.problems} 个文件未能采集", f"{bay.problems} files not taken in")


def _marks(bay: Bay) -> str:
    texts = [either("优先采集", "read first")] if bay.has_priority else []
    texts += [either("已锁定", "locked")] if bay.is_locked else []
    return "  ".join(texts)


def _percent(bay: Bay) -> str:
    return f"{min(bay.done * 100 // bay.size, 100)} %" if bay.size else ""


def _bar(bay: Bay, width: int) -> str:
    share = min(bay.done / bay.size, 1.0) if bay.size else 0.0
    full = int(share * width)
    return "━" * full + "─" * (width - full)


def _fitted(text: str, width: int, style: str) -> Text:
    clean = one_line(text)
    if cell_len(clean) > width:
        clean = set_cell_size(clean, max(width - 1, 0)).rstrip() + "…"
    return Text(set_cell_size(clean, width), style)


def layout(bays: int, width: int, height: int) -> tuple[int, int]:
    """Return columns and lines of each bay so that all of them are seen, if that is possible at all."""
    most = max(width // (NARROWEST + 2), 1)
    for lines in range(FULL, SMALLEST - 1, -1):
        for columns in range(1, most + 1):
            rows = -(-bays // columns)
            is_wide = width // columns > 2 * NARROWEST and columns < min(most, bays)
            if rows * (lines + 1) <= height and not is_wide:
                return columns, lines
    return most, SMALLEST
