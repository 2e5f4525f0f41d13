"""
A directory that is there whole or not at all: it is made under a name that means nothing, and renamed when it is finished.

::

    .NAME.partial    being made; its lock says whether somebody still does, and what a crash left is thrown away by the next one
    NAME             finished
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage import durable
from storage.errors import StaleState, StorageUnavailable

__all__ = ["born", "unborn"]


@contextmanager
def unborn(target: Path) -> Iterator[Path]:
    """
    Give an empty directory beside *target* to be filled, and remove it where that fails.

    Raises `StaleState` where *target* exists, `StorageUnavailable` where somebody else is making it, and `OSError`.
    """
    _refuse_existing(target)
    durable.make_directory(target.parent, 0o755)
    partial = target.with_name(f".{target.name}.partial")
    partial.mkdir(exist_ok=True)
    descriptor = _alone(partial)
    try:
        for leftover in partial.iterdir():
            shutil.rmtree(leftover) if leftover.is_dir() and not leftover.is_symlink() else leftover.unlink()
        try:
            yield partial
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    finally:
        os.close(descriptor)


def born(partial: Path, target: Path) -> None:
    """Give the finished directory its name, durably; `StaleState` where something has that name by now."""
    _refuse_existing(target)
    partial.chmod(0o755)
    durable.rename(partial, target)


def _alone(partial: Path) -> int:
    descriptor = os.open(partial, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        message = f"{partial}: somebody else is writing this export"
        raise StorageUnavailable(message) from error
    return descriptor


def _refuse_existing(target: Path) -> None:
    if os.path.lexists(target):
        message = f"{target}: something has this name already; an export never writes over anything"
        raise StaleState(message)
