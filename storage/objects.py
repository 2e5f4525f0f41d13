"""
Object stores: the protocols every store answers to, and `deposit`, the only way in (`deposit_untried` is its second half).

A store is whatever passes the store contract (``tests/contracts``). An object is always addressed by bucket, key *and* version:
a store that lets somebody write over a key or mark it deleted cannot make us read anything else. Nothing is ever written over
and nothing is deduplicated; a key means one content for ever.

====================  ==========================================================================================
`ObjectWriter`        puts an object there, aborts what was left unfinished
`ObjectReader`        says what is there, opens a range of it
`ObjectInventory`     lists every version, delete markers included
`ObjectKeeper`        lengthens locks, sets and lifts legal holds, disposes of what may go (and of nothing else)
====================  ==========================================================================================

Stores raise `StorageUnavailable` when they are away, `Refused` when they do not accept who we are, `RetentionRefused` when they
keep what somebody wanted gone, `NotFound` when there is no such object or version, and otherwise `EvidenceError`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from storage.errors import EvidenceError, NotFound
from storage.evidence import Digest, utc_text
from storage.promise import PART_SIZE, Promise, Readable, Source, checked

__all__ = [
    "OCTETS",
    "PART_SIZE",
    "Bucket",
    "ObjectInventory",
    "ObjectKeeper",
    "ObjectName",
    "ObjectReader",
    "ObjectStore",
    "ObjectWriter",
    "Promise",
    "Readable",
    "Source",
    "Stored",
    "VersionInfo",
    "deposit",
    "deposit_untried",
    "whole_second",
]

OCTETS = "application/octet-stream"
"""The media type of originals: what they are is a finding about them, never a claim of the store."""
_KEY_BYTES = 900
_PART_BYTES = 240
"""Of one component of a key: what every file system and MinIO can hold, with room for a suffix."""


class Bucket(StrEnum):
    """Where an object lives, and so how well it is kept."""

    EVIDENCE = "evidence"
    """Under object lock, default retention COMPLIANCE."""
    INDEX = "index"
    """Versioned, not locked: what can be made again or proves itself."""


@dataclass(frozen=True, slots=True, order=True)
class ObjectName:
    """A bucket and a key; checked on the way in and on the way out, so a store cannot hand us a path that climbs."""

    bucket: Bucket
    key: str

    def __post_init__(self) -> None:
        parts = self.key.encode().split(b"/")
        if len(self.key.encode()) > _KEY_BYTES or any(len(part) > _PART_BYTES for part in parts):
            message = f"key {self.key!r}: expected at most {_KEY_BYTES} bytes, and {_PART_BYTES} in a component"
            raise ValueError(message)
        if any(part in {b"", b".", b".."} for part in parts):
            message = f"key {self.key!r}: expected a relative key without empty, '.' or '..' components"
            raise ValueError(message)
        if not all(map(_is_plain, self.key)):
            message = f"key {self.key!r}: expected no control characters, line separators or noncharacters"
            raise ValueError(message)

    def __str__(self) -> str:
        return f"{self.bucket}/{self.key}"


def _is_plain(character: str) -> bool:
    # U+…FFFE and U+…FFFF cannot stand in the XML that stores list keys in
    return unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"} and ord(character) & 0xFFFE != 0xFFFE  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store says is there: a claim to compare with a promise, never a proof."""

    name: ObjectName
    version: str
    size: int
    """Counted by the store, not repeated from what we told it."""
    sha256: Digest
    """As recorded beside the object when it was deposited."""
    blake3: Digest
    retained_until: datetime | None
    media_type: str


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """One line of an inventory."""

    name: ObjectName
    version: str
    size: int
    is_delete_marker: bool
    is_latest: bool


class ObjectWriter(Protocol):
    """A store that can be written to. Call `deposit` below; these methods do not check what they read."""

    def deposit(
        self,
        name: ObjectName,
        source: Source,
        promise: Promise,
        *,
        retain_until: datetime | None,
        media_type: str = OCTETS,
    ) -> Stored:
        """
        Keep what *source* gives as one new version, durably before returning; nothing is visible before *source* has ended.

        If *source* raises, that is raised and nothing stays behind. If the store goes away, `StorageUnavailable` is raised and
        the object is either whole or not there. *retain_until* locks the version; ``None`` leaves it to the bucket's default.
        """
        ...

    def abandon(self, name: ObjectName) -> int:
        """Abort the unfinished uploads of exactly this key and say how many there were; what is finished is not touched."""
        ...


class ObjectReader(Protocol):
    """A store that can be read from."""

    def describe(self, name: ObjectName, version: str | None = None) -> Stored:
        """
        Say what is there; without *version*, of the newest version, which no delete marker hides.

        Raises `NotFound`, and `EvidenceError` if the object carries no digests (it is not ours).
        """
        ...

    def open(
        self, name: ObjectName, *, version: str, start: int = 0, end: int | None = None
    ) -> AbstractContextManager[Readable]:
        """
        Open the bytes from *start* up to, not including, *end* (or the end of the object, if that comes first).

        Raises `NotFound`. A connection that breaks raises `StorageUnavailable` while reading: a short read is never an end.
        """
        ...


