"""
What the first read of some bytes promised, and the reader that holds every later read to it.

The check sits inside the read, so wrong bytes cannot be committed: a store copies from a `CheckedReader` until it ends, and
the reader gives out the last bytes only after the size and the BLAKE3 of the whole have been compared. A store that makes
nothing visible before its copy has ended can therefore keep nothing wrong, whatever it checks itself.

One digest is enough here, and BLAKE3 is the one that costs least (docs/performance.md). The SHA-256 of the parts are for the
server: it is told each of them from the first read, and refuses other bytes by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from blake3 import blake3

from storage.errors import DigestMismatch, SourceChanged
from storage.evidence import Algorithm, Digest

PART_SIZE = 16 * 2**20
"""Bytes of a part. The fastest of the sizes tried on real servers, and small enough that three in memory cost little."""

BLOCK = 2**20
"""Bytes asked of a source at a time."""


class Readable(Protocol):
    """Something that gives bytes until it ends; it may give fewer than asked, and gives none only at its end."""

    def read(self, size: int = ..., /) -> bytes:
        """Give up to *size* bytes."""
        ...


Source: TypeAlias = Callable[[], AbstractContextManager[Readable]]
"""Opens the bytes from their beginning. It may be called again, so it must give the same bytes again."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What the first read found: whoever stores or reads these bytes again is held to it."""

    size: int
    sha256: Digest
    blake3: Digest
    part_size: int
    parts: tuple[bytes, ...]
    """Raw SHA-256 of each part; zero bytes have one empty part."""

    def __post_init__(self) -> None:
        if self.size < 0 or self.part_size <= 0:
            message = f"promise: expected a size ≥ 0 and parts of ≥ 1 byte, found {self.size} and {self.part_size}"
            raise ValueError(message)
        for digest, algorithm in ((self.sha256, Algorithm.SHA256), (self.blake3, Algorithm.BLAKE3)):
            if digest.algorithm is not algorithm:
                message = f"promise: expected a {algorithm} digest, found {digest}"
                raise ValueError(message)
        self._check_parts()

    def _check_parts(self) -> None:
        expected = part_count(size=self.size, part_size=self.part_size)
        if len(self.parts) != expected or any(len(part) != Algorithm.SHA256.length for part in self.parts):
            message = f"promise of {self.size} bytes: expected {expected} SHA-256 digests of parts, found {len(self.parts)}"
            raise ValueError(message)
        if expected == 1 and self.parts[0] != self.sha256.value:
            message = f"promise of one part: expected {self.sha256}, found sha256:{self.parts[0].hex()} for the part"
            raise ValueError(message)

    @classmethod
    def of_bytes(cls, data: bytes, *, part_size: int = PART_SIZE) -> Promise:
        """Promise *data*; for small objects that are in memory anyway."""
        view = memoryview(data)
        starts = range(0, max(1, len(data)), part_size)
        return cls(
            size=len(data),
            sha256=Digest(Algorithm.SHA256, hashlib.sha256(data).digest()),
            blake3=Digest(Algorithm.BLAKE3, blake3(data).digest()),
            part_size=part_size,
            parts=tuple(hashlib.sha256(view[start : start + part_size]).digest() for start in starts),
        )


def part_count(*, size: int, part_size: int) -> int:
    """Say how many parts *size* bytes have: zero bytes have one, empty."""
    return max(1, -(-size // part_size))


def checked(source: Source, promise: Promise, what: str) -> Source:
    """
    Hold *source* to *promise*; *what* names it in errors.

    Reading raises `SourceChanged` if the source ends early, is longer or cannot be read, and `DigestMismatch` if its bytes are
    others; in each case before the last byte was given out.
    """

    @contextmanager
    def opened() -> Iterator[Readable]:
        with ExitStack() as stack:
            try:
                readable = stack.enter_context(source())
            except OSError as error:
                raise _unreadable(what, error) from error
            yield CheckedReader(readable, promise, what)

    return opened


class CheckedReader:
    """A reader that compares while it reads."""

    def __init__(self, source: Readable, promise: Promise, what: str) -> None:
        self._source, self._promise, self._what = source, promise, what
        self._position = 0
        self._whole = blake3()
        self._ended = False

    def read(self, size: int = -1, /) -> bytes:
        """Give up to *size* bytes; the last of all only after everything was found as promised."""
        left = self._promise.size - self._position
        if size == 0 or self._ended:
            return b""
        if left == 0:
            self._end()
            return b""
        chunk = self._take(min(BLOCK if size < 0 else size, left))
        if not chunk:
            message = f"{self._what}: expected {self._promise.size} bytes, the source ended after {self._position}"
            raise SourceChanged(message)
        self._position += len(chunk)
        self._whole.update(chunk)
        if self._position == self._promise.size:
            self._end()
        return chunk

    def _end(self) -> None:
        if self._take(1):
            message = f"{self._what}: expected {self._promise.size} bytes, the source has more"
            raise SourceChanged(message)
        actual = Digest(Algorithm.BLAKE3, self._whole.digest())
        if actual != self._promise.blake3:
            raise DigestMismatch(self._what, expected=self._promise.blake3, actual=actual)
        self._ended = True

    def _take(self, size: int) -> bytes:
        try:
            return self._source.read(size)
        except OSError as error:
            raise _unreadable(self._what, error) from error


def _unreadable(what: str, error: OSError) -> SourceChanged:
    return SourceChanged(f"{what}: the source could not be read to its end: {error.strerror or error}")
