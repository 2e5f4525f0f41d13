"""
A card or folder, opened read-only and walked as if its maker wanted us harm.

Nothing on a card is believed: every step goes from an open folder to a name in it, never follows a symbolic link, never leaves
the file system of the card, and opens nothing that is not a regular file. Whatever is not read is still reported, with the
reason: a walk ends early only when the card itself is gone, because a pulled card may list as empty without any error.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from device_profiles.fields import Interface
from device_profiles.matching import CardLook
from device_profiles.text import readable
from ingest.identify import ClaimKind, DeviceClaim, identify, in_sysfs, volume_label
from storage.errors import NotFound, SourceChanged
from storage.evidence import DevicePath

__all__ = ["Card", "ClaimKind", "DeviceClaim", "Sighting", "What", "identify"]

DEEPEST = 128
"""Folders inside each other that are entered; FAT and exFAT allow no more, and a loop in a broken one would."""

_LOOKED_INTO = 3
"""Levels of folders that are listed before the profile of a card is known: its top, and two below."""
_NAMED_FILES = 2_000
"""Files of one level whose names profiles are shown."""

_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # not blocking: a FIFO put in a file's place cannot hold us


class What(StrEnum):
    """What a walk met. Everything but files and folders is refused, and the word is the reason."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symlink"
    FIFO = "fifo"
    SOCKET = "socket"
    DEVICE = "device-node"
    MOUNT_POINT = "mount-point"
    TOO_DEEP = "too-deep"
    UNREADABLE = "unreadable"
    VANISHED = "vanished"
    TWICE = "listed-twice"
    """A broken file system gives the same name again; only one of the two can be opened by it."""


_BY_TYPE = {
    stat.S_IFREG: What.FILE,
    stat.S_IFDIR: What.FOLDER,
    stat.S_IFLNK: What.SYMLINK,
    stat.S_IFIFO: What.FIFO,
    stat.S_IFSOCK: What.SOCKET,
}
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing met on a card, at the moment it was looked at. Path, size and time are the card's claims."""

    path: bytes
    """Relative to the card."""
    what: What
    size: int = 0
    """Of a file; everything else has none."""
    modified_ns: int = 0


