"""What `storage.folder` does with files: copying a source into a new one, reading a range, being alone in a directory."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.durable import write_all
from storage.errors import EvidenceError, StorageUnavailable
from storage.promise import BLOCK, Source

READ_ONLY = 0o444


@contextmanager
def within_reach(what: str) -> Iterator[None]:
    """Translate what the operating system says: the disk is full, gone or broken for now, so *what* may succeed later."""
    try:
        yield
    except OSError as error:
        message = f"{what}: {error.strerror or error}"
        raise StorageUnavailable(message) from error


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Be the only one, in all processes, who changes what *directory* holds; the lock dies with its holder."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def copy_new(source: Source, path: Path) -> int:
    """Copy *source* to its end into a new read-only file, synced but not yet in its place, and say how many bytes it had."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, READ_ONLY)
    size = 0
    with os.fdopen(descriptor, "wb", buffering=0) as file, source() as readable:
        while chunk := readable.read(BLOCK):
            write_all(file.write, chunk)
            size += len(chunk)
        os.fsync(descriptor)
    return size


class FileRange:
    """Bytes of an open file from *start* up to, not including, *stop*."""

    def __init__(self, what: str, descriptor: int, *, start: int, stop: int) -> None:
        self._what, self._descriptor = what, descriptor
        self._position, self._stop = start, stop

    def read(self, size: int = -1, /) -> bytes:
        """Give up to *size* bytes. Raises `EvidenceError` if the file has become shorter than it was."""
        left = max(0, self._stop - self._position)
        wanted = min(BLOCK if size < 0 else size, left)
        if wanted == 0:
            return b""
        with within_reach(f"reading {self._what}"):
            chunk = os.pread(self._descriptor, wanted, self._position)
        if not chunk:
            message = f"{self._what}: expected {self._stop} bytes, the file ends after {self._position}"
            raise EvidenceError(message)
        self._position += len(chunk)
        return chunk


def stop_of(start: int, end: int | None, size: int) -> int:
    """Say where a range of an object of *size* bytes ends; refuse one that runs backwards."""
    if start < 0 or (end is not None and end < start):
        message = f"range: expected 0 ≤ start ≤ end, found {start} to {end}"
        raise ValueError(message)
    return size if end is None else min(end, size)
