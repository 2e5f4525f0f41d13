"""
The board of a running dock as a stream: a Unix socket whose every line is JSON (`ingest.board_json`), and ``yihu dock --json``.

Whoever connects may first say what was seen last, in one line: ``{"start": "…", "after": N}``; what came since is sent then, or
the whole picture where that is not known any more, or where nothing was said. Each follower has a thread of its own and is
dropped when it does not read, so nobody who watches can hold the dock up.

What is sent names people and files: the socket is for the user of the dock alone, or for its group (``[board] socket_mode``).
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ingest.board import Board
from ingest.board_json import heartbeat, line
from storage import durable
from storage.errors import EvidenceError, StorageUnavailable

HEARTBEAT = timedelta(seconds=10)
"""How long nothing may be sent; whoever hears nothing for three of them should connect anew."""

_MOST_FOLLOWERS = 32
_ASKED_WITHIN = 0.25
"""Seconds a new follower has for saying where to go on."""
_PATIENCE = timedelta(seconds=0.5)
"""How long it takes at most to stop."""
_SLOWEST = 5.0
"""Seconds within which a follower must take what it is sent."""
_LONGEST_ASK = 1024


@dataclass(slots=True)
class BoardStream:
    """Serves one board on one socket; `serving_board` opens and ends it."""

    board: Board
    listening: socket.socket
    heartbeat: timedelta = HEARTBEAT
    slowest: float = _SLOWEST
    stop: threading.Event = field(default_factory=threading.Event)
    _followers: set[threading.Thread] = field(default_factory=set)

    def run(self) -> None:
        """Take followers until it is stopped."""
        self.listening.settimeout(_PATIENCE.total_seconds())
        while not self.stop.is_set():
            try:
                connection, _ = self.listening.accept()
            except TimeoutError:
                continue
            except OSError:  # out of descriptors, say: those who follow go on, and whoever comes later gets in
                self.stop.wait(_PATIENCE.total_seconds())
                continue
            self._followers = {thread for thread in self._followers if thread.is_alive()}
            if len(self._followers) >= _MOST_FOLLOWERS:
                connection.close()
                continue
            thread = threading.Thread(target=self._follow, args=(connection,), name="board-follower", daemon=True)
            self._followers.add(thread)
            thread.start()
        for thread in self._followers:
            thread.join(self.slowest)

    def _follow(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):  # it went away or did not read; what it missed it can ask for again
            number = _asked(connection, self.board.picture().start)
            connection.settimeout(self.slowest)
            for text in lines(self.board, self.stop, after=number, pause=self.heartbeat):
                connection.sendall(text.encode() + b"\n")


def lines(board: Board, stop: threading.Event, *, after: int = -1, pause: timedelta = HEARTBEAT) -> Iterator[str]:
    """Yield every update after number *after* as a line, and a heartbeat after every *pause* without one, until *stop*."""
    last = time.monotonic()
    while not stop.is_set():
        for update in board.after(after, min(_PATIENCE, pause)):
            after, last = update.number, time.monotonic()
            yield line(update)
        if time.monotonic() - last >= pause.total_seconds():
            last = time.monotonic()
            yield heartbeat(after)


def _asked(connection: socket.socket, start: str) -> int:
    """Return after which number a follower wants to go on; -1, the whole picture, unless it says so and means this start."""
    connection.settimeout(_ASKED_WITHIN)
    text = b""
    try:
        while b"\n" not in text and len(text) < _LONGEST_ASK:
            piece = connection.recv(_LONGEST_ASK)
            if not piece:
                break
            text += piece
        asked = json.loads(text)
        return int(asked["after"]) if asked["start"] == start else -1
    except (TimeoutError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return -1


@contextmanager
def serving_board(
    board: Board, path: Path, *, mode: int = 0o600, heartbeat: timedelta = HEARTBEAT, slowest: float = _SLOWEST
) -> Iterator[None]:
    """
    Serve *board* on the socket *path* while inside.

    A socket that is left from a dock that died is replaced. Raises `StorageUnavailable` where somebody answers on it or it
    cannot be made, `EvidenceError` where *path* is something else.
    """
    try:
        durable.make_directory(path.parent, 0o750 if mode & 0o070 else durable.PRIVATE_DIRECTORY)
        _make_way(path)
        listening = _listening(path, mode)
    except OSError as error:
        message = f"{path}: the board cannot be served: {error.strerror or error}"
        raise StorageUnavailable(message) from error
    ours = path.stat().st_ino
    stream = BoardStream(board, listening, heartbeat, slowest)
    thread = threading.Thread(target=stream.run, name="board-stream", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stream.stop.set()
        thread.join()
        listening.close()
        with suppress(FileNotFoundError):
            if path.stat().st_ino == ours:
                path.unlink()


def _listening(path: Path, mode: int) -> socket.socket:
    """Listen on *path*: first under a name of our own, so that nobody sees a socket with other rights or without a listener."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    try:
        with addressed(new) as address:
            listening.bind(address)
        new.chmod(mode)
        listening.listen(_MOST_FOLLOWERS)
        new.replace(path)
    except BaseException:
        listening.close()
        raise
    return listening


def _make_way(path: Path) -> None:
    """Make sure that *path* is free or a socket on which nobody answers."""
    if not os.path.lexists(path):
        return
    if not path.is_socket():
        message = f"{path}: expected a socket or nothing, found something else"
        raise EvidenceError(message)
    with socket.socket(socket.AF_UNIX) as trying, addressed(path) as address:
        trying.settimeout(_SLOWEST)
        try:
            trying.connect(address)
        except (ConnectionRefusedError, FileNotFoundError):
            return
    message = f"{path}: another dock answers there"
    raise StorageUnavailable(message)


@contextmanager
def addressed(path: Path) -> Iterator[str]:
    """Give an address of *path* that is short enough for a socket, however deep it lies."""
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
