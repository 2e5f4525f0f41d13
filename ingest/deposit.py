"""
Deposit: from the spool into the object store, under object lock.

On return the store has checked every part against the digest of the first read, size, version and lock were read back, and a
``DEPOSITED`` entry says where the original and its segment manifest lie. It may be repeated after any failure.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from ingest.secure import original_key, segments_key
from storage.catalog import Catalog, Clip
from storage.clips import SECURED
from storage.custody import Custody
from storage.errors import EvidenceError, LifeCycleError
from storage.evidence import Actor, Entry, Json, utc_moment, utc_text
from storage.objects import Bucket, ObjectName, ObjectStore, Promise, Stored, deposit, deposit_untried
from storage.segments import MEDIA_TYPE
from storage.spool import Berth, Spool


@dataclass(frozen=True, slots=True)
class Depositing:
    """What depositing needs besides the clip."""

    spool: Spool
    custody: Custody
    catalog: Catalog
    store: Callable[[], ObjectStore]
    actor: Actor
    retain_until: Callable[[datetime], datetime]
    """What the law says: from the moment a clip was secured, until when it is locked."""

    def deposit(self, clip: Clip) -> None:
        """Store original and segment manifest of *clip* and record it; raises what stores and sources raise."""
        berth = self.spool.find(clip.subject)
        if berth is None or berth.state != "complete":
            message = f"{clip.subject}: not in the spool and not in the store; connect its camera again"
            raise EvidenceError(message)
        store, reading = self.store(), berth.reading()
        if (reading.content.sha256, reading.content.blake3) != (clip.sha256, clip.blake3):
            message = f"{clip.subject}: the spool holds other bytes than were secured"
            raise EvidenceError(message)
        until = self.retain_until(utc_moment(clip.secured_at))
        put = _way_in(berth)
        manifest = reading.manifest.encode()
        segments = put(
            store,
            ObjectName(Bucket.EVIDENCE, segments_key(clip.subject)),
            lambda: closing(io.BytesIO(manifest)),
            Promise.of_bytes(manifest),
            retain_until=until,
            media_type=MEDIA_TYPE,
        )
        name = ObjectName(Bucket.EVIDENCE, original_key(clip.subject))
        original = put(store, name, berth.open, berth.promise(), retain_until=until)
        self._record(clip, original, segments)

    def _record(self, clip: Clip, original: Stored, segments: Stored) -> None:
        body: dict[str, Json] = {"original": placed(original), "manifest": {**placed(segments), "sha256": str(segments.sha256)}}
        try:
            self.custody.record(Entry("DEPOSITED", clip.subject, self.actor, body))
        except LifeCycleError:
            # another worker, or we before an answer was lost: then it is deposited
            if self.catalog.clip(clip.subject).state == SECURED:
                raise


def _way_in(berth: Berth) -> Callable[..., Stored]:
    """Look first, unless this is the first try of all; whatever becomes of that, the next one looks."""
    is_first, berth.is_untried = berth.is_untried, False
    return deposit_untried if is_first else deposit


def placed(stored: Stored) -> dict[str, Json]:
    """Write where an object lies, as leaves do."""
    until = stored.retained_until
    return {
        "b": stored.name.bucket.value,
        "k": stored.name.key,
        "ver": stored.version,
        "size": stored.size,
        "until": None if until is None else utc_text(until),
    }
