"""
The segment manifest of an original: a BLAKE3 digest for every MiB, under the one root that a leaf names.

::

    16 bytes  "yihu-segments/1" and a line feed
     8 bytes  size of the original, 8 bytes size of a segment (both unsigned, big-endian)
    32 bytes  for each segment; nothing after them
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from .errors import VerificationError
from .measure import SEGMENT_SIZE
from .merkle import HASH_BYTES, Frontier, leaf_hash

_MAGIC = b"yihu-segments/1\n"
_HEADER = struct.Struct(">16sQQ")


@dataclass(frozen=True)
class SegmentFile:
    """A segment manifest that was read strictly."""

    size: int
    digests: bytes

    @classmethod
    def parse(cls, raw: bytes, *, path: str) -> SegmentFile:
        """Read a segment manifest; a byte more or less than it must have raises `VerificationError`."""
        magic, size, segment = _HEADER.unpack_from(raw.ljust(_HEADER.size, b"\0"))
        digests = raw[_HEADER.size :]
        if len(raw) < _HEADER.size or magic != _MAGIC or segment != SEGMENT_SIZE or len(digests) != count_of(size) * HASH_BYTES:
            message = "{path}: not a segment manifest of its size"
            raise VerificationError(message, path=path)
        return cls(size, digests)

    @property
    def root(self) -> bytes:
        """The RFC 6962 root over the digests."""
        digests = (self.digests[start : start + HASH_BYTES] for start in range(0, len(self.digests), HASH_BYTES))
        return Frontier().extend(map(leaf_hash, digests)).root()


def count_of(size: int) -> int:
    """Say how many segments *size* bytes have."""
    return -(-size // SEGMENT_SIZE)


def largest_file(size: int) -> int:
    """Say how many bytes the segment manifest of *size* bytes has."""
    return _HEADER.size + count_of(size) * HASH_BYTES
