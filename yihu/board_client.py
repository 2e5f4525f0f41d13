"""Following the board of a dock that runs elsewhere on this machine, over its socket (`yihu.board_stream`)."""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ingest.board import Picture, Update
from ingest.board_json import parsed
from storage.errors import EvidenceError, Refused, StorageUnavailable
from yihu.board_stream import HEARTBEAT, addressed

_LONGEST_LINE = 4 << 20
"""Bytes: a picture of a thousand bays."""


@dataclass(slots=True)
class BoardClient:
    """
    Follows the board; `after` answers as `Board.after` does. For one thread.

    It connects when it is asked and connects anew after it failed, going on where it was; a dock that was started anew, or that
    does not remember so far, answers with the whole picture.
    """

    path: Path
    heartbeat: timedelta = HEARTBEAT
    _connection: socket.socket | None = None
    _read: bytearray = field(default_factory=bytearray)
    _start: str = ""
    _number: int = -1
    """The last one that was given."""
    _heard: float = 0.0

    def after(self, number: int, patience: timedelta) -> tuple[Update, ...]:
        """
        Return what changed after change *number*, waiting for something no longer than *patience*.

        Raises `StorageUnavailable` where no dock answers or it fell silent, `Refused` where it is not ours to follow, and
        `EvidenceError` where what it says cannot be understood.
        """
        if number != self._number:
            self.close()
        try:
            updates = self._updates(self._connected(number), patience)
        except PermissionError as error:
            self.close()
            message = f"{self.path}: only the user of the dock may follow it, or its group (socket_mode)"
            raise Refused(message) from error
        except OSError as error:
            self.close()
            message = f"{self.path}: no dock answers: {error.strerror or error}"
            raise StorageUnavailable(message) from error
        except ValueError as error:
            self.close()
            message = f"{self.path}: {error}"
            raise EvidenceError(message) from error
        self._number = updates[-1].number if updates else number
        return updates

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._read.clear()

    def _connected(self, number: int) -> socket.socket:
        if self._connection is None:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.settimeout(self.heartbeat.total_seconds())
                with addressed(self.path) as address:
                    connection.connect(address)
                connection.sendall(json.dumps({"start": self._start, "after": number}).encode() + b"\n")
            except BaseException:
                connection.close()
                raise
            self._connection, self._heard = connection, time.monotonic()
        return self._connection

    def _updates(self, connection: socket.socket, patience: timedelta) -> tuple[Update, ...]:
        """Return what has come; wait until one update is whole."""
        until = time.monotonic() + patience.total_seconds()
        while not (updates := self._whole()):
            if not self._wait(connection, max(until - time.monotonic(), 0.0)):
                return ()
        return updates

    def _wait(self, connection: socket.socket, seconds: float) -> bool:
        """Take what comes within *seconds*, and say whether anything came."""
        connection.settimeout(seconds)
        with suppress(TimeoutError, BlockingIOError):
            piece = connection.recv(1 << 16)
            if not piece:
                message = "it hung up"
                raise ConnectionResetError(message)
            self._read += piece
            self._heard = time.monotonic()
            return True
        if time.monotonic() - self._heard > 3 * self.heartbeat.total_seconds():
            message = "it fell silent"
            raise ConnectionResetError(message)
        return False

    def _whole(self) -> tuple[Update, ...]:
        *lines, rest = bytes(self._read).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            message = "a line without an end"
            raise ValueError(message)
        self._read = bytearray(rest)
        updates = [update for update in map(parsed, (line.decode() for line in lines)) if update is not None]
        for update in updates:
            if isinstance(update, Picture):
                self._start = update.start
        return tuple(updates)
