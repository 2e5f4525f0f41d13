"""
The rollback lock: one small cell, on other storage than the database, that holds the newest signed checkpoint.

A database that is put back from yesterday's backup is whole and consistent, and would sign yesterday's numbers again for other
entries. So would a second copy of the machine. One thing tells them from the rightful log: what was signed last. So the
log writes every checkpoint here before anybody else sees it, and only if what was here before is what it expected (compare and
swap); `storage.ledger.log` signs nothing that does not extend what stands here. The idea is the "lock backend" of the
certificate log Sunlight.

**Trust**: the cell is trusted not to go back. Whoever can put back the database *and* the cell can sign another history; only a
witness under another administrator sees that. So the cell belongs on another disk, better on another machine, and not into the
backup from which the database is put back.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from storage import durable
from storage.errors import LedgerError, StaleState
from storage.folder_files import within_reach

__all__ = ["Cell", "FileCell"]

_LARGEST = 65_536
"""Bytes; a checkpoint has a few hundred."""


class Cell(Protocol):
    """
    One text that changes only in the hand of whoever knows what it is now. Safe for several processes at once.

    Raises `StorageUnavailable` while it cannot be reached. Whoever gets that from `replace` does not know whether it happened
    and reads again.
    """

    def read(self) -> str | None:
        """Return the text, as everybody else sees it; None where nothing was ever put."""
        ...

    def create(self, text: str) -> None:
        """Put the first text, durably before returning; `StaleState` if there is one."""
        ...

    def replace(self, old: str, new: str) -> None:
        """Put *new* where *old* stands, durably before returning; `StaleState`, and no change, where something else does."""
        ...


class FileCell:
    """
    A cell in a file: atomic rename, flock, fsync of file and directory.

    The directory must be there (a disk that is not mounted must not look like a cell that was never made). On a network file
    system the lock is only as good as its flock: NFS from version 4 on.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path

    def __str__(self) -> str:
        return str(self._path)

    def read(self) -> str | None:
        """Return what the file holds."""
        with within_reach(f"cell {self._path}"):
            return self._read()

    def create(self, text: str) -> None:
        """Put the first text."""
        with self._alone():
            if self._read() is not None:
                message = f"cell {self._path}: it holds something already"
                raise StaleState(message)
            durable.replace(self._path, text.encode())

    def replace(self, old: str, new: str) -> None:
        """Compare and swap."""
        with self._alone():
            if self._read() != old:
                message = f"cell {self._path}: it does not hold what was expected; somebody else has signed"
                raise StaleState(message)
            durable.replace(self._path, new.encode())

    def _read(self) -> str | None:
        try:
            with self._path.open("rb") as file:
                raw = file.read(_LARGEST + 1)
        except FileNotFoundError:
            if not self._path.parent.is_dir():
                raise
            return None
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = ""
        if not text or len(raw) > _LARGEST:
            message = f"cell {self._path}: it holds no text of at most {_LARGEST} bytes"
            raise LedgerError(message)
        return text

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # a file beside it, since the cell itself becomes another file each time; it stays, the lock on it dies with its holder
        with within_reach(f"cell {self._path}"):
            descriptor = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