class ObjectInventory(Protocol):
    """A store that can be listed."""

    def inventory(self, bucket: Bucket, prefix: str = "") -> Iterator[VersionInfo]:
        """Give every version and delete marker whose key begins with *prefix*, in no particular order."""
        ...


class ObjectKeeper(ObjectInventory, Protocol):
    """A store that keeps what must be kept."""

    def extend(self, name: ObjectName, version: str, until: datetime) -> None:
        """Lock this version until *until*. Raises `RetentionRefused` if it is locked for longer already."""
        ...

    def hold(self, name: ObjectName, version: str) -> None:
        """Put this version under legal hold, whatever its lock; twice is fine."""
        ...

    def release(self, name: ObjectName, version: str) -> None:
        """Lift the legal hold, if there is one; the lock stays."""
        ...

    def dispose(self, name: ObjectName, version: str) -> None:
        """Remove this version for good; if it is not there that is fine. Raises `RetentionRefused` while locked or held."""
        ...


class ObjectStore(ObjectWriter, ObjectReader, ObjectKeeper, Protocol):
    """A whole store."""


def deposit(
    store: ObjectStore,
    name: ObjectName,
    source: Source,
    promise: Promise,
    *,
    retain_until: datetime | None,
    media_type: str = OCTETS,
) -> Stored:
    """
    Put what was promised under *name*, and prove that it is there.

    On return the store holds exactly one version of ours with the promised size and digests, locked at least until
    *retain_until*, and no unfinished upload of that key. It may be called again after any failure: what is already there is
    adopted, never written twice. *source* is read once, and not at all if the object is there. Of two calls for one name at
    once the later aborts the earlier, which then raises `StorageUnavailable`.

    Raises `SourceChanged` or `DigestMismatch` if *source* does not keep the promise (nothing becomes visible),
    `EvidenceError` if another content stands at *name* or the store did not lock it, and what stores raise.
    """
    until = _until(retain_until)
    # First the leftovers, then the look: a Complete that is still under way is either aborted here or seen by the look.
    store.abandon(name)
    standing = _standing(store, name)
    if standing is None:
        return deposit_untried(store, name, source, promise, retain_until=until, media_type=media_type)
    _compare(standing, promise)
    return _locked(store, standing, until)


def deposit_untried(
    store: ObjectStore,
    name: ObjectName,
    source: Source,
    promise: Promise,
    *,
    retain_until: datetime | None,
    media_type: str = OCTETS,
) -> Stored:
    """
    Do what `deposit` does, without looking first: only for a name that nobody can have tried to deposit before.

    Used for any other name it can make a second version, which nobody can remove. After any failure the name has been tried.
    """
    until = _until(retain_until)
    guarded = checked(source, promise, str(name))
    written = store.deposit(name, guarded, promise, retain_until=until, media_type=media_type)
    standing = store.describe(name, written.version)
    _compare(standing, promise)
    return _locked(store, standing, until)


def _until(retain_until: datetime | None) -> datetime | None:
    return None if retain_until is None else whole_second(retain_until)


def _standing(store: ObjectStore, name: ObjectName) -> Stored | None:
    try:
        return store.describe(name)
    except NotFound:
        return None


def _compare(stored: Stored, promise: Promise) -> None:
    expected = (promise.size, promise.sha256, promise.blake3)
    found = (stored.size, stored.sha256, stored.blake3)
    if found != expected:
        message = f"{stored.name} version {stored.version}: expected {_content(*expected)}, found {_content(*found)}"
        raise EvidenceError(message)


def _content(size: int, sha256: Digest, blake3: Digest) -> str:
    return f"{size} bytes {sha256} {blake3}"


def _locked(store: ObjectStore, stored: Stored, until: datetime | None) -> Stored:
    """Read the lock back; one that is shorter than wanted was set for an earlier deposit and is lengthened."""
    if until is None or _is_locked(stored, until):
        return stored
    store.extend(stored.name, stored.version, until)
    again = store.describe(stored.name, stored.version)
    if not _is_locked(again, until):
        found = "none" if again.retained_until is None else utc_text(again.retained_until)
        message = f"{stored.name} version {stored.version}: expected a lock until {utc_text(until)}, found {found}"
        raise EvidenceError(message)
    return again


def _is_locked(stored: Stored, until: datetime) -> bool:
    return stored.retained_until is not None and stored.retained_until >= until


def whole_second(moment: datetime) -> datetime:
    """Round up to the second, in UTC: stores keep no finer time, and a lock may be longer but not shorter than asked for."""
    if moment.tzinfo is None:
        message = f"retention until {moment.isoformat()}: expected a time with a zone"
        raise ValueError(message)
    utc = moment.astimezone(UTC)
    return utc if utc.microsecond == 0 else utc.replace(microsecond=0) + timedelta(seconds=1)
