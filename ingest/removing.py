"""
Removing one file from a card, after reading it whole once more: the only place of the project that does.

While it is read and removed the file and the folder of its name are held open, and nothing is removed unless the name still
leads to what was read. What is about to be removed is written into a journal first, durably: after a crash it tells what we
removed from what went by itself.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ingest.cards import Card, What
from ingest.clear_policy import Reason
from storage import durable
from storage.errors import SourceChanged
from storage.evidence import DevicePath, Digest, Subject
from storage.folder_files import within_reach
from storage.hashing import read_through
from storage.lanes import advise

__all__ = ["Journal", "ProvenFile", "remove"]

_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_STRUCK = "-"


@dataclass(frozen=True, slots=True)
class ProvenFile:
    """A file on a card whose clip is proved to be stored, locked and held outside."""

    path: DevicePath
    size: int
    modified_ns: int
    """As it was when it was proved."""
    clip: Subject
    blake3: Digest
    sha256: Digest


@dataclass(frozen=True, slots=True)
class Journal:
    """Which clips of an authorisation were about to be removed: durably, one a line, each before its file was."""

    path: Path

    def note(self, clip: Subject) -> None:
        """Write that the file of *clip* is about to be removed. Raises `StorageUnavailable`; then it must not be."""
        self._write(clip.id)

    def strike(self, clip: Subject) -> None:
        """Write that the file of *clip* was not removed after all."""
        self._write(_STRUCK + clip.id)

    def noted(self) -> frozenset[str]:
        """Return the ids of all clips whose files were about to be removed, or were."""
        found: set[str] = set()
        with within_reach(f"reading {self.path}"):
            lines = self.path.read_text("ascii", "replace").split("\n") if self.path.exists() else []
        for line in lines:
            (found.discard if line.startswith(_STRUCK) else found.add)(line.removeprefix(_STRUCK))
        return frozenset(found - {""})

    def end(self) -> None:
        """Throw it away, because the ledger says what it told."""
        with within_reach(f"removing {self.path}"):
            if self.path.exists():
                durable.remove(self.path)

    def _write(self, line: str) -> None:
        with within_reach(f"writing {self.path}"):
            durable.make_directory(self.path.parent)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, durable.PRIVATE_FILE)
            try:
                # begun on a line of its own, since a crash may have left half of one
                durable.write_all(lambda view: os.write(descriptor, view), f"\n{line}\n".encode("ascii"))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            durable.sync_directory(self.path.parent)


class _Look(NamedTuple):
    """What a name, or an open file, is at one moment."""

    device: int
    inode: int
    mode: int
    links: int
    size: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def of(cls, one: os.stat_result) -> _Look:
        return cls(one.st_dev, one.st_ino, one.st_mode, one.st_nlink, one.st_size, one.st_mtime_ns, one.st_ctime_ns)

    def against(self, file: ProvenFile) -> Reason | None:
        """Say what keeps this from being *file* as it was proved."""
        if not stat.S_ISREG(self.mode) or (self.size, self.modified_ns) != (file.size, file.modified_ns):
            return Reason.CHANGED
        return None if self.links == 1 else Reason.LINKED


def remove(card: Card, file: ProvenFile, journal: Journal, progress: Callable[[int], None]) -> Reason | None:
    """
    Remove *file* from *card* if it still is what was secured, and return None; or leave it, and say why.

    On return without a reason its name is gone, durably. Raises `SourceChanged` where the card is gone or fails: then a later
    clearing must look whether it was removed; and `StorageUnavailable` where the journal cannot be written.
    """
    try:
        source = card.open(file.path)
    except SourceChanged:
        card.require()
        return _unopened(card, file)
    with source, card.folder_of(file.path) as (folder, name):
        before = _Look.of(os.fstat(source.fileno()))
        against = before.against(file) or _read_again(source, file, progress)
        # a pulled card gives no bytes, and no error: ask before believing anything of the file
        card.require()
        if against is not None or not _is_still(before, source, folder, name):
            return against or Reason.CHANGED
        journal.note(file.clip)
        # the journal took its time: at the last moment, too, the name must lead to what was read
        against = Reason.CHANGED if not _is_still(before, source, folder, name) else _unlink(file, folder, name)
        card.require()
        if against is not None:
            journal.strike(file.clip)
    return against


def _unopened(card: Card, file: ProvenFile) -> Reason:
    seen = card.look(file.path.raw)
    card.require()
    if seen is None:
        return Reason.GONE
    return Reason.UNREADABLE if seen.what is What.FILE else Reason.CHANGED


def _read_again(source: BinaryIO, file: ProvenFile, progress: Callable[[int], None]) -> Reason | None:
    # what was read while it was taken in must not answer for the card
    advise(source, 0, 0, "POSIX_FADV_DONTNEED")
    try:
        content = read_through(source, None, expected_size=file.size, progress=progress).content
    except SourceChanged as error:
        return Reason.UNREADABLE if isinstance(error.__cause__, OSError) else Reason.CHANGED
    return None if (content.blake3, content.sha256) == (file.blake3, file.sha256) else Reason.CHANGED


def _is_still(before: _Look, source: BinaryIO, folder: int, name: bytes) -> bool:
    try:
        named = _Look.of(os.stat(name, dir_fd=folder, follow_symlinks=False))
    except OSError:
        return False
    return before == named == _Look.of(os.fstat(source.fileno()))


def _unlink(file: ProvenFile, folder: int, name: bytes) -> Reason | None:
    try:
        os.unlink(name, dir_fd=folder)
        os.fsync(folder)
    except OSError as error:
        if error.errno in _FORBIDDEN:
            return Reason.UNREMOVABLE
        message = f"{file.path}: could not be removed from the card: {error.strerror}"
        raise SourceChanged(message) from error
    return None
