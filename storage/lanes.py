"""
What is done to every block of a reading: hashing the whole and hashing its pieces beside the reader, copying in its thread.

`feed` runs lanes; what a lane found is asked of it afterwards.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import BinaryIO, Protocol

from blake3 import blake3
from cryptography.hazmat.primitives import hashes

from storage.durable import write_all
from storage.errors import SpoolFull, StorageUnavailable
from storage.evidence import Algorithm, Digest
from storage.promise import PART_SIZE
from storage.segments import SEGMENT_SIZE

BLOCK_SIZE = SEGMENT_SIZE
"""Bytes of a block. One segment, and parts are a whole number of them, so no block ever straddles a border."""

RING = 8
"""Blocks a reader may be ahead of its slowest lane; also all the memory it takes."""

WRITE_BACK = 8 * BLOCK_SIZE
"""Bytes after which the kernel is told to begin writing, so that the fsync at the end has little left to wait for."""


class Lane(Protocol):
    """What is done to every block, in order, by one thread."""

    def absorb(self, block: memoryview) -> None:
        """Take in the next block; its buffer is used again as soon as this returns."""
        ...


def feed(lanes: Sequence[Lane], own: Lane, block: memoryview, fill: Callable[[memoryview], memoryview]) -> None:
    """
    Give *block*, and every block that *fill* gives until it gives an empty one, to all *lanes*, each in a thread of its own.

    The caller's thread fills blocks and runs the lane *own*. A buffer is filled again once every lane is done with it. Raises
    what *fill* or a lane raises; no thread outlives the call.
    """
    under_way: deque[tuple[memoryview, list[Future[None]]]] = deque()
    buffer = block
    with ExitStack() as stack:  # leaving it, for whatever reason, waits for the lanes' threads to end
        threads = [stack.enter_context(ThreadPoolExecutor(1, "reading")) for _ in lanes]
        while block:
            under_way.append((buffer, [thread.submit(lane.absorb, block) for thread, lane in zip(threads, lanes, strict=True)]))
            own.absorb(block)
            buffer = _free_buffer(under_way)
            block = fill(buffer)
        while under_way:
            _finished(under_way.popleft())


def _free_buffer(under_way: deque[tuple[memoryview, list[Future[None]]]]) -> memoryview:
    """The oldest buffer if its lanes are done with it or the ring is full, else a new one: a fast ring stays small."""
    oldest = under_way[0]
    if len(under_way) < RING and not all(future.done() for future in oldest[1]):
        return memoryview(bytearray(BLOCK_SIZE))
    return _finished(under_way.popleft())


def _finished(block: tuple[memoryview, list[Future[None]]]) -> memoryview:
    """Wait for the lanes, raise what one of them raised, and give the buffer back."""
    buffer, futures = block
    for future in futures:
        future.result()
    return buffer


class Whole:
    """The digests of everything, and of the first part, which is how the whole begins."""

    def __init__(self) -> None:
        self.sha256, self.blake3 = hashlib.sha256(), blake3()
        self.size = 0
        self.first_part = b""

    def absorb(self, block: memoryview) -> None:
        """Hash the next block twice while it is near."""
        self.sha256.update(block)
        self.blake3.update(block)
        self.size += len(block)
        if self.size <= PART_SIZE:
            self.first_part = self.sha256.digest()


class Pieces:
    """The digests of each segment, and of each part after the first."""

    def __init__(self) -> None:
        self.segments = bytearray()
        self._position = 0
        self._parts: list[hashlib._Hash] = []

    def absorb(self, block: memoryview) -> None:
        """Hash the next block, which is a segment and lies within one part."""
        self.segments += blake3(block).digest()
        if self._position >= PART_SIZE:
            if self._position % PART_SIZE == 0:
                self._parts.append(hashlib.sha256())
            self._parts[-1].update(block)
        self._position += len(block)

    def parts(self) -> list[bytes]:
        """The digests of the second part and all that follow."""
        return [part.digest() for part in self._parts]


class Other:
    """A digest of the whole that not every clip has."""

    def __init__(self, algorithm: Algorithm) -> None:
        self._algorithm = algorithm
        self.absorb, self._finish = _hasher(algorithm)

    def digest(self) -> Digest:
        """The digest of all blocks; to be asked for once."""
        return Digest(self._algorithm, self._finish())


def _hasher(algorithm: Algorithm) -> tuple[Callable[[memoryview], None], Callable[[], bytes]]:
    if algorithm is Algorithm.SM3:
        sm3 = hashes.Hash(hashes.SM3())
        return sm3.update, sm3.finalize
    md5 = hashlib.md5(usedforsecurity=False)
    return md5.update, md5.digest


class Sink:
    """Where the bytes are copied to, if anywhere."""

    def __init__(self, sink: BinaryIO | None) -> None:
        self._sink = sink
        self._position = 0

    def absorb(self, block: memoryview) -> None:
        """Write the next block. Raises `SpoolFull` if there is no room, `StorageUnavailable` if it fails otherwise."""
        if self._sink is None:
            return
        try:
            write_all(self._sink.write, block)
        except OSError as error:
            what = "writing the copy"
            raise not_written(what, error) from error
        self._position += len(block)
        if self._position % WRITE_BACK == 0:
            # Linux begins to write such pages and keeps them until they are written: neither lost nor evicted, only early
            advise(self._sink, self._position - WRITE_BACK, WRITE_BACK, "POSIX_FADV_DONTNEED")


def not_written(what: str, error: OSError) -> StorageUnavailable:
    """Say what *error* means for whoever wanted to write: there is no room, or the disk is away."""
    reason = error.strerror or error
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return SpoolFull(f"{what}: {reason}")
    return StorageUnavailable(f"{what}: {reason}")


def advise(file: object, offset: int, length: int, advice: str) -> None:
    """Tell the kernel how a range of *file* will be used, where there is one that listens."""
    fileno: Callable[[], int] | None = getattr(file, "fileno", None)
    # it is only advice: neither every stream nor every system takes it
    with suppress(AttributeError, OSError, ValueError):
        if fileno is not None:
            os.posix_fadvise(fileno(), offset, length, getattr(os, advice))
