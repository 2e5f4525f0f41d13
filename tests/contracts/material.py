"""Bytes to deposit, and sources that do not keep their word."""

from __future__ import annotations

import errno
import io
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache

from storage.errors import DigestMismatch, SourceChanged
from storage.objects import ObjectReader, Promise, Readable, Source, Stored

PART = 5 * 2**20
"""The smallest part S3 takes, so that few bytes make several parts."""


@cache
def some_bytes(size: int) -> bytes:
    """Bytes that no two places of have in common."""
    return random.Random(size).randbytes(size)


def giving(data: bytes) -> Source:
    """An honest source."""
    return lambda: io.BytesIO(data)


def in_parts(data: bytes) -> Promise:
    """Promise *data* in the smallest parts."""
    return Promise.of_bytes(data, part_size=PART)


def in_days(days: int) -> datetime:
    """A time to lock until."""
    return datetime.now(UTC) + timedelta(days=days)


def read_back(store: ObjectReader, stored: Stored, start: int = 0, end: int | None = None) -> bytes:
    """Read a range to its end."""
    blocks = []
    with store.open(stored.name, version=stored.version, start=start, end=end) as readable:
        while block := readable.read(2**20):
            blocks.append(block)
    return b"".join(blocks)


class Unforeseen(Exception):
    """Something that nobody translates."""


@contextmanager
def _failing(data: bytes, after: int, failure: Exception) -> Iterator[Readable]:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() >= after:
                raise failure
            return super().read(size)

    yield Failing(data)


def _not_opening() -> AbstractContextManager[Readable]:
    raise OSError(errno.ENOENT, "No such file or directory")


def hostile_sources(data: bytes) -> dict[str, tuple[Source, type[Exception]]]:
    """Every way we know in which a source of *data* can break its word, and what must be raised."""
    half = len(data) // 2
    other = bytearray(data)
    other[-1] ^= 1
    early = bytearray(data)
    early[0] ^= 1
    broken = OSError(errno.EIO, "Input/output error")
    return {
        "ends early": (giving(data[:-1]), SourceChanged),
        "ends half way": (giving(data[:half]), SourceChanged),
        "is empty": (giving(b""), SourceChanged),
        "is longer": (giving(data + b"x"), SourceChanged),
        "differs in its first byte": (giving(bytes(early)), DigestMismatch),
        "differs in its last byte": (giving(bytes(other)), DigestMismatch),
        "cannot be read half way": (lambda: _failing(data, half, broken), SourceChanged),
        "cannot be opened": (_not_opening, SourceChanged),
        "raises what nobody foresaw": (lambda: _failing(data, half, Unforeseen()), Unforeseen),
    }


class Counted:
    """A source that counts how often it was opened."""

    def __init__(self, data: bytes) -> None:
        self.data, self.opened = data, 0

    def __call__(self) -> io.BytesIO:
        """Open it."""
        self.opened += 1
        return io.BytesIO(self.data)


def interrupted(data: bytes, after: int, act: Callable[[], object]) -> Source:
    """Give *data*, but *act* once *after* bytes have been given."""

    class Acting(io.BytesIO):
        acted = False

        def read(self, size: int | None = -1, /) -> bytes:
            if not self.acted and self.tell() >= after:
                self.acted = True
                act()
            return super().read(size)

    return lambda: Acting(data)
