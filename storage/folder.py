"""
A folder as an object store: for the demo, for tests and as a second copy.

It keeps the store contract against *us*: nothing is written over, and what is locked or held is not disposed of. It cannot keep
it against whoever administers this machine, and says so in `FolderStore.grade`; clearing a camera against it needs an
explicit setting.

::

    ROOT/evidence/clips/01J…/original.object/5f3a….bytes      the object, read-only
    ROOT/evidence/clips/01J…/original.object/5f3a….json       what `describe` says; the version is there once this is there
    ROOT/evidence/clips/01J…/original.object/91c0….tmp       an unfinished deposit

Bytes are written to a temporary name, synced, renamed and the directory synced; then the description likewise. A crash in
between leaves something that nobody can see and that `FolderStore.abandon` removes.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from storage import durable
from storage.errors import EvidenceError, NotFound, RetentionRefused
from storage.evidence import Digest, utc_moment, utc_text
from storage.folder_files import READ_ONLY, FileRange, alone, copy_new, stop_of, within_reach
from storage.objects import Bucket, ObjectName, Promise, Readable, Source, Stored, VersionInfo, whole_second

_OBJECT = ".object"
_BYTES, _DESCRIPTION = ".bytes", ".json"


@dataclass(frozen=True, slots=True)
class _Description:
    """What lies beside the bytes."""

    stored: Stored
    held: bool

    def to_json(self) -> bytes:
        until = self.stored.retained_until
        fields = {
            "version": self.stored.version,
            "size": self.stored.size,
            "sha256": str(self.stored.sha256),
            "blake3": str(self.stored.blake3),
            "retained_until": None if until is None else utc_text(until),
            "held": self.held,
            "media_type": self.stored.media_type,
        }
        return json.dumps(fields, ensure_ascii=False, indent=1).encode()

    @classmethod
    def from_json(cls, name: ObjectName, raw: bytes, *, size: int) -> _Description:
        """Read what `to_json` wrote; *size* is counted, not read."""
        try:
            fields = json.loads(raw)
            until = fields["retained_until"]
            stored = Stored(
                name=name,
                version=fields["version"],
                size=size,
                sha256=Digest.parse(fields["sha256"]),
                blake3=Digest.parse(fields["blake3"]),
                retained_until=None if until is None else utc_moment(until),
                media_type=fields["media_type"],
            )
            description = cls(stored, held=fields["held"] is True)
        except (ValueError, KeyError, TypeError) as error:
            message = f"{name}: the description beside the object cannot be read: {error}"
            raise EvidenceError(message) from error
        if description.to_json() != raw:
            message = f"{name}: the description beside the object was not written by this store, or not for these {size} bytes"
            raise EvidenceError(message)
        return description


class FolderStore:
    """The object store in a folder. Several processes of one machine may share it."""

    grade = "not protected from this machine"
    """How well it keeps evidence, said wherever the store is named."""

    def __init__(self, root: Path, *, clock: Callable[[], datetime]) -> None:
        self._root, self._clock = root, clock

    def deposit(
        self,
        name: ObjectName,
        source: Source,
        promise: Promise,
        *,
        retain_until: datetime | None,
        media_type: str = "application/octet-stream",
    ) -> Stored:
        """Keep the object as its one version; if it stands already, with the same content, that is returned."""
        directory = self._directory(name)
        version = secrets.token_hex(16)
        with within_reach(f"depositing {name}"):
            durable.make_directory(directory)
            part = directory / f"{version}{durable.TEMPORARY}"
            try:
                size = copy_new(source, part)
                stored = Stored(name, version, size, promise.sha256, promise.blake3, retain_until, media_type)
                return self._commit(stored, part)
            finally:
                part.unlink(missing_ok=True)

    def _commit(self, stored: Stored, part: Path) -> Stored:
        directory = part.parent
        with alone(directory):
            standing = self._only(stored.name)
            if standing is not None:
                return _same(standing.stored, stored)
            durable.rename(part, directory / f"{stored.version}{_BYTES}")
            # nobody can see the bytes before the next line has written their description
            self._describe_anew(_Description(stored, held=False))
        return stored

    def abandon(self, name: ObjectName) -> int:
        """Remove parts, and bytes that a crash left without a description."""
        directory = self._directory(name)
        with within_reach(f"abandoning {name}"):
            if not directory.is_dir():
                return 0
            with alone(directory):
                orphans = [path for path in directory.glob(f"*{_BYTES}") if not path.with_suffix(_DESCRIPTION).exists()]
                leftovers = [*directory.glob(f"*{durable.TEMPORARY}"), *orphans]
                for path in leftovers:
                    durable.remove(path)
        return len(leftovers)

    def describe(self, name: ObjectName, version: str | None = None) -> Stored:
        """Say what lies there; the size is that of the file."""
        return self._described(name, version).stored

    @contextmanager
    def open(self, name: ObjectName, *, version: str, start: int = 0, end: int | None = None) -> Iterator[Readable]:
        """Open a range of the file."""
        stop = stop_of(start, end, self.describe(name, version).size)
        with within_reach(f"opening {name}"):
            descriptor = os.open(self._path(name, version, _BYTES), os.O_RDONLY | os.O_NOFOLLOW)
        try:
            yield FileRange(str(name), descriptor, start=start, stop=stop)
        finally:
            os.close(descriptor)

    def inventory(self, bucket: Bucket, prefix: str = "") -> Iterator[VersionInfo]:
        """Walk the folder, one directory in memory at a time."""
        root = self._root / bucket
        above = prefix.split("/")[:-1]
        if any(part in {"", ".", ".."} for part in above) or not root.joinpath(*above).is_dir():
            return
        with within_reach(f"listing {bucket}"):
            for directory, _, files in os.walk(root.joinpath(*above), onerror=_raise):
                key = str(Path(directory).relative_to(root)).removesuffix(_OBJECT)
                if directory.endswith(_OBJECT) and key.startswith(prefix):
                    versions = [file.removesuffix(_DESCRIPTION) for file in files if file.endswith(_DESCRIPTION)]
                    yield from (self._listed(bucket, key, version) for version in versions)

    def _listed(self, bucket: Bucket, key: str, version: str) -> VersionInfo:
        try:
            name = ObjectName(bucket, key)
        except ValueError as error:
            message = f"inventory of {bucket}: {error}"
            raise EvidenceError(message) from error
        return VersionInfo(name, version, self.describe(name, version).size, is_delete_marker=False, is_latest=True)

    def extend(self, name: ObjectName, version: str, until: datetime) -> None:
        """Write the longer lock."""
        with self._rewriting(name, version) as described:
            standing = described.stored.retained_until
            if standing is not None and until < standing:
                message = (
                    f"{name} version {version}: locked until {utc_text(standing)}, not to be shortened to {utc_text(until)}"
                )
                raise RetentionRefused(message)
            longer = replace(described.stored, retained_until=whole_second(until))
            self._describe_anew(replace(described, stored=longer))

    def hold(self, name: ObjectName, version: str) -> None:
        """Note the hold."""
        with self._rewriting(name, version) as described:
            self._describe_anew(replace(described, held=True))

    def release(self, name: ObjectName, version: str) -> None:
        """Take the hold back."""
        with self._rewriting(name, version) as described:
            self._describe_anew(replace(described, held=False))

    def dispose(self, name: ObjectName, version: str) -> None:
        """Remove description and bytes, in this order: what has no description is not there."""
        try:
            with self._rewriting(name, version) as described:
                self._refuse_if_kept(described)
                durable.remove(self._path(name, version, _DESCRIPTION))
                durable.remove(self._path(name, version, _BYTES))
        except NotFound:
            return

    def _refuse_if_kept(self, described: _Description) -> None:
        stored = described.stored
        if described.held:
            message = f"{stored.name} version {stored.version}: under legal hold"
            raise RetentionRefused(message)
        if stored.retained_until is not None and self._clock() < stored.retained_until:
            message = f"{stored.name} version {stored.version}: locked until {utc_text(stored.retained_until)}"
            raise RetentionRefused(message)

    @contextmanager
    def _rewriting(self, name: ObjectName, version: str) -> Iterator[_Description]:
        with within_reach(f"changing the lock of {name}"):
            self._described(name, version)
            with alone(self._directory(name)):
                yield self._described(name, version)

    def _describe_anew(self, described: _Description) -> None:
        path = self._path(described.stored.name, described.stored.version, _DESCRIPTION)
        durable.replace(path, described.to_json(), READ_ONLY)

    def _described(self, name: ObjectName, version: str | None) -> _Description:
        found = self._only(name) if version is None else self._read(name, version)
        if found is None:
            message = f"{name}: no such object" if version is None else f"{name}: no version {version!r}"
            raise NotFound(message)
        return found

    def _only(self, name: ObjectName) -> _Description | None:
        for path in self._directory(name).glob(f"*{_DESCRIPTION}"):
            return self._read(name, path.name.removesuffix(_DESCRIPTION))
        return None

    def _read(self, name: ObjectName, version: str) -> _Description | None:
        if not version.isalnum():
            return None
        with within_reach(f"describing {name}"):
            try:
                raw = self._path(name, version, _DESCRIPTION).read_bytes()
                size = self._path(name, version, _BYTES).stat().st_size
            except FileNotFoundError:
                return None
        return _Description.from_json(name, raw, size=size)

    def _directory(self, name: ObjectName) -> Path:
        return self._root / name.bucket / f"{name.key}{_OBJECT}"

    def _path(self, name: ObjectName, version: str, suffix: str) -> Path:
        return self._directory(name) / f"{version}{suffix}"


def _same(standing: Stored, wanted: Stored) -> Stored:
    if (standing.size, standing.sha256, standing.blake3) != (wanted.size, wanted.sha256, wanted.blake3):
        message = f"{standing.name}: another content stands here ({standing.sha256}), not written over by {wanted.sha256}"
        raise EvidenceError(message)
    return standing


def _raise(error: OSError) -> None:
    # os.walk would leave out silently what it cannot read
    raise error
