"""
Reading bytes once: everything we will ever promise about them comes from the same single read that copies them.

::

    source ──▶ reader ──▶ ring of blocks ──┬─▶ lane: SHA-256 and BLAKE3 of the whole
                 │                         ├─▶ lane: SHA-256 of each part, BLAKE3 of each segment
                 ▼                         └─▶ lanes: SM3, MD5 (each only when asked for)
               sink, whose write-back is started early

A lane is one thread; hashing releases the interpreter, so the lanes run beside the reader. The ring bounds the memory: when
the slowest lane is a ring behind, the reader waits. Two digests share a lane, and the reader itself writes, so that a block is
used again while it is in the processor's cache; both were measured against a thread for each and cost less. What fits into one
block is hashed on the spot.

The source is never mapped into memory: a camera may be pulled out, and a mapped page that has gone kills the process.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from blake3 import blake3

from storage.errors import DigestMismatch, SourceChanged
from storage.evidence import Algorithm, Content, Digest, Json
from storage.lanes import BLOCK_SIZE, Lane, Other, Pieces, Sink, Whole, advise, feed
from storage.promise import PART_SIZE, Promise, Readable
from storage.segments import SegmentManifest

ALWAYS = frozenset({Algorithm.BLAKE3, Algorithm.SHA256})
"""Every clip has these two; SM3 may be switched on, MD5 is only for comparing with a camera's sidecar."""

