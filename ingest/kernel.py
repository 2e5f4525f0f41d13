"""
The few calls of Linux about block devices and mounts that Python does not have.

They do what they are told and raise `OSError`; what an error means is decided by whoever called.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_DIRSYNC, MS_NOATIME = 1, 2, 4, 8, 128, 1024
"""Flags of `mount`."""
_MNT_DETACH, _UMOUNT_NOFOLLOW = 2, 8
_BLKROSET, _BLKROGET, _BLKGETDISKSEQ = 0x125D, 0x125E, 0x80081280
_ESCAPED = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class MountPoint:
    """One line of ``/proc/self/mountinfo``."""

    path: Path
    number: int
    """Device number of what is mounted."""


def mount(source: Path, target: Path, *, filesystem: str, flags: int, options: str) -> None:
    """Mount *source* at *target*; needs CAP_SYS_ADMIN, and no more."""
    _called(_libc().mount(bytes(source), bytes(target), filesystem.encode(), ctypes.c_ulong(flags), options.encode()), target)


def unmount(target: Path, *, lazily: bool) -> None:
    """Let go of what is mounted at *target*; *lazily* also where somebody still holds a file of it."""
    _called(_libc().umount2(bytes(target), _UMOUNT_NOFOLLOW | (_MNT_DETACH if lazily else 0)), target)


def write_everything(folder: Path) -> None:
    """Write everything of the file system that *folder* is in to its device before returning."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _called(_libc().syncfs(descriptor), folder)
    finally:
        os.close(descriptor)


def set_read_only(descriptor: int, *, read_only: bool) -> None:
    """Have the kernel refuse (or take) every write to an open block device, whoever asks; needs CAP_SYS_ADMIN."""
    fcntl.ioctl(descriptor, _BLKROSET, struct.pack("i", read_only))


def is_read_only(descriptor: int) -> bool:
    """Say whether the kernel refuses writes to an open block device."""
    return bool(struct.unpack("i", fcntl.ioctl(descriptor, _BLKROGET, struct.pack("i", 0)))[0])


def disk_sequence(descriptor: int) -> int:
    """Return the DISKSEQ of an open block device; 0 where the kernel (before 5.15) gives none."""
    try:
        answer = fcntl.ioctl(descriptor, _BLKGETDISKSEQ, bytes(8))
    except OSError:
        return 0
    return int(struct.unpack("Q", answer)[0])


def mount_points() -> list[MountPoint]:
    """Return what is mounted in this process's view, in the order in which it was."""
    lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    return [_mount_point(line.split(b" ")) for line in lines]


def _mount_point(fields: list[bytes]) -> MountPoint:
    major, minor = fields[2].split(b":")
    path = _ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), fields[4])
    return MountPoint(Path(os.fsdecode(path)), os.makedev(int(major), int(minor)))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _called(result: int, path: Path) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(path))
