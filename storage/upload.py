"""
One file that is being sent: a berth under construction, of which it is always known how much is durable.

``original.part`` holds the bytes and ``mark`` says how many of them are synced; what lies beyond the mark after a crash is cut
off and sent again. Digests are computed while the bytes come, over the bytes that came; only a process that was started anew
reads again what it had not hashed itself.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from storage import durable
from storage.announced import Announced
from storage.berth import CLAIM, ORIGINAL, READING, REMOVED
from storage.errors import EvidenceError, InUse, NotFound, SourceChanged, SpoolFull
from storage.evidence import Algorithm, Subject
from storage.hashing import Gathering, Reading
from storage.lanes import BLOCK_SIZE
from storage.room import Room, on_disk

PART, MARK = f"{ORIGINAL}.part", "mark"
_SYNC = 8 * BLOCK_SIZE
"""Bytes after which they are made durable, also in the middle of a request."""


class Upload:
    """A file that is being sent. Threads and processes may share it: one at a time writes."""

    def __init__(self, clip: Subject, path: Path, room: Room, algorithms: frozenset[Algorithm]) -> None:
        self.clip = clip
        self._path, self._room, self._algorithms = path, room, algorithms
        self._gathering: Gathering | None = None
        with self._on_disk("looking at"):
            try:
                self.announced = Announced.from_json(clip, json.loads((path / CLAIM).read_bytes()))
            except ValueError as error:
                message = f"{clip}: what was announced of it cannot be read: {error}"
                raise EvidenceError(message) from error

    @property
    def offset(self) -> int:
        """How many bytes are here, durably."""
        with self._on_disk("looking at"):
            if (self._path / READING).exists():
                return self.announced.size
            try:
                return int((self._path / MARK).read_bytes())
            except FileNotFoundError:
                return 0
            except ValueError as error:
                message = f"{self.clip}: its mark in the spool cannot be read: {error}"
                raise EvidenceError(message) from error

    @property
    def is_whole(self) -> bool:
        """Whether all of it is here."""
        return self.offset == self.announced.size

    def touched_at(self) -> datetime:
        """When something last came."""
        with self._on_disk("looking at"):
            times = [(self._path / name).stat().st_mtime for name in (CLAIM, MARK) if (self._path / name).exists()]
        return datetime.fromtimestamp(max(times, default=0), UTC)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one who changes it, or raise `InUse`; `NotFound` where it is gone."""
        with self._on_disk("opening"):
            descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not self._path.is_dir():
                message = f"{self.clip}: there is no such upload any more"
                raise NotFound(message)
            yield
        except BlockingIOError as error:
            message = f"{self.clip}: somebody else is sending it"
            raise InUse(message) from error
        finally:
            os.close(descriptor)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Go on where the mark is; to be called by whoever is `alone`. Whatever happened, what came is durable on leaving."""
        offset = self.offset
        with self._on_disk("opening"):
            part = open(self._path / PART, "r+b", buffering=0, opener=_not_following)  # noqa: SIM115 - closed below
        with part:
            with self._on_disk("opening"):
                if os.fstat(part.fileno()).st_size < offset:
                    message = f"{self.clip}: the disk lost bytes that were durable"
                    raise EvidenceError(message)
                part.truncate(offset)
            gathering, self._gathering = self._caught_up(part, offset), None
            writer = Writer(self, part, gathering, offset)
            try:
                yield writer
            finally:
                writer.sync()
                self._gathering = gathering

    def _caught_up(self, part: BinaryIO, offset: int) -> Gathering:
        """Have the digests of what is here: as they were left, or by reading it again."""
        gathering = self._gathering
        if gathering is None or gathering.position != offset:
            gathering = Gathering(self._algorithms)
            with self._on_disk("reading"):
                while block := part.read(BLOCK_SIZE):
                    gathering.absorb(block)
        part.seek(offset)
        return gathering

    def seal(self) -> Reading:
        """Make it a complete berth, of which everything but the name is durable; to be called by whoever is `alone`."""
        with self._on_disk("sealing"):
            if not (self._path / READING).exists():
                with self.writing() as writer:
                    reading = writer.reading()
                self._gathering = None  # it has said all it knows
                durable.replace(self._path / READING, reading.encode())
            if not (self._path / ORIGINAL).exists():
                # a crash before this line leaves a reading of bytes that are durable under their first name
                durable.rename(self._path / PART, self._path / ORIGINAL)
            durable.remove(self._path / MARK)
            return Reading.decode((self._path / READING).read_bytes())

    def hand_over(self, berth: Path) -> None:
        """Become the berth of that name; to be called once an entry stands that says so."""
        with self._on_disk("handing over"):
            durable.rename(self._path, berth)

    def remove(self) -> None:
        """Give it up with all that came; it loses its name first."""
        tomb = self._path.with_name(f"{REMOVED}{self._path.name}-{secrets.token_hex(4)}")
        with self._on_disk("removing"):
            self._path.rename(tomb)
            shutil.rmtree(tomb)

    def mark(self, offset: int) -> None:
        """Note that so many bytes are durable."""
        durable.replace(self._path / MARK, str(offset).encode())

    def require_room(self) -> None:
        """Raise `SpoolFull` where others have used up what the disk had."""
        if self._room.free() < 0:
            message = f"the spool has no room left for {self.clip}"
            raise SpoolFull(message)

    @contextmanager
    def _on_disk(self, what: str) -> Iterator[None]:
        with on_disk(f"{what} {self.clip} in the spool"):
            try:
                yield
            except FileNotFoundError as error:
                message = f"{self.clip}: there is no such upload"
                raise NotFound(message) from error


class Writer:
    """Appends to an upload."""

    def __init__(self, upload: Upload, part: BinaryIO, gathering: Gathering, offset: int) -> None:
        self._upload, self._part, self._gathering = upload, part, gathering
        self.position = self._synced = offset

    def absorb(self, data: bytes) -> None:
        """Take the next bytes. Raises `SourceChanged` for more than was announced, `SpoolFull` where there is no room."""
        if self.position + len(data) > self._upload.announced.size:
            message = f"{self._upload.clip}: expected {self._upload.announced.size} bytes, more were sent"
            raise SourceChanged(message)
        with on_disk(f"writing {self._upload.clip}"):
            durable.write_all(self._part.write, data)
        self._gathering.absorb(data)
        self.position += len(data)
        if self.position - self._synced >= _SYNC:
            self._upload.require_room()
            self.sync()

    def sync(self) -> None:
        """Make durable what came, and note it."""
        if self.position == self._synced:
            return
        with on_disk(f"syncing {self._upload.clip}"):
            os.fsync(self._part.fileno())
            self._upload.mark(self.position)
        self._synced = self.position

    def reading(self) -> Reading:
        """Say what the bytes are; all of them must be here."""
        if self.position != self._upload.announced.size:
            message = f"{self._upload.clip}: expected {self._upload.announced.size} bytes, {self.position} are here"
            raise SourceChanged(message)
        return self._gathering.reading()


def _not_following(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)