class Card:
    """
    A card or folder that is open for reading; use it as a context manager.

    *root* itself may be a symbolic link, since a person named it; nothing below it may. Raises `NotFound` where no folder is.
    """

    def __init__(self, root: Path, claim: DeviceClaim) -> None:
        self.root = Path(os.path.realpath(root))
        self.claim = claim
        try:
            self._fd = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            message = f"card {root}: cannot be opened as a folder: {error.strerror}"
            raise (NotFound if error.errno in _GONE else SourceChanged)(message) from error
        self._device = os.fstat(self._fd).st_dev
        self._was_in_sysfs = in_sysfs(self._device)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the card. May be repeated."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def walk(self, below: bytes = b"") -> Iterator[Sighting]:
        """
        Meet everything on the card, or below one folder of it, in the order of the bytes of the paths.

        Folders are entered, not reported, unless they could not be: then they are reported with the reason, and the walk goes
        on. Raises `SourceChanged` where the card itself cannot be listed. No folder is held open between two steps.
        """
        waiting = [Sighting(below, What.FOLDER)]
        while waiting:
            met = waiting.pop()
            if met.what is What.FOLDER:
                waiting.extend(reversed(self._inside(met)))
            else:
                yield met

    def look(self, path: bytes) -> Sighting | None:
        """Look at one path without opening it; None where nothing is there, or nothing that can be reached without a link."""
        folder, _, name = path.rpartition(b"/")
        if name in {b"", b".", b".."}:
            return None
        try:
            with self._entered(folder) as fd:
                return self._sighting(path, os.stat(name, dir_fd=fd, follow_symlinks=False))
        except (OSError, ValueError):  # ValueError: NUL in a name that did not come from a file system
            return None

    def open(self, path: DevicePath) -> BinaryIO:
        """
        Open a regular file for reading; the caller closes it.

        Raises `SourceChanged` where there is none (any more): a link, a FIFO or a device put in its place is never read.
        """
        folder, _, name = path.raw.rpartition(b"/")
        try:
            with self._entered(folder) as fd:
                return _opened(name, fd)
        except OSError as error:
            message = f"{path}: cannot be opened on the card: {error.strerror}"
            raise SourceChanged(message) from error

    @contextmanager
    def folder_of(self, path: DevicePath) -> Iterator[tuple[int, bytes]]:
        """
        Enter the real folder that holds *path*; give it open, with the name in it, for whoever must meet the same name again.

        Raises `SourceChanged` where that cannot be; no link is followed and the file system of the card is never left.
        """
        folder, _, name = path.raw.rpartition(b"/")
        with ExitStack() as stack:
            try:
                fd = stack.enter_context(self._entered(folder))
            except OSError as error:
                message = f"{path}: its folder cannot be entered on the card: {error.strerror}"
                raise SourceChanged(message) from error
            yield fd, name

    def require(self) -> None:
        """
        Raise `SourceChanged` unless the card is still the one that was opened.

        Ask before believing that a folder is empty or a file at its end: a pulled card says both without an error.
        """
        try:
            now = self.root.stat()
            then = os.fstat(self._fd)
            os.statvfs(self._fd)  # a pulled MTP camera lists from memory for seconds, but not this
        except OSError as error:
            message = f"card {self.root}: is gone: {error.strerror}"
            raise SourceChanged(message) from error
        pulled = self._was_in_sysfs and not in_sysfs(self._device)
        if pulled or (now.st_dev, now.st_ino) != (then.st_dev, then.st_ino):
            message = f"card {self.root}: was {'pulled' if pulled else 'replaced'} while it was open"
            raise SourceChanged(message)

    def appearance(self, usb_id: str | None = None, usb_interface: Interface | None = None) -> CardLook:
        """
        Say what the card shows of itself to profiles: its label, the folders at its top and one below, and names of files.

        Of the files at the top and up to two folders below some are named where they are very many: enough to know a camera by.
        Over MTP the storages of a camera are folders at the top; then all of this is told from inside them.
        """
        above = 1 if usb_interface == "mtp" else 0
        folders: list[bytes] = []
        files: list[bytes] = []
        level = [b""]
        for depth in range(_LOOKED_INTO + above):
            met = [each for folder in level for each in self._inside(Sighting(folder, What.FOLDER))]
            level = [each.path for each in met if each.what is What.FOLDER]
            files += [each.path for each in met if each.what is What.FILE][:_NAMED_FILES]
            folders += [_inside_storage(path, above) for path in level] if above <= depth < _LOOKED_INTO + above - 1 else []
        return CardLook(
            volume_label=volume_label(self._device),
            folders=frozenset(map(readable, folders)),
            usb_id=usb_id,
            usb_interface=usb_interface,
            files=frozenset(readable(path.rpartition(b"/")[2]) for path in files),
        )

    def _inside(self, folder: Sighting) -> list[Sighting]:
        """List a folder, sorted so that a walk is in the order of whole paths; a failure is a sighting of the folder."""
        found: list[Sighting] = []
        try:
            # by a path in bytes, because an open folder alone gives text, and in a GBK locale text is not always the same bytes
            with self._entered(folder.path) as fd, os.scandir(b"/proc/self/fd/%d" % fd) as entries:
                found.extend(self._met(folder.path, entry) for entry in entries)
        except OSError as error:
            if not folder.path:
                message = f"card {self.root}: cannot be listed: {error.strerror}"
                raise SourceChanged(message) from error
            found.append(replace(folder, what=_failure(error)))
        return _without_doubles(sorted(found, key=lambda met: met.path + b"/" if met.what is What.FOLDER else met.path))

    def _met(self, folder: bytes, entry: os.DirEntry[bytes]) -> Sighting:
        path = folder + b"/" + entry.name if folder else entry.name
        try:
            return self._sighting(path, entry.stat(follow_symlinks=False))
        except OSError as error:
            return Sighting(path, _failure(error))

    def _sighting(self, path: bytes, status: os.stat_result) -> Sighting:
        what = _BY_TYPE.get(stat.S_IFMT(status.st_mode), What.DEVICE)
        # only folders: an overlay file system gives its files other device numbers than itself
        if what is What.FOLDER and status.st_dev != self._device:
            what = What.MOUNT_POINT
        if what is What.FOLDER and path.count(b"/") >= DEEPEST:
            what = What.TOO_DEEP
        return Sighting(path, what, status.st_size if what is What.FILE else 0, status.st_mtime_ns)

    @contextmanager
    def _entered(self, folder: bytes) -> Iterator[int]:
        """Go from the root to *folder*, one real folder of the card after another; raise `OSError` where that cannot be."""
        fd = os.dup(self._fd)
        try:
            for name in folder.split(b"/") if folder else []:
                if name in {b"", b".", b".."}:
                    raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
                inner = os.open(name, _OPEN | os.O_DIRECTORY, dir_fd=fd)
                os.close(fd)
                fd = inner
                if os.fstat(fd).st_dev != self._device:
                    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            yield fd
        finally:
            os.close(fd)


def _inside_storage(path: bytes, above: int) -> bytes:
    return b"/".join(path.split(b"/")[above:])


def _opened(name: bytes, folder: int) -> BinaryIO:
    _require_file(os.stat(name, dir_fd=folder, follow_symlinks=False))  # opening a device node may already do something
    try:
        fd = os.open(name, _OPEN | os.O_NOATIME, dir_fd=folder)
    except PermissionError:  # reading without a trace is for the owner of a file
        fd = os.open(name, _OPEN, dir_fd=folder)
    try:
        _require_file(os.fstat(fd))  # it may have been exchanged between the two looks
        os.set_blocking(fd, True)
        return os.fdopen(fd, "rb")
    except BaseException:
        os.close(fd)
        raise


def _require_file(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        reason = f"it is a {_BY_TYPE.get(stat.S_IFMT(status.st_mode), What.DEVICE)}, not a regular file"
        raise OSError(errno.EINVAL, reason)


def _failure(error: OSError) -> What:
    if error.errno == errno.EXDEV:
        return What.MOUNT_POINT
    return What.VANISHED if error.errno in _GONE else What.UNREADABLE


def _without_doubles(found: list[Sighting]) -> list[Sighting]:
    """Keep the first sighting of each path as it is and mark the others; *found* is sorted."""
    before = [None, *(met.path for met in found)]
    return [replace(met, what=What.TWICE) if met.path == path else met for met, path in zip(found, before, strict=False)]
