"""Mounting the volume of a camera: for reading, so that not a bit of it changes; for clearing, once everything is proved."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ingest import kernel
from ingest.filesystems import KNOWN, FileSystem, options_of
from ingest.usb import Volume
from storage.errors import NotMounted, SourceChanged

_NEVER = kernel.MS_NODEV | kernel.MS_NOSUID | kernel.MS_NOEXEC
"""What no card may bring: device nodes, set-user-id programs, programs."""
_SYS = Path("/sys/dev/block")
_GONE = frozenset({errno.ENOENT, errno.ENXIO, errno.EIO, errno.ENOMEDIUM})
_WHY = {
    errno.ENODEV: ": this kernel does not have that file system",
    errno.EINVAL: ": no such file system on it, or a damaged one",
    errno.EPERM: ": the program may not mount (CAP_SYS_ADMIN)",
    errno.EACCES: ": the program may not open it, or it is write-protected",
    errno.EROFS: ": it is write-protected",
}


@dataclass(frozen=True, slots=True)
class Mounted:
    """A volume that is mounted."""

    root: Path
    options: str
    """As they were asked for, in order: ``ro,nodev,nosuid,noexec,…``."""


class Mounting(Protocol):
    """How volumes are mounted on this host."""

    def for_reading(self, volume: Volume) -> AbstractContextManager[Mounted]:
        """
        Mount *volume* so that nothing on it changes, and let go of it at the end, lazily if it was pulled.

        Raises `SourceChanged` where it is gone or another by now, `NotMounted` where a person has to see to it: a file system
        that is not read here, a damaged one, one that somebody else has mounted, a program that may not mount.
        """
        ...

    def for_clearing(self, volume: Volume) -> AbstractContextManager[Mounted]:
        """Mount *volume* so that files can be removed, only for `ingest.clear`. At the end all is written to the card."""
        ...


@dataclass(frozen=True, slots=True)
class SystemMounting:
    """
    Mounting by the kernel's own calls, with CAP_SYS_ADMIN as the one capability and read access to the device nodes.

    Chosen over udisks2: that needs a bus, a daemon running as root and a polkit rule, mounts where every program of the user
    can look, knows nothing of DISKSEQ, and never sets the device itself read-only.
    """

    folder: Path
    """Where mount points are made: a private directory, as ``RuntimeDirectory=`` of the unit is."""

    def start(self) -> None:
        """Make the folder, and let go of everything an earlier run left mounted in it; nothing outside of it is touched."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        home = self.folder.resolve()
        for point in reversed(kernel.mount_points()):
            if point.path.parent == home:
                kernel.unmount(point.path, lazily=True)
        for left in home.iterdir():
            left.rmdir()  # empty now; a folder with something in it is none of ours and stops us

    @contextmanager
    def for_reading(self, volume: Volume) -> Iterator[Mounted]:
        """See `Mounting.for_reading`; before anything is mounted the kernel is told to refuse every write to the device."""
        with self._mounted(volume, for_clearing=False) as mounted:
            yield mounted

    @contextmanager
    def for_clearing(self, volume: Volume) -> Iterator[Mounted]:
        """See `Mounting.for_clearing`; afterwards the device refuses writes again."""
        try:
            with self._mounted(volume, for_clearing=True) as mounted:
                yield mounted
                _write_out(mounted, volume)
        finally:
            _write_protect_again(volume)

    @contextmanager
    def _mounted(self, volume: Volume, *, for_clearing: bool) -> Iterator[Mounted]:
        filesystem = _known(volume)
        _refuse_shared(volume)
        own = options_of(filesystem, for_clearing=for_clearing, uid=os.geteuid(), gid=os.getegid())
        flags = kernel.MS_NOATIME | kernel.MS_DIRSYNC if for_clearing else kernel.MS_RDONLY
        shown = f"{'rw,noatime,dirsync' if for_clearing else 'ro'},nodev,nosuid,noexec,{own}"
        root = Path(tempfile.mkdtemp(prefix=f"{volume.node.name}-", dir=self.folder.resolve()))
        try:
            with _opened(volume) as descriptor, _translated(volume):
                kernel.set_read_only(descriptor, read_only=not for_clearing)
                # the node is held open meanwhile, so its number cannot be given to another disk
                kernel.mount(volume.node, root, filesystem=filesystem.type, flags=flags | _NEVER, options=own)
            try:
                _refuse_another(volume, root)
                yield Mounted(root, shown)
            finally:
                _let_go(root)
        finally:
            root.rmdir()


def _known(volume: Volume) -> FileSystem:
    found = KNOWN.get(volume.filesystem)
    if found is None:
        message = f"{volume.node}: file system {volume.filesystem!r}: expected one of {', '.join(KNOWN)}"
        raise NotMounted(message)
    return found


def _refuse_shared(volume: Volume) -> None:
    """Refuse what somebody else has mounted: his options would hold for us too, and he may write."""
    for point in kernel.mount_points():
        if point.number == volume.number:
            message = f"{volume.node}: is mounted at {point.path} already"
            raise NotMounted(message)


@contextmanager
def _opened(volume: Volume) -> Iterator[int]:
    """Open the device and make sure that it is the one meant: names and numbers are given again, a DISKSEQ never is."""
    with _translated(volume):
        descriptor = os.open(volume.node, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        found = os.fstat(descriptor)
        sequence = kernel.disk_sequence(descriptor) if stat.S_ISBLK(found.st_mode) else 0
        is_same = stat.S_ISBLK(found.st_mode) and found.st_rdev == volume.number
        if not is_same or (sequence and volume.sequence and sequence != volume.sequence):
            message = f"{volume.node}: another device has taken its name"
            raise SourceChanged(message)
        yield descriptor
    finally:
        os.close(descriptor)


def _refuse_another(volume: Volume, root: Path) -> None:
    with _translated(volume):
        found = root.stat().st_dev
    if found != volume.number:
        message = f"{volume.node}: mounted {os.major(found)}:{os.minor(found)}, which is another device"
        raise SourceChanged(message)


def _let_go(root: Path) -> None:
    try:
        kernel.unmount(root, lazily=False)
    except OSError as error:
        if error.errno == errno.EINVAL:
            return  # nothing is mounted there any more: the system lets go of disks that are gone, too
        # pulled, or somebody still holds a file of it
        kernel.unmount(root, lazily=True)


def _write_out(mounted: Mounted, volume: Volume) -> None:
    with _translated(volume):
        kernel.write_everything(mounted.root)


def _write_protect_again(volume: Volume) -> None:
    # a camera that was pulled meanwhile needs no protection, and another one that took its name gets its own when it is mounted
    with suppress(SourceChanged, NotMounted, OSError), _opened(volume) as descriptor:
        kernel.set_read_only(descriptor, read_only=True)


@contextmanager
def _translated(volume: Volume) -> Iterator[None]:
    """Tell a device that is gone from one that cannot be mounted."""
    try:
        yield
    except OSError as error:
        message = f"{volume.node}: {error.strerror}{_WHY.get(error.errno or 0, '')}"
        is_there = (_SYS / f"{os.major(volume.number)}:{os.minor(volume.number)}").exists()
        raise (NotMounted if is_there and error.errno not in _GONE else SourceChanged)(message) from error
