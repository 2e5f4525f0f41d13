"""``yihu dock`` without a folder: the docks of this host, shown while they run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from storage.errors import Stopping
from yihu.language import either

if TYPE_CHECKING:
    from ingest.board import Board, Update
    from yihu.dock_program import DockProgram
    from yihu.wiring import Office

_PATIENCE = timedelta(milliseconds=500)


def run_docks(office: Office, *, tui: bool, as_json: bool) -> None:
    """Run the docks of *office* until they are stopped; what went wrong with them as a whole is raised."""
    from yihu.dock_program import dock_program
    from yihu.founding import started

    if tui and as_json:
        message = either("--tui 与 --json 只能选一个", "either --tui or --json")
        raise typer.BadParameter(message)
    started(office)
    stop = threading.Event()
    program = dock_program(office, stop)
    with _stopped_by_signals(stop):
        if tui:
            _fill_terminal(program, stop)
            return
        with _printed(program.board, stop, as_json=as_json):
            program.run()


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Let SIGTERM and Ctrl-C ask for the end instead of cutting off what is being recorded."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _printed(board: Board, stop: threading.Event, *, as_json: bool) -> Iterator[None]:
    thread = threading.Thread(target=_print, args=(board, stop, as_json), name="printed")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _print(board: Board, stop: threading.Event, as_json: bool) -> None:
    from ingest.board_json import line
    from yihu.cli.board import told_lines

    number = -1
    while True:
        is_last = stop.is_set()
        for update in board.after(number, _PATIENCE):
            number = update.number
            print("\n".join([line(update)] if as_json else told_lines(update)), flush=True)
        if is_last:
            return


@dataclass(slots=True)
class _Beside:
    """The docks in a thread of their own: a terminal is filled from the main one."""

    program: DockProgram
    error: BaseException | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        try:
            self.program.run()
        except BaseException as error:  # noqa: BLE001 - raised by the main thread, once the terminal is as it was
            self.error = error
        finally:
            self.ended.set()

    def after(self, number: int, patience: timedelta) -> tuple[Update, ...]:
        if self.ended.is_set():
            message = "the docks of this host"
            raise Stopping(message)
        return self.program.board.after(number, patience)


def _fill_terminal(program: DockProgram, stop: threading.Event) -> None:
    from yihu.tui.app import run_tui

    beside = _Beside(program)
    thread = threading.Thread(target=beside.run, name="docks")
    thread.start()
    try:
        run_tui(beside.after, leaving=either("停止采集站？", "stop the dock?"))
    finally:
        stop.set()
        thread.join()
    if beside.error is not None:
        raise beside.error
