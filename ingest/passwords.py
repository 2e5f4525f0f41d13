"""
The passwords an office set for its cameras, each in a file that its owner alone may read.

A file is called like the profile (``amba-4255-0001``) or, for one camera, ``PROFILE@DEVICE``. Its first line is the password; a
second one, for the dialect ``at-sign``, is what goes with every command but the login. There is no password but these.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from ingest.dialects import Password
from storage import durable
from storage.errors import Refused, StorageUnavailable

_LONGEST = 256
_DEVICE = re.compile(r"[0-9A-Za-z_-]{1,64}")
_LINES = 2


@dataclass(frozen=True, slots=True)
class Passwords:
    """The directory they lie in, which need not exist; without one there are none."""

    folder: Path | None

    def of(self, profile: str, device: str | None = None) -> Password | None:
        """
        Return what was set for *device*, else for its *profile*, else None.

        Raises `Refused` for a file that others may read too or that holds no password.
        """
        for path in self._places(profile, device):
            text = _read(path)
            if text is not None:
                return parsed(text, path)
        return None

    def set(self, password: Password, profile: str, device: str | None = None) -> Path:
        """Write *password* durably, in place of the one before; raises `ValueError` for a device that cannot name a file."""
        if device is not None and not _DEVICE.fullmatch(device):
            message = f"device {device!r}: expected letters, digits, '-' and '_'"
            raise ValueError(message)
        path = next(iter(self._places(profile, device)), None)
        if path is None:
            message = "passwords: there is no directory for them"
            raise ValueError(message)
        try:
            durable.make_directory(path.parent)
            durable.replace(path, f"{password.login}\n{password.with_questions}".rstrip("\n").encode() + b"\n")
        except OSError as error:
            message = f"{path}: cannot be written: {error.strerror}"
            raise StorageUnavailable(message) from error
        return path

    def _places(self, profile: str, device: str | None) -> list[Path]:
        if self.folder is None:
            return []
        # what a camera calls itself is no path before it has been looked at
        own = [self.folder / f"{profile}@{device}"] if device is not None and _DEVICE.fullmatch(device) else []
        return [*own, self.folder / profile]


def parsed(text: str, path: Path) -> Password:
    """Read one or two lines; raises `Refused` without repeating them."""
    lines = text.removesuffix("\n").split("\n")
    if not lines[0] or len(lines) > _LINES or not all(line.isprintable() for line in lines):
        message = f"{path}: expected a password in one line, or two lines"
        raise Refused(message)
    return Password(*lines)


def _read(path: Path) -> str | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise Refused(message) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
            message = f"{path}: a password must be a file that nobody else may read (chmod 600)"
            raise Refused(message)
        return os.read(descriptor, _LONGEST).decode("utf-8", "backslashreplace")
    finally:
        os.close(descriptor)
