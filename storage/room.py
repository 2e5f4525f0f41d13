"""Room on the spool's disk: who may still write how much, and what it means when the disk says no."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import SpoolFull, StorageUnavailable
from storage.lanes import not_written


@contextmanager
def on_disk(what: str) -> Iterator[None]:
    """Translate what the operating system says of the spool's disk."""
    try:
        yield
    except OSError as error:
        raise not_written(what, error) from error


class Room:
    """Shares the room on the spool's disk among readings that run at the same time."""

    def __init__(self, root: Path, reserve: int) -> None:
        self._root, self._reserve = root, reserve
        self._lock = threading.Lock()
        self._outstanding: dict[object, int] = {}

    def free(self) -> int:
        """Bytes free on the disk, without the reserve; negative where others have used that up."""
        try:
            status = os.statvfs(self._root)
        except OSError as error:
            message = f"the spool cannot be asked for its room: {error.strerror}"
            raise StorageUnavailable(message) from error
        return status.f_bavail * status.f_frsize - self._reserve

    @contextmanager
    def allotted(self, size: int, progress: Callable[[int], None] | None) -> Iterator[Callable[[int], None]]:
        """Allot *size* bytes to a reading, or raise `SpoolFull`; gives what the reading must tell its progress to."""
        reading = object()
        with self._lock:
            free = self.free() - sum(self._outstanding.values())
            if size > free:
                message = f"the spool has no room: needed {size} bytes, {max(free, 0)} are free"
                raise SpoolFull(message)
            self._outstanding[reading] = size
        try:
            yield lambda position: self._watch(reading, size, position, progress)
        finally:
            with self._lock:
                del self._outstanding[reading]

    def _watch(self, reading: object, size: int, position: int, progress: Callable[[int], None] | None) -> None:
        """Take note of what a reading still needs; stop it where it would use the reserve up."""
        with self._lock:
            self._outstanding[reading] = max(size - position, 0)
        if self.free() < 0:
            message = f"the spool has no room left after {position} bytes"
            raise SpoolFull(message)
        if progress is not None:
            progress(position)
