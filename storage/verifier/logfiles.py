"""
The files of a copied log directory: exactly those that a tree of its size has, each no longer than it can be.

A partial tile may lie beside the fuller one that replaced it (C2SP tlog-tiles lets a log keep them); then it must be its
beginning, byte for byte.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from .errors import VerificationError
from .merkle import HASH_BYTES
from .tilefiles import ENTRIES, LARGEST_ENTRY, TILE_WIDTH, TileName, bundles_for, decode_entries, tiles_for, width_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

CHECKPOINT = "checkpoint"
LARGEST_NOTE = 2**19
_LARGEST_BUNDLE = TILE_WIDTH * (2 + LARGEST_ENTRY)
_DEEPEST = 10


def read_file(path: Path, *, limit: int) -> bytes:
    """Return the bytes of *path*; a file that cannot be read or is longer than *limit* raises `VerificationError`."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would hold us up for ever
            message = "{path}: not a plain file"
            raise VerificationError(message, path=str(path))
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except OSError as error:
        message = "{path}: cannot be read ({reason})"
        raise VerificationError(message, path=str(path), reason=error.strerror or type(error).__name__) from error
    if len(raw) > limit:
        message = "{path}: longer than {limit} bytes"
        raise VerificationError(message, path=str(path), limit=limit)
    return raw


def read_note(path: Path) -> str:
    """Return the text of a note or proof, byte for byte: no line ending is translated."""
    try:
        return read_file(path, limit=LARGEST_NOTE).decode("utf-8")
    except UnicodeDecodeError as error:
        message = "{path}: not valid UTF-8"
        raise VerificationError(message, path=str(path)) from error


class LogFiles:
    """The tiles and bundles of one log directory."""

    def __init__(self, root: Path, size: int) -> None:
        self._root, self._size = root, size

    def tile(self, name: TileName) -> bytes:
        """Return the bytes of a hash tile, which must be as long as its width says."""
        raw = read_file(self._root / name.path, limit=TILE_WIDTH * HASH_BYTES)
        if len(raw) != name.width * HASH_BYTES:
            message = "{path}: expected {expected} bytes, found {found}"
            raise VerificationError(message, path=name.path, expected=name.width * HASH_BYTES, found=len(raw))
        return raw

    def bundle(self, name: TileName) -> list[bytes]:
        """Return the entries of a bundle, which must be as many as its width says."""
        return _entries(read_file(self._root / name.path, limit=_LARGEST_BUNDLE), name)

    def having(self, *signs: bytes) -> Iterator[tuple[int, bytes]]:
        """
        Give number and bytes of the entries in which one of *signs* stands; most bundles are not even taken apart for that.

        Where a bundle cannot be read the way ends: how far that is, whoever goes through all of them finds out.
        """
        for name in bundles_for(self._size):
            try:
                whole = read_file(self._root / name.path, limit=_LARGEST_BUNDLE)
                raws = _entries(whole, name) if _has_any(whole, signs) else []
            except VerificationError:
                return
            for place, raw in enumerate(raws):
                if _has_any(raw, signs):
                    yield name.index * TILE_WIDTH + place, raw

    def verify_names(self) -> int:
        """Return how many files there are, if every file of the tree is there and nothing else is."""
        count = 0
        for path in self._paths(self._root, ""):
            count += 1
            if path != CHECKPOINT:
                self._verify_name(path)
        for rows in (tiles_for(self._size), bundles_for(self._size)):
            for name in rows:
                if not (self._root / name.path).is_file():
                    message = "{path}: missing"
                    raise VerificationError(message, path=name.path)
        return count

    def _verify_name(self, path: str) -> None:
        name = TileName.parse(path)
        width = width_at(name.level, name.index, self._size)
        if name.width > width:
            message = "{path}: a tree of {size} entries has no such file"
            raise VerificationError(message, path=path, size=self._size)
        if name.width < width:
            self._verify_superseded(name, TileName(name.level, name.index, width))

    def _verify_superseded(self, old: TileName, now: TileName) -> None:
        before, after = (read_file(self._root / name.path, limit=_LARGEST_BUNDLE) for name in (old, now))
        complete = len(_entries(before, old)) if old.level == ENTRIES else len(before) // HASH_BYTES
        if not after.startswith(before) or complete != old.width or (old.level != ENTRIES and len(before) % HASH_BYTES):
            message = "{path}: is not the beginning of {now}"
            raise VerificationError(message, path=old.path, now=now.path)

    def _paths(self, folder: Path, prefix: str) -> Iterator[str]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            message = "{path}: cannot be read ({reason})"
            raise VerificationError(message, path=str(folder), reason=error.strerror or type(error).__name__) from error
        for entry in entries:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False) and path.count("/") < _DEEPEST:
                yield from self._paths(folder / entry.name, path + "/")
            elif entry.is_file(follow_symlinks=False):
                yield path
            else:
                message = "{path}: not a plain file"
                raise VerificationError(message, path=path)


def _has_any(raw: bytes, signs: Iterable[bytes]) -> bool:
    return any(sign in raw for sign in signs)


def _entries(raw: bytes, name: TileName) -> list[bytes]:
    entries = decode_entries(raw)
    if len(entries) != name.width:
        message = "{path}: expected {expected} entries, found {found}"
        raise VerificationError(message, path=name.path, expected=name.width, found=len(entries))
    return entries
