"""
A berth: the place of one clip in the spool (`storage.spool` says what lies in it).

Both files make a berth complete, `original` and `reading.json`; the second is named last and the directory synced after it. So
a process or a machine that dies at any line leaves a berth that is complete and right, or one that is read again.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

from storage import durable
from storage.errors import EvidenceError, NotFound, StorageUnavailable
from storage.evidence import Algorithm, Json, Subject
from storage.hashing import ALWAYS, Reading, read_through
from storage.promise import Promise, Readable
from storage.room import Room, on_disk

CLAIM, ORIGINAL, READING, DERIVED = "claim.json", "original", "reading.json", "derived"
REMOVED = ".removed-"
"""How the name of a berth begins that is one no more."""

State: TypeAlias = Literal["claimed", "complete"]


class Berth:
    """The place of one clip in the spool."""

    def __init__(self, clip: Subject, path: Path, room: Room, known: dict[str, Berth]) -> None:
        self.clip = clip
        self.original = path / ORIGINAL
        self.derived = path / DERIVED
        """Where renderings are made; whoever renders makes it."""
        self.is_untried = False
        """Whether this process knows that nobody has tried to deposit it. Kept nowhere: after a crash, nobody knows."""
        self._path, self._room, self._known = path, room, known
        self._reading = path / READING

    @cached_property
    def claim(self) -> Mapping[str, Json]:
        """What was claimed before the first byte was read. Raises `EvidenceError` if the disk lost it."""
        try:
            claim = json.loads((self._path / CLAIM).read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            message = f"{self.clip}: its claim in the spool cannot be read: {error}"
            raise EvidenceError(message) from error
        if not isinstance(claim, dict):
            message = f"{self.clip}: expected an object as its claim in the spool"
            raise EvidenceError(message)
        return claim

    @property
    def state(self) -> State:
        """Whether the bytes are here with what the read found: both files, because a crash may undo either rename alone."""
        return "complete" if self._reading.is_file() and self.original.is_file() else "claimed"

    def secure(
        self,
        source: Readable,
        *,
        expected_size: int | None,
        algorithms: frozenset[Algorithm] = ALWAYS,
        progress: Callable[[int], None] | None = None,
    ) -> Reading:
        """
        Read *source* into the berth; on return the bytes and what was found are durable and the berth is complete.

        May be repeated from the start of the source at any time. A complete berth stays complete whatever happens: it takes the
        same bytes again, and raises `DigestMismatch` for others. Raises `SourceChanged`, `SpoolFull` or `StorageUnavailable`;
        then what was copied is gone and the room is free.
        """
        earlier = self.reading() if self.state == "complete" else None
        part = self.original.with_name("original.part")
        with on_disk(f"securing {self.clip}"), ExitStack() as undo:
            self._sweep()
            with self._room.allotted(expected_size or 0, progress) as watched:
                undo.callback(part.unlink, missing_ok=True)
                reading = _copied(source, part, expected_size, algorithms, watched)
            if earlier is not None:
                earlier.expect(reading, f"{self.clip}, read again")
            found = durable.write_temporary(self._reading, reading.encode())
            undo.callback(found.unlink, missing_ok=True)
            part.rename(self.original)
            # a crash here leaves bytes without a reading: claimed, and read again
            durable.rename(found, self._reading)
        return reading

    def _sweep(self) -> None:
        """Remove what a crash left under names that mean nothing."""
        for path in self._path.glob(f"*{durable.TEMPORARY}"):
            path.unlink()
        if self.state == "claimed" and self._reading.exists():
            # the disk forgot the name of the bytes it speaks of; it must not be found beside others
            durable.remove(self._reading)

    def reading(self) -> Reading:
        """What the read found. Raises `NotFound` if it is not complete, `EvidenceError` if the disk lost it."""
        try:
            return Reading.decode(self._reading.read_bytes())
        except FileNotFoundError as error:
            message = f"{self.clip}: it has not been read into the spool"
            raise NotFound(message) from error
        except (OSError, ValueError) as error:
            message = f"{self.clip}: its reading in the spool cannot be read: {error}"
            raise EvidenceError(message) from error

    def open(self) -> BinaryIO:
        """Open the bytes from their beginning; whoever reads them holds them to `promise`."""
        try:
            return self.original.open("rb", buffering=0)
        except FileNotFoundError as error:
            message = f"{self.clip}: its bytes are not in the spool"
            raise NotFound(message) from error
        except OSError as error:
            message = f"{self.clip}: its bytes in the spool cannot be opened: {error.strerror}"
            raise StorageUnavailable(message) from error

    def promise(self) -> Promise:
        """What `reading` promises to whoever stores or reads the bytes."""
        return self.reading().promise

    def remove(self) -> None:
        """
        Give the berth up with all that is in it; that it is gone already is fine.

        Only for custody, once entries stand that say where the bytes are now. A process that dies in the middle leaves no
        berth: it loses its name before it loses anything else.
        """
        tomb = self._path.with_name(f"{REMOVED}{self._path.name}-{secrets.token_hex(4)}")
        with on_disk(f"removing {self.clip} from the spool"):
            self._known.pop(self.clip.id, None)
            if not self._path.is_dir():
                return
            # not synced: after a loss of power the berth is back, whole or not complete, and whoever removed it does so again
            self._path.rename(tomb)
            shutil.rmtree(tomb)


def verify_reading(berth: Berth) -> None:
    """
    Return only if the bytes in a complete berth are what its one read found, and everything about it is durable.

    For the start after a crash. Raises `DigestMismatch` naming the first bytes that differ, `SourceChanged` if there are fewer
    or more of them, and whatever `Berth.reading` and `Berth.open` raise.
    """
    found = berth.reading()
    optional = {Algorithm.SM3: found.content.sm3, Algorithm.MD5: found.md5}
    with berth.open() as opened:
        algorithms = ALWAYS | {algorithm for algorithm, digest in optional.items() if digest is not None}
        again = read_through(opened, None, expected_size=found.content.size, algorithms=algorithms)
    found.expect(again, f"{berth.clip} in the spool")
    with on_disk(f"syncing {berth.clip}"):
        # the process may have died between rename and sync
        durable.sync_directory(berth.original.parent)


def _copied(
    source: Readable,
    part: Path,
    expected_size: int | None,
    algorithms: frozenset[Algorithm],
    progress: Callable[[int], None],
) -> Reading:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(part, flags, durable.PRIVATE_FILE), "wb", buffering=0) as sink:  # noqa: PTH123 - a descriptor, not a path
        reading = read_through(source, sink, expected_size=expected_size, algorithms=algorithms, progress=progress)
        os.fsync(sink.fileno())
    return reading
