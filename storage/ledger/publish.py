"""
Publishing the log as static files (C2SP tlog-tiles): a directory or a bucket that a stranger copies and verifies.

::

    log/checkpoint                     the newest head, with the cosignatures it has by then
    log/tile/L/N[.p/W]                 256 (or W) hashes
    log/tile/entries/N[.p/W]           256 (or W) entries
    log-heads/SIZE-DIGEST              every head that was ever shown

In this order: everything that a head covers is there, durably, before the head is shown. Tiles and bundles mean one content for
ever; a crash leaves at most files that no head speaks of yet, and the next call writes the same ones again. The one name whose
content changes is ``checkpoint``. Where a log goes on after losing entries, ``log-SEQ/`` is its new place: the files of the
lost branch stay where they are.

In a directory the first part (``log/``) is the directory itself, and old heads are not kept.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from storage import durable
from storage.errors import EvidenceError, LedgerError, NotFound
from storage.folder_files import within_reach
from storage.ledger.log import Log
from storage.ledger.tiles import ENTRIES, TileName, bundles_for, tiles_for, width_at
from storage.objects import Bucket, ObjectName, ObjectStore, Promise, Stored, deposit
from storage.verifier.logfiles import CHECKPOINT, LARGEST_NOTE

__all__ = ["BucketShelf", "DirectoryShelf", "Published", "Shelf", "publish", "publish_all"]

_TEXT = "text/plain; charset=utf-8"
_TILE = "application/octet-stream"


class Shelf(Protocol):
    """Where files are put for strangers."""

    def newest(self) -> str | None:
        """Return the head that is shown now, if any."""
        ...

    def keep(self, path: str, data: bytes) -> None:
        """Put a file there, durably before returning; `EvidenceError` if another content has this path."""
        ...

    def show(self, note: str) -> None:
        """Show this head from now on, durably before returning."""
        ...


@dataclass(frozen=True, slots=True)
class Published:
    """What was done."""

    size: int
    """Of the head that is shown now."""
    files: int
    """How many files were put there before it."""


def publish(log: Log, shelf: Shelf) -> Published:
    """
    Bring *shelf* to the newest checkpoint, on top of what its present head covers.

    Raises `LedgerError` where that head is not one of this log, or not continued by it; then nothing is changed.
    """
    note = shelf.newest()
    standing = None if note is None else log.keys.opened(note)
    if standing is not None and not log.continues(standing):
        message = f"{log.origin}: a head of {standing.size} entries was published that the stored leaves do not continue"
        raise LedgerError(message)
    return _publish(log, shelf, already=0 if standing is None else standing.size)


def publish_all(log: Log, shelf: Shelf) -> Published:
    """Bring *shelf* to the newest checkpoint, believing nothing of what it shows: every file is put there or compared."""
    return _publish(log, shelf, already=0)


def _publish(log: Log, shelf: Shelf, *, already: int) -> Published:
    note = log.newest()
    if note is None:
        message = f"{log.origin}: there is no checkpoint to publish yet"
        raise NotFound(message)
    size = log.keys.opened(note).size
    files = 0
    for name in _between(already, size):
        whole = log.bundle(name.index, name.width) if name.level == ENTRIES else log.tile(name.level, name.index, name.width)
        shelf.keep(name.path, whole)
        files += 1
    # from here on a stranger who reads the head finds everything below it
    shelf.show(note)
    return Published(size, files)


def _between(old: int, new: int) -> Iterator[TileName]:
    """Give the files that a tree of *new* entries has and one of *old* had not."""
    if old == 0:
        yield from bundles_for(new)
        yield from tiles_for(new)
        return
    for level in (ENTRIES, *range(64)):
        index = (old >> 8 * max(level, 0)) >> 8
        while width := width_at(level, index, new):
            if width != width_at(level, index, old):
                yield TileName(level, index, width)
            index += 1


class DirectoryShelf:
    """A plain directory, to be copied or served as it is; `storage.verifier` verifies it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def newest(self) -> str | None:
        """Read the head; what a crash left under a name that means nothing is removed."""
        with within_reach(f"publishing to {self._root}"):
            durable.make_directory(self._root, 0o755)
            for leftover in self._root.rglob(f"*{durable.TEMPORARY}"):
                durable.remove(leftover)
            path = self._root / CHECKPOINT
            return path.read_text("utf-8") if path.exists() else None

    def keep(self, path: str, data: bytes) -> None:
        """Write the file, or find it there."""
        target = self._root / path
        with within_reach(f"publishing to {self._root}"):
            if target.exists():
                if target.read_bytes() != data:
                    message = f"{target}: another content stands here"
                    raise EvidenceError(message)
                return
            durable.make_directory(target.parent, 0o755)
            durable.replace(target, data, 0o644)

    def show(self, note: str) -> None:
        """Replace the head."""
        with within_reach(f"publishing to {self._root}"):
            durable.replace(self._root / CHECKPOINT, note.encode(), 0o644)


