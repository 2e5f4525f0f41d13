"""
Where files rest that are being sent: beside the berths, on the same disk, in the form that berths have.

::

    SPOOL/.receiving/01J…/claim.json       what was announced: written before the first byte
    SPOOL/.receiving/01J…/original.part    the bytes so far
    SPOOL/.receiving/01J…/mark             how many of them are durable
    SPOOL/.receiving/01J…/reading.json     what they are, once all are here; then `original.part` becomes `original`
    SPOOL/.receiving/.claiming-… .removed- mean nothing

Whoever serves receives, and needs no lock of the spool for it: what is whole and recorded is handed over by one rename, and
whoever holds the spool deposits it. So a dock can work the spool all day while files come in. What is not whole and was left
alone for too long is given up; what is whole is never.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from storage import durable
from storage.announced import Announced
from storage.berth import CLAIM, REMOVED
from storage.errors import NoQuota, NotFound, SpoolFull
from storage.evidence import Algorithm, Kind, Subject
from storage.hashing import ALWAYS
from storage.room import Room, on_disk
from storage.upload import PART, Upload

_PLACE, _CLAIMING = ".receiving", ".claiming-"
_NAME = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much may be sent."""

    largest: int = 64 << 30
    """Bytes of one file."""
    each_account: int = 256 << 30
    """Bytes of all that one account has begun and not finished."""
    most_open: int = 32
    """Files that one account has begun and not finished."""
    abandoned_after: timedelta = timedelta(days=7)
    """How long a file that is not whole may be left alone."""


class Receiving:
    """The files being sent to this spool."""

    def __init__(
        self,
        spool: Path,
        *,
        reserve: int,
        clock: Callable[[], datetime],
        allowance: Allowance | None = None,
        algorithms: frozenset[Algorithm] = ALWAYS,
    ) -> None:
        self._spool, self._root = spool, spool / _PLACE
        self._room, self._clock, self._algorithms = Room(spool, reserve), clock, algorithms
        self.allowance = allowance or Allowance()
        self._known: dict[str, Upload] = {}
        self._turn = threading.Lock()

    def begin(self, announced: Announced) -> Upload:
        """Make room for a file, durably; raises `NoQuota`, `SpoolFull` or `StorageUnavailable`."""
        with self._turn, on_disk(f"beginning {announced.clip}"):
            durable.make_directory(self._root)
            self._require(announced)
            unborn = self._root / f"{_CLAIMING}{secrets.token_hex(8)}"
            unborn.mkdir(mode=durable.PRIVATE_DIRECTORY)
            durable.write_unnamed(unborn / CLAIM, json.dumps(announced.as_json(), indent=1).encode())
            durable.write_unnamed(unborn / PART, b"")
            durable.sync_directory(unborn)
            durable.rename(unborn, self._root / announced.clip.id)
        return self.find(announced.clip)

    def _require(self, announced: Announced) -> None:
        allowed = self.allowance
        open_ones = [upload for upload in self.each() if not upload.is_whole]
        mine = [upload.announced.size for upload in open_ones if upload.announced.account == announced.account]
        if announced.size > allowed.largest or sum(mine) + announced.size > allowed.each_account:
            message = f"{announced.clip}: {announced.size} bytes are more than may be sent, beside {sum(mine)} begun before"
            raise NoQuota(message)
        if len(mine) >= allowed.most_open:
            message = f"{announced.clip}: {len(mine)} files were begun and not finished"
            raise NoQuota(message)
        free = self._room.free() - sum(upload.announced.size - upload.offset for upload in open_ones)
        if announced.size > free:
            message = f"the spool has no room: needed {announced.size} bytes, {max(free, 0)} are free"
            raise SpoolFull(message)

    def find(self, clip: Subject) -> Upload:
        """The file of that name; raises `NotFound` once it was handed over, given up, or where it never was."""
        if clip.kind is not Kind.CLIP or not (self._root / clip.id).is_dir():
            self._known.pop(clip.id, None)
            message = f"{clip}: there is no such upload"
            raise NotFound(message)
        known = self._known.get(clip.id)
        if known is None:
            upload = Upload(clip, self._root / clip.id, self._room, self._algorithms)
            known = self._known.setdefault(clip.id, upload)
        return known

    def each(self) -> Iterator[Upload]:
        """All of them, the oldest first; those that go meanwhile may be missed."""
        with on_disk("listing what is being sent"):
            names = sorted(os.listdir(self._root)) if self._root.is_dir() else []  # noqa: PTH208 - names do
        for name in filter(_NAME.fullmatch, names):
            try:
                yield self.find(Subject(Kind.CLIP, name))
            except NotFound:
                continue

    def berth(self, clip: Subject) -> Path:
        """Where *clip* rests once it was handed over."""
        return self._spool / clip.id

    def expires_at(self, upload: Upload) -> datetime:
        """Until when it is kept if nothing more comes."""
        return upload.touched_at() + self.allowance.abandoned_after

    def give_up_abandoned(self) -> list[Subject]:
        """Remove what is not whole and was left alone for too long; return what it was."""
        gone = []
        self._forget()
        for upload in self.each():
            if not self._is_abandoned(upload):
                continue
            with upload.alone():
                # a byte may have come between the question and the lock
                if self._is_abandoned(upload):
                    upload.remove()
                    gone.append(upload.clip)
        return gone

    def _forget(self) -> None:
        """Keep nothing in memory of what is not here any more."""
        for name in list(self._known):
            if not (self._root / name).is_dir():
                self._known.pop(name, None)

    def _is_abandoned(self, upload: Upload) -> bool:
        return not upload.is_whole and self.expires_at(upload) <= self._clock()

    def sweep(self) -> None:
        """Remove what a crash left under names that mean nothing; to be called before anything is received."""
        with on_disk("sweeping what was being sent"):
            for path in self._root.iterdir() if self._root.is_dir() else ():
                if path.name.startswith((_CLAIMING, REMOVED)):
                    shutil.rmtree(path)
