"""
The segment manifest: a BLAKE3 digest of every MiB of a clip, so that a part can be verified without reading the whole.

A leaf carries only the summary: the RFC 6962 root over the digests. From there a player verifies what it seeks to, a fixity
audit checks samples, and a damaged clip is damaged in named bytes instead of as a whole. It costs 32 KiB for each GiB.

As a file (`SegmentManifest.encode`), integers unsigned and big-endian:

======  ======  ===================================================
offset  bytes   what
======  ======  ===================================================
0       16      ``yihu-segments/1`` and a line feed
16      8       bytes of the clip
24      8       bytes of a segment (the last may be shorter)
32      32 · n  BLAKE3 of each segment, in order; nothing after them
======  ======  ===================================================
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property

from blake3 import blake3

from storage.errors import DigestMismatch
from storage.evidence import Algorithm, Digest, SegmentSummary
from storage.ledger.tree import Frontier, inclusion_proof, leaf_hash, subtree_root

SEGMENT_SIZE = 2**20
"""Bytes of a segment."""
MEDIA_TYPE = "application/vnd.yihu.segments"
"""Of a manifest, as a stored object."""

_MAGIC = b"yihu-segments/1\n"
_HEADER = struct.Struct(">16sQQ")
_DIGEST = Algorithm.BLAKE3.length


@dataclass(frozen=True)
class SegmentManifest:
    """The digests of all segments of a clip of *size* bytes, one after another."""

    size: int
    digests: bytes

    def __post_init__(self) -> None:
        expected = segment_count(self.size) * _DIGEST
        if self.size < 0 or len(self.digests) != expected:
            message = f"segment manifest of {self.size} bytes: expected {expected} bytes of digests, found {len(self.digests)}"
            raise ValueError(message)

    @property
    def count(self) -> int:
        """How many segments there are; none for a clip of no bytes."""
        return segment_count(self.size)

    @cached_property
    def summary(self) -> SegmentSummary:
        """What a leaf says of this manifest."""
        return SegmentSummary(self.count, SEGMENT_SIZE, Frontier().extend(self._leaves).root())

    def digest_of(self, index: int) -> Digest:
        """The digest of one segment."""
        self._check(index)
        return Digest(Algorithm.BLAKE3, self.digests[index * _DIGEST : (index + 1) * _DIGEST])

    def range_of(self, index: int) -> tuple[int, int]:
        """Where a segment begins in the clip, and where it has ended."""
        self._check(index)
        return index * SEGMENT_SIZE, min((index + 1) * SEGMENT_SIZE, self.size)

    def verify(self, index: int, data: bytes | memoryview) -> None:
        """Return only if *data* is exactly segment *index*; raise `DigestMismatch` naming its bytes otherwise."""
        start, end = self.range_of(index)
        what = f"bytes {start} to {end} of the clip"
        if len(data) != end - start:
            raise DigestMismatch(what, expected=f"{end - start} bytes", actual=f"{len(data)} bytes")
        actual = Digest(Algorithm.BLAKE3, blake3(data).digest())
        if actual != self.digest_of(index):
            raise DigestMismatch(what, expected=self.digest_of(index), actual=actual)

    def proof(self, index: int) -> list[bytes]:
        """The hashes that lead from a segment's digest to the root in the summary (RFC 6962 §2.1.1)."""
        self._check(index)
        return inclusion_proof(index, self.count, self._subtree)

    def encode(self) -> bytes:
        """The manifest as a file."""
        return _HEADER.pack(_MAGIC, self.size, SEGMENT_SIZE) + self.digests

    @classmethod
    def decode(cls, raw: bytes) -> SegmentManifest:
        """Read what `encode` wrote; anything else, a byte more or less included, is a `ValueError`."""
        if len(raw) < _HEADER.size:
            message = f"segment manifest: expected a header of {_HEADER.size} bytes, found {len(raw)}"
            raise ValueError(message)
        magic, size, segment = _HEADER.unpack_from(raw)
        if magic != _MAGIC or segment != SEGMENT_SIZE:
            message = (
                f"segment manifest: expected {_MAGIC!r} and segments of {SEGMENT_SIZE} bytes, found {magic!r} and {segment}"
            )
            raise ValueError(message)
        return cls(size, raw[_HEADER.size :])

    @cached_property
    def _leaves(self) -> list[bytes]:
        return [leaf_hash(self.digests[start : start + _DIGEST]) for start in range(0, len(self.digests), _DIGEST)]

    def _subtree(self, level: int, index: int) -> bytes:
        return subtree_root(self._leaves[index << level : (index + 1) << level])

    def _check(self, index: int) -> None:
        if not 0 <= index < self.count:
            message = f"segment {index}: the clip has {self.count}"
            raise ValueError(message)


def segment_count(size: int) -> int:
    """Say how many segments *size* bytes have."""
    return -(-size // SEGMENT_SIZE)