class BucketShelf:
    """The index bucket. *recovered_at* is where the log went on after losing entries, if it ever did."""

    def __init__(self, store: ObjectStore, *, recovered_at: int | None = None) -> None:
        self._store = store
        self._place = "log" if recovered_at is None else f"log-{recovered_at}"

    def newest(self) -> str | None:
        """Read the newest version of the head."""
        standing = _described(self._store, self._name(CHECKPOINT))
        if standing is None:
            return None
        with self._store.open(standing.name, version=standing.version, end=LARGEST_NOTE) as opened:
            return b"".join(iter(opened.read, b"")).decode("utf-8", "replace")

    def keep(self, path: str, data: bytes) -> None:
        """Deposit the file; a full one makes the partial ones before it needless (C2SP lets a log remove them)."""
        name = self._name(path)
        deposit(self._store, name, lambda: io.BytesIO(data), Promise.of_bytes(data), retain_until=None, media_type=_TILE)
        if ".p/" not in path:
            for partial in list(self._store.inventory(Bucket.INDEX, f"{name.key}.p/")):
                self._store.dispose(partial.name, partial.version)

    def show(self, note: str) -> None:
        """Deposit the head among all heads, then make it the newest version of ``checkpoint``."""
        data = note.encode()
        promise, size = Promise.of_bytes(data), note.split("\n", 2)[1]
        head = ObjectName(Bucket.INDEX, f"{self._place}-heads/{int(size):016d}-{promise.sha256.hex[:16]}")
        deposit(self._store, head, lambda: io.BytesIO(data), promise, retain_until=None, media_type=_TEXT)
        name = self._name(CHECKPOINT)
        standing = _described(self._store, name)
        if standing is None or standing.sha256 != promise.sha256:
            self._renew(name, data, promise, standing)

    def _renew(self, name: ObjectName, data: bytes, promise: Promise, standing: Stored | None) -> None:
        try:
            self._store.deposit(name, lambda: io.BytesIO(data), promise, retain_until=None, media_type=_TEXT)
        except EvidenceError:
            if standing is None:
                raise
            # A store that keeps one version of a name (the folder): the old head goes first. Whoever looks between these two
            # lines finds none and asks again; after a crash between them the next call shows it.
            self._store.dispose(name, standing.version)
            self._store.deposit(name, lambda: io.BytesIO(data), promise, retain_until=None, media_type=_TEXT)
        found = self._store.describe(name)
        if found.sha256 != promise.sha256:
            message = f"{name}: the head that was shown is not the newest there; somebody else writes to this place"
            raise EvidenceError(message)

    def _name(self, path: str) -> ObjectName:
        return ObjectName(Bucket.INDEX, f"{self._place}/{path}")


def _described(store: ObjectStore, name: ObjectName) -> Stored | None:
    try:
        return store.describe(name)
    except NotFound:
        return None
