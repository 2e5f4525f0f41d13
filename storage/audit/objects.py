"""
Whether the store still holds what was recorded: each object by its version, with size, digests and lock, and then the bytes.

And the other way round: whether the bucket for evidence holds anything that no entry speaks of.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from functools import lru_cache, partial
from typing import Protocol

from blake3 import blake3

from storage.audit.sampling import Sample
from storage.audit.scope import Scope
from storage.audit.steps import Step
from storage.audit.words import Said
from storage.catalog import Catalog, Clip, Derivative
from storage.errors import EvidenceError, NotFound
from storage.evidence import Algorithm, Digest, Kind, Subject, utc_moment
from storage.objects import OCTETS, Bucket, ObjectInventory, ObjectName, ObjectReader, Promise, Stored, VersionInfo
from storage.segments import MEDIA_TYPE as SEGMENTS
from storage.segments import SegmentManifest

__all__ = ["AuditedStore", "objects"]

_CHUNK = 1 << 20
_CANARIES = "canary"
"""Where objects lie that are there to be attacked (`storage.canary`)."""


class AuditedStore(ObjectReader, ObjectInventory, Protocol):
    """What is asked of a store: reading, and listing every version."""


def objects(scope: Scope, store: AuditedStore, sample: Sample | None, step: Step, *, is_shared: bool = False) -> Iterator[str]:
    """
    Look at every object of every clip, or of those that new entries are about; then list what is there.

    Where the store *is shared* with other offices, objects of clips that nobody here knows are counted, not found wrong.
    """
    catalog, bytes_read = Catalog(scope.engine), _Reader(store, sample)
    for clip in catalog.each_clip(since=scope.since):
        for check in bytes_read.checks(clip, catalog.all_derivatives(clip.subject)):
            step.count()
            try:
                check()
            except (EvidenceError, ValueError, TypeError, AttributeError, LookupError) as error:
                yield Said("{subject}: {reason}", subject=clip.subject, reason=str(error))
        if scope.since:
            yield from _unspoken(store, catalog, f"clips/{clip.subject.id}/", step, is_shared=is_shared)
    if not scope.since:
        yield from _unspoken(store, catalog, "", step, is_shared=is_shared)
    if not step.checked:
        step.remark("there is no object to look at")
    if sample is not None:
        step.remark("{segments} segments were read and compared", segments=bytes_read.segments)


class _Reader:
    """Compares objects with what was recorded of them."""

    def __init__(self, store: AuditedStore, sample: Sample | None) -> None:
        self._store, self._sample, self.segments = store, sample, 0

    def checks(self, clip: Clip, derivatives: list[Derivative]) -> Iterator[Callable[[], None]]:
        """Give one check for each object of *clip*."""
        if clip.object_version is not None:
            yield partial(self._original, clip)
            yield partial(self._manifest, clip)
        for made in derivatives:
            yield partial(self._derivative, made)

    def _original(self, clip: Clip) -> None:
        name, version = ObjectName(Bucket.EVIDENCE, str(clip.object_key)), str(clip.object_version)
        until = _moment(clip.retained_until)
        expected = Stored(name, version, clip.size, clip.sha256, clip.blake3, until, OCTETS)
        if self._sample is None:
            self._read_back(expected)
            return
        _compare(self._store.describe(name, version), expected)
        manifest = self._manifest_of(clip)
        for index in self._sample.drawn(str(clip.subject), manifest.count):
            start, end = manifest.range_of(index)
            with self._store.open(name, version=version, start=start, end=end) as opened:
                manifest.verify(index, b"".join(iter(lambda: opened.read(_CHUNK), b"")))
            self.segments += 1

    def _manifest(self, clip: Clip) -> None:
        name, version = _manifest_name(clip), str(clip.manifest_version)
        told = Promise.of_bytes(self._manifest_of(clip).encode())
        until = _moment(clip.retained_until)
        expected = Stored(name, version, told.size, told.sha256, told.blake3, until, SEGMENTS)
        _compare(self._store.describe(name, version), expected)

    def _manifest_of(self, clip: Clip) -> SegmentManifest:
        """Read the segment manifest; its root must be the one in the leaf of the clip."""
        name = _manifest_name(clip)
        with self._store.open(name, version=str(clip.manifest_version)) as opened:
            manifest = SegmentManifest.decode(b"".join(iter(lambda: opened.read(_CHUNK), b"")))
        if manifest.summary.root.hex() != clip.segment_root or manifest.size != clip.size:
            message = f"{name}: its root or size is not the recorded one"
            raise EvidenceError(message)
        return manifest

    def _derivative(self, made: Derivative) -> None:
        name = ObjectName(Bucket(made.bucket), made.key)
        expected = Stored(name, made.version, made.size, made.sha256, made.blake3, None, made.media_type)
        if self._sample is None:
            self._read_back(expected)
            return
        _compare(self._store.describe(name, made.version), expected)

    def _read_back(self, expected: Stored) -> None:
        """Compare what the store says with what was recorded, and then the bytes themselves."""
        _compare(self._store.describe(expected.name, expected.version), expected)
        size, sha256, whole = 0, hashlib.sha256(), blake3()
        with self._store.open(expected.name, version=expected.version) as opened:
            while chunk := opened.read(_CHUNK):
                size += len(chunk)
                sha256.update(chunk)
                whole.update(chunk)
        sha, blake = Digest(Algorithm.SHA256, sha256.digest()), Digest(Algorithm.BLAKE3, whole.digest())
        _compare(replace(expected, size=size, sha256=sha, blake3=blake), expected)


def _unspoken(store: AuditedStore, catalog: Catalog, prefix: str, step: Step, *, is_shared: bool) -> Iterator[str]:
    """Say of every version in the bucket for evidence that no entry speaks of; what is under way is not wrong."""
    spoken, aside = _Spoken(catalog), Counter[_Standing]()
    for line in store.inventory(Bucket.EVIDENCE, prefix):
        standing = spoken.of(line)
        if standing is _Standing.FOREIGN and not is_shared:
            standing = _Standing.UNSPOKEN
        step.count(standing in {_Standing.SPOKEN, _Standing.UNSPOKEN})
        if standing is _Standing.UNSPOKEN:
            yield _unspoken_of(line)
        aside[standing] += 1
    for standing, template in _ASIDE.items():
        if aside[standing]:
            step.remark(template, count=aside[standing])


def _unspoken_of(line: VersionInfo) -> str:
    if line.is_delete_marker:
        return Said("{name}: a delete marker hides it", name=str(line.name))
    return Said("{name} version {version}: no entry speaks of it", name=str(line.name), version=line.version)


class _Standing(Enum):
    """How an object stands to the ledger."""

    SPOKEN = "spoken of"
    UNSPOKEN = "not spoken of"
    WAITING = "of a clip whose deposit is not recorded yet"
    FOREIGN = "of no clip of ours"
    CANARY = "there to be attacked"


_ASIDE = {
    _Standing.CANARY: "{count} canaries were passed over",
    _Standing.WAITING: "{count} objects are of clips that are just being deposited",
    _Standing.FOREIGN: "{count} objects are of clips of other offices, or of nobody: this store is shared",
}


@dataclass(frozen=True, slots=True)
class _Known:
    versions: frozenset[tuple[str, str]]
    is_deposited: bool


class _Spoken:
    """What the catalog knows of objects, asked once for each clip in a row."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._of_clip = lru_cache(maxsize=64)(self._known)

    def of(self, line: VersionInfo) -> _Standing:
        """Say how this version stands to the ledger."""
        folder, _, rest = line.name.key.partition("/")
        if folder == _CANARIES:
            return _Standing.CANARY
        known = self._of_clip(rest.partition("/")[0]) if folder == "clips" else None
        if known is None:
            return _Standing.FOREIGN
        if (line.name.key, line.version) in known.versions and not line.is_delete_marker:
            return _Standing.SPOKEN
        is_waiting = not known.is_deposited and not line.is_delete_marker
        return _Standing.WAITING if is_waiting else _Standing.UNSPOKEN

    def _known(self, identifier: str) -> _Known | None:
        try:
            clip = self._catalog.clip(Subject(Kind.CLIP, identifier))
        except (NotFound, ValueError):
            return None
        own = {(str(clip.object_key), str(clip.object_version)), (_manifest_name(clip).key, str(clip.manifest_version))}
        made = {(each.key, each.version) for each in self._catalog.all_derivatives(clip.subject)}
        return _Known(frozenset(own | made), is_deposited=clip.object_version is not None)


def _manifest_name(clip: Clip) -> ObjectName:
    return ObjectName(Bucket.EVIDENCE, f"clips/{clip.subject.id}/segments")


def _compare(stored: Stored, expected: Stored) -> None:
    if stored == expected:
        return
    fields = ("size", "sha256", "blake3", "retained_until", "media_type", "version", "name")
    wrong = [name for name in fields if getattr(stored, name) != getattr(expected, name)]
    said = "; ".join(f"{name}: recorded {getattr(expected, name)}, found {getattr(stored, name)}" for name in wrong)
    message = f"{expected.name} version {expected.version}: {said}"
    raise EvidenceError(message)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else utc_moment(text)
