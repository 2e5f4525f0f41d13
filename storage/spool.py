"""
The spool: where a recording rests between camera and object store, in a directory that says everything about itself.

::

    SPOOL/01J…/claim.json       what is being read: written before the first byte, there as long as the berth is
    SPOOL/01J…/original.part    a reading under way, or what a crash left of one; may be begun again at any time
    SPOOL/01J…/original         the bytes
    SPOOL/01J…/reading.json     what the one read found; written last: once it is beside `original`, the reading is complete
    SPOOL/01J…/derived/         renderings under way
    SPOOL/.lock                 held by the one process that works the spool; holds its number
    SPOOL/.claiming-…           a berth that is not one yet     } left by a crash, these mean nothing
    SPOOL/.removed-…            a berth that is not one any more } and are swept by whoever next holds the lock

After a crash nothing has to be guessed, and nothing is thrown away because a row in some database is missing: a berth goes only
when custody, which knows what has been deposited, calls `Berth.remove`. The disk may lose bytes: until they are deposited the
camera has them too. A full disk stops reading (`SpoolFull`) and nothing else.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from storage import durable
from storage.berth import CLAIM, REMOVED, Berth, State, verify_reading
from storage.errors import StorageUnavailable
from storage.evidence import Json, Kind, Subject
from storage.room import Room, on_disk

__all__ = ["Berth", "Spool", "State", "verify_reading"]

_LOCK = ".lock"
_CLAIMING = ".claiming-"
_BERTH = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}|[0-9a-f]{32}")


class Spool:
    """The berths under one directory. Whoever changes anything holds `lock`; threads of that process share the spool."""

    def __init__(self, root: Path, *, reserve: int) -> None:
        self._root = root
        self._room = Room(root, reserve)
        self._known: dict[str, Berth] = {}

    def claim(self, clip: Subject, claim: Mapping[str, Json]) -> Berth:
        """
        Give *clip* a berth in which *claim* says what is being read, durably; a clip that has one keeps it and its first claim.

        Raises `SpoolFull` or `StorageUnavailable`.
        """
        path = self._path(clip)
        with on_disk(f"claiming a berth for {clip}"):
            if not self._root.is_dir():
                durable.make_directory(self._root)
            if not path.is_dir():
                self._make(path, json.dumps(dict(claim), allow_nan=False, indent=1, sort_keys=True).encode())
            # also when it was there: a crash may have come between rename and sync
            durable.sync_directory(self._root)
        return self._berth(clip.id)

    def berths(self) -> Iterator[Berth]:
        """All berths, oldest clip first. Berths that come or go meanwhile may be missed or given."""
        with on_disk("listing the spool"):
            names = sorted(os.listdir(self._root)) if self._root.is_dir() else []  # noqa: PTH208 - asked often, and names do
        return (self._berth(name) for name in names if _BERTH.fullmatch(name))

    def find(self, clip: Subject) -> Berth | None:
        """The berth of *clip*, if it has one."""
        path = self._path(clip)
        with on_disk(f"looking for {clip} in the spool"):
            return self._berth(clip.id) if path.is_dir() else None

    def free(self) -> int:
        """Bytes that may still be read into the spool: free on its disk, without the reserve."""
        return self._room.free()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only one, in all processes, who works this spool, or raise `StorageUnavailable` naming the other process."""
        with on_disk("locking the spool"):
            durable.make_directory(self._root)
            descriptor = os.open(self._root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, durable.PRIVATE_FILE)
        try:  # the kernel ends the lock with its holder, however that ends; the file stays
            _lock(descriptor)
            with on_disk("sweeping the spool"):
                self._sweep()
            self._known.clear()  # another process may have had the lock since
            yield
        finally:
            os.close(descriptor)

    def _path(self, clip: Subject) -> Path:
        if clip.kind is not Kind.CLIP:
            message = f"{clip}: only clips have a berth in the spool"
            raise ValueError(message)
        return self._root / clip.id

    def _berth(self, name: str) -> Berth:
        """The same berth for the same name, so that its claim is read once however often the spool is searched."""
        known = self._known.get(name)
        if known is None:
            berth = Berth(Subject(Kind.CLIP, name), self._root / name, self._room, self._known)
            known = self._known.setdefault(name, berth)
        return known

    def _make(self, path: Path, claim: bytes) -> None:
        """Make a berth that has its claim from the moment it has its name."""
        unborn = self._root / f"{_CLAIMING}{path.name}-{secrets.token_hex(4)}"
        unborn.mkdir(mode=durable.PRIVATE_DIRECTORY)
        durable.write_unnamed(unborn / CLAIM, claim)
        durable.sync_directory(unborn)
        unborn.rename(path)

    def _sweep(self) -> None:
        for path in self._root.iterdir():
            if path.name.startswith((_CLAIMING, REMOVED)):
                shutil.rmtree(path)


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
        message = f"the spool is in use by process {holder}"
        raise StorageUnavailable(message) from error
    with on_disk("locking the spool"):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
