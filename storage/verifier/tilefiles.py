"""The files of a log (C2SP tlog-tiles): hash tiles of height 8 and bundles of entries, their names and their insides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from .errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterator

TILE_WIDTH = 256
"""Hashes in a full tile, entries in a full bundle."""
TILE_HEIGHT = 8
ENTRIES = -1
"""The level of entry bundles, which lie beside the hash tiles of level 0."""
LARGEST_ENTRY = 65_535
"""Bytes; the bundle format has no more room."""

_HIGHEST = 63
_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([0-9]{1,3}))?")


@dataclass(frozen=True)
class TileName:
    """Which tile: its level (`ENTRIES` for a bundle), its place in the level, and how many hashes or entries it holds."""

    level: int
    index: int
    width: int

    def __post_init__(self) -> None:
        if not (ENTRIES <= self.level <= _HIGHEST and self.index >= 0 and 1 <= self.width <= TILE_WIDTH):
            message = "tile: there is none of level {level}, index {index}, width {width}"
            raise VerificationError(message, level=self.level, index=self.index, width=self.width)

    @property
    def path(self) -> str:
        """Where it lies below the log's directory: ``tile/0/x001/234.p/7``, ``tile/entries/000``."""
        place = f"{self.index % 1000:03d}"
        rest = self.index // 1000
        while rest:
            place, rest = f"x{rest % 1000:03d}/{place}", rest // 1000
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{'entries' if self.level == ENTRIES else self.level}/{place}{partial}"

    @classmethod
    def parse(cls, path: str) -> TileName:
        """Read what `path` wrote; any other spelling raises `VerificationError`."""
        match = _PATH.fullmatch(path)
        if match is None:
            _unknown(path)
        level, place, width = match.groups()
        index = int(place.replace("/", "").replace("x", ""))
        name = cls(ENTRIES if level == "entries" else int(level), index, int(width) if width else TILE_WIDTH)
        if name.path != path:
            _unknown(path)
        return name


def tiles_for(size: int) -> Iterator[TileName]:
    """All hash tiles of a tree of *size* leaves, level by level, with the partial one at the end of each."""
    level, count = 0, size
    while count:
        yield from _row(level, count)
        level, count = level + 1, count >> TILE_HEIGHT


def bundles_for(size: int) -> Iterator[TileName]:
    """All entry bundles of a log of *size* entries."""
    return _row(ENTRIES, size)


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes (or entries) tile *index* of *level* holds in a tree of *size* leaves; 0 where there is no such tile."""
    count = size >> (TILE_HEIGHT * max(level, 0))
    return max(0, min(TILE_WIDTH, count - index * TILE_WIDTH))


def decode_entries(bundle: bytes) -> list[bytes]:
    """Take a bundle apart into its entries; a length that does not fit raises `VerificationError`."""
    entries: list[bytes] = []
    place = 0
    while place < len(bundle):
        start = place + 2
        end = start + int.from_bytes(bundle[place:start], "big")
        if start > len(bundle) or end > len(bundle):
            message = "bundle: entry {number} is cut off"
            raise VerificationError(message, number=len(entries))
        entries.append(bundle[start:end])
        place = end
    return entries


def _row(level: int, count: int) -> Iterator[TileName]:
    full, partial = divmod(count, TILE_WIDTH)
    for index in range(full):
        yield TileName(level, index, TILE_WIDTH)
    if partial:
        yield TileName(level, full, partial)


def _unknown(path: str) -> NoReturn:
    message = "{path!r} is not the name of a tile"
    raise VerificationError(message, path=path[:200])