_FORMAT = "yihu-reading/1"


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one read found out about some bytes."""

    content: Content
    parts: tuple[bytes, ...]
    """Raw SHA-256 of each part that will be uploaded; no bytes have one empty part."""
    manifest: SegmentManifest
    md5: Digest | None

    def __post_init__(self) -> None:
        if self.content.segments != self.manifest.summary or self.content.size != self.manifest.size:
            message = "reading: the content and the segment manifest are not of the same bytes"
            raise ValueError(message)
        _ = self.promise  # which refuses parts that do not fit the size

    @property
    def promise(self) -> Promise:
        """What whoever stores or reads these bytes again is held to."""
        content = self.content
        return Promise(content.size, content.sha256, content.blake3, PART_SIZE, self.parts)

    def expect(self, again: Reading, what: str) -> None:
        """Return only if *again* is of the same bytes; raise `DigestMismatch` naming the first that are not, of *what*."""
        mine, theirs = self.content, again.content
        if mine.size != theirs.size:
            raise DigestMismatch(what, expected=f"{mine.size} bytes", actual=f"{theirs.size} bytes")
        for index in range(mine.segments.count if mine.segments != theirs.segments else 0):
            expected, actual = self.manifest.digest_of(index), again.manifest.digest_of(index)
            if expected != actual:
                start, end = self.manifest.range_of(index)
                where = f"bytes {start} to {end} of {what}"
                raise DigestMismatch(where, expected=expected, actual=actual)
        if (mine.blake3, mine.sha256, self.parts) != (theirs.blake3, theirs.sha256, again.parts):
            raise DigestMismatch(what, expected=f"{mine.blake3}, {mine.sha256}", actual=f"{theirs.blake3}, {theirs.sha256}")
        if mine.sm3 and theirs.sm3 and mine.sm3 != theirs.sm3:
            raise DigestMismatch(what, expected=mine.sm3, actual=theirs.sm3)

    def encode(self) -> bytes:
        """The reading as a JSON file, in one way only."""
        optional = {"sm3": self.content.sm3, "md5": self.md5}
        fields = {
            "format": _FORMAT,
            "size": self.content.size,
            "blake3": str(self.content.blake3),
            "sha256": str(self.content.sha256),
            **{name: str(digest) for name, digest in optional.items() if digest is not None},
            "parts": [part.hex() for part in self.parts],
            "segment_root": self.content.segments.root.hex(),
            "segments": base64.b64encode(self.manifest.encode()).decode(),
        }
        return json.dumps(fields, indent=0).encode()

    @classmethod
    def decode(cls, raw: bytes) -> Reading:
        """Read what `encode` wrote; anything else, be it a space, is a `ValueError`."""
        try:
            reading = cls._of_fields(json.loads(raw))
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            message = f"reading: expected an object in the form {_FORMAT}: {error}"
            raise ValueError(message) from error
        if reading.encode() != raw:
            message = "reading: expected exactly the fields and the form in which readings are written"
            raise ValueError(message)
        return reading

    @classmethod
    def _of_fields(cls, fields: dict[str, Any]) -> Reading:
        manifest = SegmentManifest.decode(base64.b64decode(fields["segments"], validate=True))
        sm3, md5 = (Digest.parse(fields[name]) if name in fields else None for name in ("sm3", "md5"))
        content = Content(
            size=manifest.size,
            blake3=Digest.parse(fields["blake3"]),
            sha256=Digest.parse(fields["sha256"]),
            segments=replace(manifest.summary, root=bytes.fromhex(fields["segment_root"])),
            sm3=sm3,
        )
        return cls(content, tuple(map(bytes.fromhex, fields["parts"])), manifest, md5)


def read_through(
    source: Readable,
    sink: BinaryIO | None,
    *,
    expected_size: int | None,
    algorithms: frozenset[Algorithm] = ALWAYS,
    progress: Callable[[int], None] | None = None,
) -> Reading:
    """
    Read *source* to its end once, into *sink* if there is one, and say what its bytes are.

    *progress* is told the bytes read so far. The sink is neither synced nor closed, and what is in it means nothing unless this
    returns. Raises `SourceChanged` if the source cannot be read to its end or is not *expected_size* bytes long, `SpoolFull` if
    the sink has no room and `StorageUnavailable` if it fails otherwise. No thread outlives the call.
    """
    if not algorithms >= ALWAYS:
        message = f"reading: expected at least {', '.join(sorted(ALWAYS))}, found {', '.join(sorted(algorithms)) or 'nothing'}"
        raise ValueError(message)
    reader = _Reader(source, expected_size, progress)
    first = reader.fill(memoryview(bytearray(_first_block(expected_size))))
    if reader.ended:
        return _at_once(first, sink, algorithms)
    return _in_lanes(first, reader, sink, algorithms)


def content_json(content: Content) -> dict[str, Json]:
    """Write a content as leaves do."""
    segments = content.segments
    written: dict[str, Json] = {
        "size": content.size,
        "blake3": str(content.blake3),
        "sha256": str(content.sha256),
        "seg": {"n": segments.count, "size": segments.size, "root": segments.root.hex()},
    }
    if content.sm3 is not None:
        written["sm3"] = str(content.sm3)
    return written


class Gathering:
    """
    The same as `read_through` finds, of bytes that come by and by, in whatever pieces, and are kept by somebody else.

    For what is sent to us: nobody knows when the next bytes come, so no thread waits for them.
    """

    def __init__(self, algorithms: frozenset[Algorithm] = ALWAYS) -> None:
        self._whole, self._pieces = Whole(), Pieces()
        self._others = {algorithm: Other(algorithm) for algorithm in algorithms - ALWAYS}
        self._block, self._filled = memoryview(bytearray(BLOCK_SIZE)), 0
        self.position = 0
        """Bytes that were absorbed."""

    def absorb(self, data: bytes | memoryview) -> None:
        """Take in the next bytes."""
        view = memoryview(data)
        while view:
            taken = min(len(view), BLOCK_SIZE - self._filled)
            self._block[self._filled : self._filled + taken] = view[:taken]
            self._filled, self.position, view = self._filled + taken, self.position + taken, view[taken:]
            if self._filled == BLOCK_SIZE:
                self._pass_on()

    def reading(self) -> Reading:
        """Say what all the bytes are; to be asked once, at their end."""
        if self._filled or not self.position:
            self._pass_on()
        whole = self._whole
        parts = (whole.first_part, *self._pieces.parts())
        segments = bytes(self._pieces.segments) if self.position else b""
        return _reading(whole.size, whole.blake3.digest(), whole.sha256.digest(), parts, segments, self._others)

    def _pass_on(self) -> None:
        block = self._block[: self._filled]
        lanes: list[Lane] = [self._whole, self._pieces, *self._others.values()]
        for lane in lanes:
            lane.absorb(block)
        self._filled = 0


def _first_block(expected_size: int | None) -> int:
    """Small files should not cost the zeroing of a large buffer; the byte more is where the source shows that it ended."""
    return BLOCK_SIZE if expected_size is None else min(expected_size + 1, BLOCK_SIZE)


class _Reader:
    """Fills blocks from a source and holds it to its size."""

    def __init__(self, source: Readable, expected: int | None, progress: Callable[[int], None] | None) -> None:
        self._into = _reading_into(source)
        self._expected, self._progress = expected, progress
        self._position = 0
        self.ended = False
        advise(source, 0, 0, "POSIX_FADV_SEQUENTIAL")

    def fill(self, block: memoryview) -> memoryview:
        """Give the filled beginning of *block*: all of it, unless the source ended."""
        filled = 0
        while filled < len(block) and not self.ended:
            count = self._take(block[filled:])
            filled += count
            self.ended = count == 0
        self._position += filled
        self._check_size()
        if self._progress is not None and filled:
            self._progress(self._position)
        return block[:filled]

    def _take(self, room: memoryview) -> int:
        try:
            return self._into(room)
        except OSError as error:
            message = f"the source could not be read to its end: {error.strerror or error}"
            raise SourceChanged(message) from error

    def _check_size(self) -> None:
        if self._expected is None:
            return
        if self._position > self._expected:
            message = f"the source is longer than the {self._expected} bytes expected"
            raise SourceChanged(message)
        if self.ended and self._position < self._expected:
            message = f"expected {self._expected} bytes, the source ended after {self._position}"
            raise SourceChanged(message)


def _reading_into(source: Readable) -> Callable[[memoryview], int]:
    """How *source* fills a buffer; whatever can only `read` is copied."""
    readinto: Callable[[memoryview], int | None] | None = getattr(source, "readinto", None)
    if readinto is not None:
        return lambda room: readinto(room) or 0

    def copied(room: memoryview) -> int:
        chunk = source.read(len(room))
        room[: len(chunk)] = chunk
        return len(chunk)

    return copied


def _at_once(data: memoryview, sink: BinaryIO | None, algorithms: frozenset[Algorithm]) -> Reading:
    """Hash what fits into one block: the only part and the only segment are the whole."""
    Sink(sink).absorb(data)
    sha256, whole = hashlib.sha256(data).digest(), blake3(data).digest()
    others = {algorithm: Other(algorithm) for algorithm in algorithms - ALWAYS}
    for other in others.values():
        other.absorb(data)
    return _reading(len(data), whole, sha256, (sha256,), whole if data else b"", others)


def _in_lanes(first: memoryview, reader: _Reader, sink: BinaryIO | None, algorithms: frozenset[Algorithm]) -> Reading:
    """Hash and copy a longer source in lanes that run beside the reader."""
    whole, pieces = Whole(), Pieces()
    others = {algorithm: Other(algorithm) for algorithm in algorithms - ALWAYS}
    lanes: list[Lane] = [whole, pieces, *others.values()]
    feed(lanes, Sink(sink), first, reader.fill)
    parts = (whole.first_part, *pieces.parts())
    return _reading(whole.size, whole.blake3.digest(), whole.sha256.digest(), parts, bytes(pieces.segments), others)


def _reading(
    size: int, whole: bytes, sha256: bytes, parts: tuple[bytes, ...], segments: bytes, others: Mapping[Algorithm, Other]
) -> Reading:
    manifest = SegmentManifest(size, segments)
    extra = {algorithm: other.digest() for algorithm, other in others.items()}
    content = Content(
        size=size,
        blake3=Digest(Algorithm.BLAKE3, whole),
        sha256=Digest(Algorithm.SHA256, sha256),
        segments=manifest.summary,
        sm3=extra.get(Algorithm.SM3),
    )
    return Reading(content, parts, manifest, extra.get(Algorithm.MD5))
