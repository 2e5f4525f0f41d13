"""
Fakes for tests, held to the same contracts as the real things.

Nothing of the program imports this; a fault is always asked for by a test.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from storage.errors import StorageUnavailable
from storage.objects import Bucket, ObjectName, ObjectStore, Promise, Readable, Source, Stored, VersionInfo

Moment: TypeAlias = Literal["before", "after"]
"""``before``: the write is lost. ``after``: it happened, but its answer is lost."""

Write: TypeAlias = Literal["deposit", "abandon", "extend", "hold", "release", "dispose"]


@dataclass(slots=True)
class FaultyStore:
    """A store around another that loses one write, or the answer to one write, or is away; otherwise it is the other."""

    store: ObjectStore
    fault: Moment | None = None
    """Lost once, then it is ``None`` again."""
    at: Write = "deposit"
    """Which kind of write the fault waits for."""
    away: bool = False
    """Whether the store cannot be reached at all."""

    def deposit(
        self,
        name: ObjectName,
        source: Source,
        promise: Promise,
        *,
        retain_until: datetime | None,
        media_type: str = "application/octet-stream",
    ) -> Stored:
        """Deposit, or fail."""
        with self._faulty("deposit"):
            return self.store.deposit(name, source, promise, retain_until=retain_until, media_type=media_type)

    def abandon(self, name: ObjectName) -> int:
        """Abandon, or fail."""
        with self._faulty("abandon"):
            return self.store.abandon(name)

    def describe(self, name: ObjectName, version: str | None = None) -> Stored:
        """Describe, unless away."""
        self._reach()
        return self.store.describe(name, version)

    def open(
        self, name: ObjectName, *, version: str, start: int = 0, end: int | None = None
    ) -> AbstractContextManager[Readable]:
        """Open, unless away."""
        self._reach()
        return self.store.open(name, version=version, start=start, end=end)

    def inventory(self, bucket: Bucket, prefix: str = "") -> Iterator[VersionInfo]:
        """List, unless away."""
        self._reach()
        return self.store.inventory(bucket, prefix)

    def extend(self, name: ObjectName, version: str, until: datetime) -> None:
        """Extend, or fail."""
        with self._faulty("extend"):
            self.store.extend(name, version, until)

    def hold(self, name: ObjectName, version: str) -> None:
        """Hold, or fail."""
        with self._faulty("hold"):
            self.store.hold(name, version)

    def release(self, name: ObjectName, version: str) -> None:
        """Release, or fail."""
        with self._faulty("release"):
            self.store.release(name, version)

    def dispose(self, name: ObjectName, version: str) -> None:
        """Dispose, or fail."""
        with self._faulty("dispose"):
            self.store.dispose(name, version)

    @contextmanager
    def _faulty(self, write: Write) -> Iterator[None]:
        self._reach()
        due = self.fault if self.at == write else None
        if due is not None:
            self.fault = None
        if due == "before":
            message = f"{write}: unplugged before it was done"
            raise StorageUnavailable(message)
        yield
        if due == "after":
            message = f"{write}: unplugged after it was done"
            raise StorageUnavailable(message)

    def _reach(self) -> None:
        if self.away:
            message = "the store cannot be reached"
            raise StorageUnavailable(message)
