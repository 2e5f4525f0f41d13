"""
Measuring a file in one read: size and SHA-256, and of an original also BLAKE3, whole and in segments of a MiB.

BLAKE3 is not in the standard library; without the package `blake3` it stays unmeasured, and whoever reports must say so.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from .bagfiles import BagFiles

SEGMENT_SIZE = 2**20


@dataclass(frozen=True)
class Measured:
    """What one read of a file found."""

    size: int
    sha256: str
    blake3: Optional[str] = None
    """None where it was not asked for or the package is missing."""
    segments: Optional[bytes] = None
    """The BLAKE3 of every segment, one after the other; None as above."""


class Measures:
    """The files of a bag, each read at most once; *pieces* says which are measured by BLAKE3 as well."""

    def __init__(self, files: BagFiles) -> None:
        self._files = files
        self._known: dict[str, Measured] = {}

    def of(self, path: str, *, whole: bool = False) -> Measured:
        """Return what a read of *path* finds; with *whole*, by every algorithm there is."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._measured(path, _Original() if whole else _Plain())
        return known

    def _measured(self, path: str, meter: _Plain) -> Measured:
        self._files.stream(path, meter.take)
        return meter.measured()


class _Plain:
    def __init__(self) -> None:
        self._size, self._sha256 = 0, hashlib.sha256()

    def take(self, block: bytes) -> None:
        self._size += len(block)
        self._sha256.update(block)

    def measured(self) -> Measured:
        return Measured(self._size, self._sha256.hexdigest())


class _Original(_Plain):
    def __init__(self) -> None:
        super().__init__()
        self._new = blake3_or_none()
        self._segments: list[bytes] = []
        self._rest = b""
        self._whole = self._new() if self._new else None

    def take(self, block: bytes) -> None:
        super().take(block)
        if self._whole is None or self._new is None:
            return
        self._whole.update(block)
        self._rest += block
        while len(self._rest) >= SEGMENT_SIZE:
            self._segments.append(self._new(self._rest[:SEGMENT_SIZE]).digest())
            self._rest = self._rest[SEGMENT_SIZE:]

    def measured(self) -> Measured:
        if self._whole is None or self._new is None:
            return super().measured()
        if self._rest:
            self._segments.append(self._new(self._rest).digest())
            self._rest = b""
        return Measured(self._size, self._sha256.hexdigest(), self._whole.hexdigest(), b"".join(self._segments))


def blake3_or_none() -> Any:  # noqa: ANN401 — a class of a package that may be missing
    """Return what makes a BLAKE3 hash, or None where the package is not installed."""
    # Late, so that everything but BLAKE3 is verified where the package is not installed.
    try:
        from blake3 import blake3  # noqa: PLC0415
    except ImportError:
        return None
    return blake3
