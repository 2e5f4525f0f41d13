"""
What bytes are: digests that know their algorithm, and all that one single read says of a clip.

Part of the vocabulary (`storage.evidence`, by which everybody imports it). Only the standard library is imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Algorithm(StrEnum):
    """A digest algorithm, named as in ledger leaves."""

    BLAKE3 = "blake3"
    SHA256 = "sha256"
    SM3 = "sm3"
    MD5 = "md5"
    """Only ever read from a camera's sidecar; never trusted."""

    @property
    def length(self) -> int:
        """Bytes of a digest."""
        return 16 if self is Algorithm.MD5 else 32


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """The digest of some bytes, with the algorithm that made it."""

    algorithm: Algorithm
    value: bytes

    def __post_init__(self) -> None:
        if len(self.value) != self.algorithm.length:
            message = f"{self.algorithm} digest: expected {self.algorithm.length} bytes, found {len(self.value)}"
            raise ValueError(message)

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read ``blake3:9f86…``, the form that `str` gives."""
        name, _, hexadecimal = text.partition(":")
        if hexadecimal != hexadecimal.lower():
            message = f"digest {text!r}: expected lower-case hexadecimal"
            raise ValueError(message)
        return cls(Algorithm(name), bytes.fromhex(hexadecimal))

    @property
    def hex(self) -> str:
        """The digest alone, in lower-case hexadecimal."""
        return self.value.hex()

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


@dataclass(frozen=True, slots=True)
class SegmentSummary:
    """What a leaf says of a segment manifest: digests of consecutive segments under one RFC 6962 root."""

    count: int
    size: int
    """Bytes of a segment; the last may be shorter."""
    root: bytes

    def __post_init__(self) -> None:
        if self.count < 0 or self.size <= 0 or len(self.root) != Algorithm.SHA256.length:
            message = f"segment summary: count {self.count}, size {self.size}, root of {len(self.root)} bytes"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Content:
    """What the bytes of a clip are, all from one single read."""

    size: int
    blake3: Digest
    sha256: Digest
    segments: SegmentSummary
    sm3: Digest | None = None

    def __post_init__(self) -> None:
        expected = -(-self.size // self.segments.size)
        if self.size < 0 or self.segments.count != expected:
            message = f"content of {self.size} bytes: expected {expected} segments, found {self.segments.count}"
            raise ValueError(message)
        wanted = ((self.blake3, Algorithm.BLAKE3), (self.sha256, Algorithm.SHA256), (self.sm3, Algorithm.SM3))
        for digest, algorithm in wanted:
            if digest is not None and digest.algorithm is not algorithm:
                message = f"content: expected a {algorithm} digest, found {digest}"
                raise ValueError(message)
