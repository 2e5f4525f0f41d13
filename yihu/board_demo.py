"""
A board without a dock: eight bays that go through everything there is, so that people can see it (``yihu board --demo``).

A scene is a pure function of the second, so every second looks alike wherever it is shown. All names are made up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from ingest.board import Alarm, AlarmKind, Bay, Board, Status

BAYS = 8
ROUND = 90
"""Seconds after which everything begins anew."""

_BEAT = 0.5
_SIZE = 3_200_000_000
_FILES = 16
_READING = 40
"""Seconds that reading takes."""
_PEOPLE = ("张三", "李四", "王五", "赵六", "钱七", "孙八", "周九", "吴十")
_WAY = (
    (0, Status.IDLE),
    (4, Status.IDENTIFYING),
    (8, Status.READING),
    (8 + _READING, Status.PROVING),
    (56, Status.SAFE),
    (64, Status.CLEARING),
    (70, Status.CLEARED),
    (84, Status.IDLE),
)
"""From which second of its round a bay shows what."""

_RINGING = (
    (10, 70, Alarm(AlarmKind.SPOOL_FILLING, reason="83 %")),
    (25, 45, Alarm(AlarmKind.STORE_AWAY, reason="no-answer")),
)
"""From which second until which what rings."""


def scene(second: float) -> tuple[Bay, ...]:
    """Return what the bays show in that second."""
    return tuple(_bay(number, (second + 11 * number) % ROUND) for number in range(BAYS))


def alarms(second: float) -> tuple[Alarm, ...]:
    """Return what rings in that second."""
    return tuple(alarm for begin, end, alarm in _RINGING if begin <= second % ROUND < end)


def _bay(number: int, second: float) -> Bay:
    name = str(number + 1)
    since, status = max((since, status) for since, status in _WAY if since <= second)
    if status is Status.IDLE:
        return Bay(name, has_priority=number == 0)
    if number == 5 and second >= 8:  # noqa: PLR2004 - the sixth bay meets a stick
        return Bay(name, Status.REFUSED, camera="USB DISK", error="no-profile")
    camera, profile = f"DSJ-{4201 + number:04}", "generic-dcim" if number % 2 else "dsj"
    if number == 6 and second >= 30:  # noqa: PLR2004 - the seventh is pulled
        return Bay(name, Status.FAILED, camera=camera, officer=_PEOPLE[number], error="pulled-early")
    if status is Status.IDENTIFYING:
        return Bay(name, status, camera=camera)
    read = min(max((second - 8) / _READING, 0.0), 1.0)
    shown = Bay(name, status, None, camera, profile, _PEOPLE[number], size=_SIZE, done=int(_SIZE * read), files=_FILES)
    return _with_file(shown, second - since) if status is Status.READING else _with_end(shown, number)


def _with_file(bay: Bay, second: float) -> Bay:
    size = _SIZE // _FILES
    whole, part = divmod(bay.done, size)
    left = timedelta(seconds=round(_READING - second)) if second >= 3 else None  # noqa: PLR2004 - as a meter does
    rate = _SIZE // _READING if left is not None else 0
    name = f"20261121{14 + whole // 12:02}{whole % 12 * 5:02}00.MP4"
    return replace(bay, file=name, file_size=size, file_done=part, files_done=whole, rate=rate, left=left)


def _with_end(bay: Bay, number: int) -> Bay:
    ended = replace(bay, files_done=_FILES, done=_SIZE)
    if bay.status is not Status.CLEARED:
        return ended
    return replace(ended, is_fit=number != 3, unfit=("unfit-battery",) if number == 3 else ())  # noqa: PLR2004 - the fourth is low


@contextmanager
def playing(board: Board) -> Iterator[None]:
    """Play the scene on *board* while inside."""
    stop = threading.Event()
    thread = threading.Thread(target=_play, args=(board, stop), name="demo-board", daemon=True)
    show(board, 0.0)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _play(board: Board, stop: threading.Event) -> None:
    beat = 0
    while not stop.wait(_BEAT):
        beat += 1
        show(board, beat * _BEAT)


def show(board: Board, second: float) -> None:
    """Show the scene of that second."""
    for bay in scene(second):
        board.show(bay)
    ringing = alarms(second)
    for alarm in ringing:
        board.ring(alarm.kind, alarm.about, alarm.reason)
    for old in board.picture().alarms:
        if (old.kind, old.about) not in {(alarm.kind, alarm.about) for alarm in ringing}:
            board.hush(old.kind, old.about)
