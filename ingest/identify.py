"""What a card or folder says of which device it is. A claim, good enough to meet the same card again."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from storage.errors import NotFound

_ESCAPED = re.compile(rb"\\([0-7]{3})")
_LINK_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
_BY_UUID = Path("/dev/disk/by-uuid")
_BY_LABEL = Path("/dev/disk/by-label")
_MOUNTS = Path("/proc/self/mountinfo")


class ClaimKind(StrEnum):
    """Who says which device it is."""

    NAMED = "named"
    """A person, by ``--device``."""
    VOLUME = "volume"
    """The file system, by its UUID. Factory-formatted cards may share one: size and digests still tell their clips apart."""
    ASKED = "asked"
    """The camera, when it was asked."""
    LABEL = "label"
    """The label of its volume, by the word of its profile."""
    SERIAL = "serial"
    """Its USB device."""
    BAY = "bay"
    """Nobody; the bay it is in stands in."""
    FOLDER = "folder"
    """Nobody; the absolute path stands in."""


@dataclass(frozen=True, slots=True)
class DeviceClaim:
    """Which device a card claims to be."""

    kind: ClaimKind
    value: str

    def __post_init__(self) -> None:
        if not self.value or not _is_unicode(self.value):
            message = f"device {self.value!r}: expected a name in Unicode that is not empty"
            raise ValueError(message)

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


def identify(path: Path, override: str | None = None) -> DeviceClaim:
    """
    Say which device *path* claims to be: what a person said, else the volume mounted just there, else its absolute path.

    A folder inside a volume is a folder: it may be a copy of anything. Raises `NotFound` where there is nothing.
    """
    if override is not None:
        return DeviceClaim(ClaimKind.NAMED, override)
    try:
        device = path.stat().st_dev
    except OSError as error:
        message = f"card {path}: there is no such folder: {error.strerror}"
        raise NotFound(message) from error
    real = os.fsencode(os.path.realpath(path))
    if is_whole_volume(_read(_MOUNTS), mount_point=real, device=device):
        uuid = link_to(device, _BY_UUID)
        if uuid:
            return DeviceClaim(ClaimKind.VOLUME, uuid)
    return DeviceClaim(ClaimKind.FOLDER, real.decode("utf-8", "backslashreplace"))


def volume_label(device: int) -> str:
    """Give the label of the file system on block device *device*; empty where it has none or nobody knows."""
    return link_to(device, _BY_LABEL)


def in_sysfs(device: int) -> bool:
    """Say whether the kernel knows block device *device* right now; a pulled card's is gone at once."""
    return Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").exists()


def is_whole_volume(mounts: bytes, *, mount_point: bytes, device: int) -> bool:
    """
    Say whether, in the text of mountinfo (proc(5)), *device* is mounted with its own root at *mount_point*.

    A bind mount of a folder is not: it would speak for the whole disk. Of several mounts at one place the last one counts.
    """
    found = False
    for line in mounts.splitlines():
        fields = line.split(b" ")
        if len(fields) > 5 and _plain(fields[4]) == mount_point:  # noqa: PLR2004 — the fields of proc(5)
            found = fields[2] == f"{os.major(device)}:{os.minor(device)}".encode() and fields[3] == b"/"
    return found


def link_to(device: int, folder: Path) -> str:
    """Give the name udev wrote in *folder* for block device *device*, the first in order; empty where there is none."""
    try:
        links = sorted(folder.iterdir())
    except OSError:  # no udev, or no such links: then there is no such claim
        return ""
    for link in links:
        if _points_at(link, device):
            plain = _LINK_ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), os.fsencode(link.name))
            return plain.decode("utf-8", "backslashreplace")
    return ""


def _points_at(link: Path, device: int) -> bool:
    try:
        return link.stat().st_rdev == device
    except OSError:  # a card was pulled between listing and looking
        return False


def _plain(field: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), field)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # no /proc: then nothing is known to be a mount
        return b""


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
