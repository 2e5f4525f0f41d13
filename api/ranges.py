"""
What a request for bytes asks for: RFC 9110 §13 (preconditions) and §14 (ranges) as one pure decision.

Whoever streams only obeys. Choices the RFC leaves open: several ranges in one request are answered with the whole, which §14.2
allows and every player copes with; a range that cannot be read as one is ignored; an ``If-Range`` that is a date never matches,
because nothing here has a modification date.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_RANGE = re.compile(r"bytes\s*=\s*([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE | re.ASCII)
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\U0010ffff]*"')


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes from *start* up to, not including, *end*, of an object of *size* bytes."""

    start: int
    end: int
    size: int

    @property
    def length(self) -> int:
        """How many bytes that is."""
        return self.end - self.start

    @property
    def content_range(self) -> str:
        """The value of ``Content-Range``, which counts the last byte in."""
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


@dataclass(frozen=True, slots=True)
class Whole:
    """All of it (200)."""

    size: int

    @property
    def start(self) -> int:
        """Where it begins."""
        return 0

    @property
    def length(self) -> int:
        """How many bytes that is."""
        return self.size


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """No byte of the object is in the range (416)."""

    size: int

    @property
    def content_range(self) -> str:
        """The value of ``Content-Range`` that tells how much there is."""
        return f"bytes */{self.size}"


@dataclass(frozen=True, slots=True)
class NotModified:
    """The client holds these very bytes (304)."""


@dataclass(frozen=True, slots=True)
class PreconditionFailed:
    """The client wanted other bytes than these (412)."""


Decision = Part | Whole | Unsatisfiable | NotModified | PreconditionFailed


def decide(headers: Mapping[str, str], *, size: int, etag: str, method: str) -> Decision:
    """Say what to answer; *etag* is the strong tag with its quotes, *headers* has lower-case names."""
    match = headers.get("if-match")
    if match is not None and not _lists(match, etag):
        return PreconditionFailed()
    none_match = headers.get("if-none-match")
    if none_match is not None and _lists(none_match, etag, weak_counts="W/"):
        return NotModified()
    asked = headers.get("range")
    # a range is defined for GET alone (§14.2), and If-Range guards it: other bytes than expected are given whole
    if asked is None or method != "GET" or headers.get("if-range", etag).strip() != etag:
        return Whole(size)
    return _satisfy(asked, size)


def _satisfy(asked: str, size: int) -> Decision:
    found = _RANGE.fullmatch(asked.strip())
    first, last = found.groups() if found else ("", "")
    if not first and not last:
        return Whole(size)
    if not first:
        return _from(size - min(int(last), size), size, size)
    if last and int(last) < int(first):
        return Whole(size)
    return _from(int(first), min(int(last) + 1, size) if last else size, size)


def _from(start: int, end: int, size: int) -> Decision:
    return Part(start, end, size) if start < end else Unsatisfiable(size)


def _lists(value: str, etag: str, *, weak_counts: str = "") -> bool:
    """Whether a list of tags names *etag*; tags marked *weak_counts* are compared without their mark."""
    if value.strip() == "*":
        return True
    tags = (tag if not weak_counts else tag.removeprefix(weak_counts) for tag in _TAG.findall(value))
    return etag in tags
