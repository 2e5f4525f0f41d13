"""
The few things of `os` that change names, made durable: when a call returns, it survives a loss of power.

Names live in directories, so each change of a name ends with an fsync of the directory that holds it. Like `os`, these raise
`OSError`; whoever calls them knows what the file was for and translates.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700
TEMPORARY = ".tmp"
"""The suffix of a name that means nothing yet; what a crash leaves under it may be thrown away."""


def write_new(path: Path, data: bytes, mode: int = PRIVATE_FILE) -> None:
    """
    Put *data* under a name that is free, whole or not at all.

    Raises `FileExistsError` if something has that name already.
    """
    if os.path.lexists(path):
        message = f"{path.name}: a file of this name exists already"
        raise FileExistsError(message)
    replace(path, data, mode)


def replace(path: Path, data: bytes, mode: int = PRIVATE_FILE) -> None:
    """Put *data* under *path*, whole or not at all; whoever looks sees what was there before or all of this."""
    rename(write_temporary(path, data, mode), path)


def write_temporary(path: Path, data: bytes, mode: int = PRIVATE_FILE) -> Path:
    """Write and sync *data* under a temporary name beside *path*, for the caller to rename; nothing is left if that fails."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}{TEMPORARY}")
    write_unnamed(temporary, data, mode)
    return temporary


def write_unnamed(path: Path, data: bytes, mode: int = PRIVATE_FILE) -> None:
    """Write and sync *data* into a new file whose name nobody looks at yet; nothing is left if that fails."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        write_all(lambda view: os.write(descriptor, view), data)
        os.fsync(descriptor)
    except OSError:
        path.unlink()
        raise
    finally:
        os.close(descriptor)


def write_all(write: Callable[[memoryview], int | None], data: bytes | memoryview) -> None:
    """Write all of *data*; the system may take it in pieces."""
    view = memoryview(data)
    while view:
        written = write(view)
        if not written:
            message = "nothing was written"
            raise BlockingIOError(errno.EAGAIN, message)
        view = view[written:]


def make_directory(path: Path, mode: int = PRIVATE_DIRECTORY) -> None:
    """Make *path* and the parents that are missing; one that is there already is made durable as well."""
    if not path.parent.is_dir():
        make_directory(path.parent, mode)
    path.mkdir(mode=mode, exist_ok=True)
    # also when it was there: the crash may have come between the last mkdir and its sync
    sync_directory(path.parent)


def rename(old: Path, new: Path) -> None:
    """Give *old* the name *new*, replacing a file that has it."""
    old.rename(new)
    sync_directory(new.parent)
    if old.parent != new.parent:
        sync_directory(old.parent)


def remove(path: Path) -> None:
    """Remove the file *path*; that it is gone already is fine."""
    path.unlink(missing_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in *path* durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
