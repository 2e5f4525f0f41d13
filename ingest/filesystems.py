"""
Which file systems of cameras are mounted, and with which options.

The list is short on purpose: whatever can be mounted is code of the kernel that a stranger's card may feed. Options are fixed,
for times and names must mean the same on every host:

* FAT keeps local time without saying of which zone. ``tz=UTC`` has the kernel give the digits as they stand on the card; in
  which zone they were written is decided later, and in the open, by the profile.
* exFAT may say the zone of each time; ``time_offset=0`` gives the digits of those that do not.
* ``utf8=1`` gives names in UTF-8 whatever the host's ``iocharset``. ``iocharset=utf8`` would do so as well, but has FAT tell
  names apart by case. Short names are read by code page 437, in which every byte is another character, so that none is lost.
* ext4 would write its journal back even when mounted read-only; ``noload`` keeps it from that.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileSystem:
    """How a file system is mounted."""

    type: str
    """As the kernel calls it."""
    options: tuple[str, ...] = ()
    reading: tuple[str, ...] = ()
    """Further options where it is only read."""


_MINE = ("uid={uid}", "gid={gid}", "umask=0077")
"""FAT knows no owners: everything belongs to whoever mounts."""
_EXT = FileSystem("ext4", ("errors=remount-ro",), ("noload",))

KNOWN = {
    "vfat": FileSystem("vfat", ("tz=UTC", "utf8=1", "codepage=437", "shortname=mixed", "errors=remount-ro", *_MINE)),
    "exfat": FileSystem("exfat", ("time_offset=0", "iocharset=utf8", "errors=remount-ro", *_MINE)),
    "ext4": _EXT,
    "ext3": _EXT,
    "ext2": _EXT,
}
"""By the names of udev."""


def options_of(filesystem: FileSystem, *, for_clearing: bool, uid: int, gid: int) -> str:
    """Return what belongs to the file system itself, without ``ro,nodev,nosuid,noexec``."""
    chosen = filesystem.options if for_clearing else (*filesystem.options, *filesystem.reading)
    return ",".join(each.format(uid=uid, gid=gid) for each in chosen)
