"""
Secure: the moment a recording becomes evidence.

On return its bytes are in the spool, fsynced, hashed in the same single read, and a ``SECURED`` entry says so. Dying after any
line costs nothing: a claim says what was being read, a complete reading is recorded without the camera, an incomplete one is
begun again when the camera comes back, in the same berth.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

from ingest.claims import Claim, Key
from storage.catalog import Catalog, Clip
from storage.clips import SECURED
from storage.custody import Custody
from storage.errors import DigestMismatch, EvidenceError, LifeCycleError, NotFound, SourceChanged, YihuError
from storage.evidence import Actor, Algorithm, Content, Kind, Subject
from storage.hashing import Reading
from storage.identity import fresh
from storage.objects import Bucket, ObjectName, ObjectReader
from storage.segments import SegmentManifest
from storage.spool import Berth, Spool, verify_reading

OpenSource = Callable[[], AbstractContextManager[BinaryIO]]

_SAMPLES = 4
"""Segments compared before a recording that looks like one of ours is believed to be it; clearing reads the whole again."""


@dataclass(frozen=True, slots=True)
class Secured:
    """A recording that is ours."""

    clip: Subject
    how: Literal["new", "met again", "brought back"]
    """*brought back*: ours since earlier, but the spool had lost its bytes before they were deposited; now it has them."""


@dataclass(frozen=True, slots=True)
class Securing:
    """What securing needs besides the recording."""

    spool: Spool
    custody: Custody
    catalog: Catalog
    store: Callable[[], ObjectReader]
    actor: Actor
    algorithms: frozenset[Algorithm]
    _begun: dict[Key, Berth] = field(default_factory=dict)
    """Berths of readings that a crash broke off, by what was being read."""

    def recover(self) -> list[tuple[Subject, EvidenceError]]:
        """
        Record complete readings nobody recorded and note those that were begun; to be called once the spool is ours.

        Gives the berths that cannot be used, and why. They stay for a person to look at; what they were of is read anew.
        """
        self._begun.clear()
        damaged = []
        for berth in self.spool.berths():
            try:
                self._recover(berth)
            except EvidenceError as error:
                damaged.append((berth.clip, error))
        return damaged

    def _recover(self, berth: Berth) -> None:
        if self.catalog.is_known(berth.clip):
            return
        try:
            claim = Claim.from_json(berth.claim)
        except ValueError as error:
            message = f"{berth.clip}: its claim in the spool cannot be read: {error}"
            raise EvidenceError(message) from error
        if berth.state == "complete":
            verify_reading(berth)
            self._record(berth, claim, berth.reading())
        elif self._has_met(claim) or self._begun.setdefault(claim.key, berth) is not berth:
            # it was claimed, the answer was lost, and another was claimed instead
            berth.remove()

    def _has_met(self, claim: Claim) -> bool:
        return bool(self.catalog.met_before(claim.device, claim.path.raw, size=claim.size, modified_ns=claim.modified_ns))

    def secure(self, claim: Claim, source: OpenSource, progress: Callable[[int], None]) -> Secured:
        """
        Make the recording of *claim* ours, or find out that it is.

        Raises `SourceChanged`, `SpoolFull` or `StorageUnavailable`; the recording is still on the camera then, and in the spool
        there is nothing of it or a complete reading.
        """
        met = self._met_again(claim, source)
        if met is not None:
            return Secured(met, "met again")
        berth = self._begun.pop(claim.key, None) or self.spool.claim(fresh(Kind.CLIP), claim.as_json())
        wanted = self.algorithms | ({Algorithm.MD5} if claim.md5 else set())
        try:
            with source() as opened:
                reading = berth.secure(opened, expected_size=claim.size, algorithms=frozenset(wanted), progress=progress)
        except YihuError:
            # nothing was kept, so there is nothing to go on with; after a crash the berth is begun again instead
            if berth.state == "claimed":
                berth.remove()
            raise
        return self._record(berth, claim, reading)

    def _record(self, berth: Berth, claim: Claim, reading: Reading) -> Secured:
        """Record a complete reading, once: the same content from the same place is the same clip, and its berth goes."""
        same = self._same(berth.clip, claim, reading.content)
        if same is None:
            return self._recorded(berth, claim, reading)
        if same.subject == berth.clip:
            return Secured(same.subject, "met again")
        was_lost = self._is_lost(same)
        if was_lost:
            self._bring_back(same, claim, berth)
        # its bytes are in the berth of the clip, or deposited
        berth.remove()
        return Secured(same.subject, "brought back" if was_lost else "met again")

    def _recorded(self, berth: Berth, claim: Claim, reading: Reading) -> Secured:
        try:
            self.custody.record(claim.secured(berth.clip, reading, actor=self.actor))
        except LifeCycleError:
            # an earlier answer was lost: it is recorded, if it is the same
            same = self._same(berth.clip, claim, reading.content)
            if same is None or same.subject != berth.clip:
                raise
        else:
            # only what is recorded as secured is ever deposited, and that it is now was our doing
            berth.is_untried = True
        return Secured(berth.clip, "new")

    def _same(self, clip: Subject, claim: Claim, content: Content) -> Clip | None:
        """Return the clip with this identity: (device, path, size, BLAKE3, SHA-256)."""
        found = self.catalog.met_before(claim.device, claim.path.raw, size=content.size)
        same = {c.subject: c for c in found if (c.blake3, c.sha256) == (content.blake3, content.sha256)}
        return same.get(clip) or next(iter(same.values()), None)

    def _is_lost(self, clip: Clip) -> bool:
        """Say whether the spool has lost or damaged the bytes of a clip that is not deposited yet; the camera may have them."""
        if clip.state != SECURED or is_sound(self.spool.find(clip.subject), clip):
            return False
        # a berth goes once its clip is deposited: only a state that was read after looking for the berth counts
        return self.catalog.clip(clip.subject).state == SECURED

    def _bring_back(self, clip: Clip, claim: Claim, berth: Berth) -> None:
        """Copy the bytes in *berth* to the berth of *clip*, which are the same. A crash in between leaves both as they were."""
        damaged = self.spool.find(clip.subject)
        if damaged is not None:
            damaged.remove()
        with berth.open() as opened:
            self.spool.claim(clip.subject, claim.as_json()).secure(opened, expected_size=clip.size, algorithms=self.algorithms)

    def _met_again(self, claim: Claim, source: OpenSource) -> Subject | None:
        found = self.catalog.met_before(claim.device, claim.path.raw, size=claim.size, modified_ns=claim.modified_ns)
        same = (clip.subject for clip in found if not self._is_lost(clip) and self._looks_the_same(clip, source))
        return next(same, None)

    def _looks_the_same(self, clip: Clip, source: OpenSource) -> bool:
        try:
            manifest = self._manifest(clip)
        except YihuError:
            # neither spool nor store can tell now: reading the whole again is slower and always right
            return False
        try:
            with source() as opened:
                for index in sorted(random.sample(range(manifest.count), min(_SAMPLES, manifest.count))):
                    start, end = manifest.range_of(index)
                    opened.seek(start)
                    manifest.verify(index, opened.read(end - start))
        except DigestMismatch:
            return False
        except OSError as error:
            message = f"{clip.subject}: the recording could not be read: {error.strerror}"
            raise SourceChanged(message) from error
        return True

    def _manifest(self, clip: Clip) -> SegmentManifest:
        berth = self.spool.find(clip.subject)
        is_here = berth if berth is not None and berth.state == "complete" else None
        manifest = self._stored_manifest(clip) if is_here is None else is_here.reading().manifest
        if manifest.summary.root.hex() != clip.segment_root:
            what = f"segment manifest of {clip.subject}"
            raise DigestMismatch(what, expected=clip.segment_root, actual=manifest.summary.root.hex())
        return manifest

    def _stored_manifest(self, clip: Clip) -> SegmentManifest:
        name, version = ObjectName(Bucket.EVIDENCE, segments_key(clip.subject)), clip.manifest_version
        if version is None:
            message = f"{name}: it is not stored yet"
            raise NotFound(message)
        with self.store().open(name, version=version) as opened:
            raw = b"".join(iter(lambda: opened.read(1 << 20), b""))
        try:
            return SegmentManifest.decode(raw)
        except ValueError as error:
            message = f"{name}: {error}"
            raise EvidenceError(message) from error


def is_sound(berth: Berth | None, clip: Clip) -> bool:
    """Read a berth through and say whether it holds the bytes of *clip*."""
    try:
        if berth is None or berth.state != "complete":
            return False
        verify_reading(berth)
        content = berth.reading().content
    except EvidenceError:
        return False
    return (content.blake3, content.sha256) == (clip.blake3, clip.sha256)


def original_key(clip: Subject) -> str:
    """Return where the original of *clip* lies; it never depends on what the clip is filed under."""
    return f"clips/{clip.id}/original"


def segments_key(clip: Subject) -> str:
    """Return where the segment manifest of *clip* lies."""
    return f"clips/{clip.id}/segments"
