"""
Proving, before a camera is cleared, that each file on it is safe elsewhere: twice.

One proof is the bytes: the stored original is read back whole, now, from its version, and hashed; its lock is read. The other
is the ledger: the entries that say what these bytes are and where they lie are read again and proved to be under a head that
somebody outside holds. Nothing on the card is touched; whether its file still has these bytes is found out when it is removed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from ingest.clear_policy import Facts, Policy, Reason, may_clear
from ingest.manifest import Manifest, ManifestRow, Verdict
from ingest.progress import Progress, Step, Watcher, unwatched
from ingest.removing import ProvenFile
from ingest.secure import original_key
from storage.catalog import Catalog, Clip
from storage.clips import DEPOSITED, RENDERED
from storage.errors import EvidenceError, LedgerError
from storage.evidence import DevicePath, Subject, utc_moment
from storage.hashing import read_through
from storage.ledger.anchored import Outside
from storage.ledger.checkpoint import Checkpoint
from storage.ledger.tree import EMPTY_ROOT
from storage.objects import Bucket, ObjectName, ObjectReader, Stored
from storage.verifier.leaves import LeafRecord

__all__ = ["Left", "Proven", "Proving"]

_NOTHING = Checkpoint("nobody", 0, EMPTY_ROOT)


@dataclass(frozen=True, slots=True)
class Left:
    """A file that stays on its camera, and everything that speaks against removing it."""

    path: DevicePath
    reasons: tuple[Reason, ...]
    clip: Subject | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Proven:
    """What was found out about everything on a card that a recording may be; ignored files are not among it."""

    device: Subject
    manifest: int
    """The number of the entry that lists the card."""
    files: tuple[ProvenFile, ...]
    left: tuple[Left, ...]
    head: Checkpoint
    """The head, held outside, under which the entries of all *files* are proved to be."""
    policy: Policy


class _Against(Exception):
    """Why a file is not proved."""

    def __init__(self, *reasons: Reason, detail: object = "") -> None:
        super().__init__(str(detail))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Proving:
    """What proving needs besides the card."""

    catalog: Catalog
    store: Callable[[], ObjectReader]
    outside: Outside
    policy: Policy
    store_is_locked: Callable[[], bool]
    """Whether the store was shown to keep what is locked; asked once for each card."""
    clock: Callable[[], datetime]

    def prove(self, device: Subject, manifest: int, listed: Manifest, watcher: Watcher = unwatched) -> Proven:
        """
        Prove what can be proved of the files in *listed*, the list of a card of *device* as it is now.

        Raises `StorageUnavailable` where store or database are away. Memory stays flat: nothing is read into it.
        """
        head = self.outside.head() or _NOTHING
        is_locked = self.store_is_locked()
        files: dict[Subject, ProvenFile] = {}
        left: list[Left] = []
        for row in listed.rows:
            if row.verdict is not Verdict.READ:
                continue
            clip = self._clip_of(device, row)
            if clip is None or clip.subject in files:
                left.append(Left(row.path, (Reason.NOT_OURS,)))
                continue
            try:
                self._permit(clip, head, is_locked=is_locked)
                self._prove_stored(clip, partial(_say_read, watcher, row))
            except _Against as against:
                left.append(Left(row.path, against.reasons, clip.subject, str(against)))
                watcher(Progress(Step.LEFT, row.path.text, row.size, reason=against.reasons[0]))
            else:
                files[clip.subject] = _proven(row, clip)
        return Proven(device, manifest, tuple(files.values()), tuple(left), head, self.policy)

    def _clip_of(self, device: Subject, row: ManifestRow) -> Clip | None:
        """Return the clip that this file seems to be: of its place and size, of its time if there are several, the newest."""
        found = self.catalog.met_before(device, row.path.raw, size=row.size)
        same = self.catalog.met_before(device, row.path.raw, size=row.size, modified_ns=row.modified_ns)
        return next(reversed(same or found), None)

    def _permit(self, clip: Clip, head: Checkpoint, *, is_locked: bool) -> None:
        """Let the policy decide, then prove both entries of *clip* and compare them with what the catalog says."""
        numbers = {line.type: line.seq for line in self.catalog.history(clip.subject) if line.type in {"SECURED", "DEPOSITED"}}
        facts = Facts(
            secured_at=utc_moment(clip.secured_at),
            is_deposited=clip.state in {DEPOSITED, RENDERED} and "DEPOSITED" in numbers,
            anchored_size=head.size,
            last_entry=max(numbers.values(), default=0),
            store_is_locked=is_locked,
        )
        permission = may_clear(facts, self.policy, self.clock())
        if not permission.is_granted:
            raise _Against(*permission.reasons)
        try:
            secured, deposited = (self.outside.entry(head, numbers[type_]) for type_ in ("SECURED", "DEPOSITED"))
        except (LedgerError, KeyError) as error:
            raise _Against(Reason.LEDGER_DIFFERS, detail=error) from error
        if _told_by(secured, deposited) != _known(clip):
            raise _Against(Reason.LEDGER_DIFFERS)

    def _prove_stored(self, clip: Clip, progress: Callable[[int], None]) -> None:
        """Read lock and bytes of the stored original, whole, and compare them with what was secured."""
        name, version = ObjectName(Bucket.EVIDENCE, original_key(clip.subject)), clip.object_version
        if version is None:
            raise _Against(Reason.NOT_DEPOSITED)
        try:
            stored = self.store().describe(name, version)
            self._require_lock(stored, clip)
            with self.store().open(name, version=version) as opened:
                content = read_through(opened, None, expected_size=clip.size, progress=progress).content
        except EvidenceError as error:
            raise _Against(Reason.STORED_DIFFERS, detail=error) from error
        said = (stored.name, stored.version, stored.size, stored.blake3, stored.sha256)
        if said != (name, version, content.size, content.blake3, content.sha256):
            raise _Against(Reason.STORED_DIFFERS)
        if (content.size, content.blake3, content.sha256) != (clip.size, clip.blake3, clip.sha256):
            raise _Against(Reason.STORED_DIFFERS)

    def _require_lock(self, stored: Stored, clip: Clip) -> None:
        promised = None if clip.retained_until is None else utc_moment(clip.retained_until)
        until = stored.retained_until
        if promised is None or until is None or until < promised or until <= self.clock():
            raise _Against(Reason.LOCK_TOO_SHORT)


def _say_read(watcher: Watcher, row: ManifestRow, done: int) -> None:
    watcher(Progress(Step.PROVING, row.path.text, row.size, done))


def _proven(row: ManifestRow, clip: Clip) -> ProvenFile:
    return ProvenFile(row.path, row.size, row.modified_ns, clip.subject, clip.blake3, clip.sha256)


def _told_by(secured: LeafRecord, deposited: LeafRecord) -> Mapping[str, object]:
    """Return what two entries say; whatever form they have."""
    content, original = _part(secured, "content"), _part(deposited, "original")
    return {
        "types": (secured.type, deposited.type),
        "about": (secured.subject, deposited.subject),
        "device": secured.body.get("device"),
        "content": tuple(content.get(name) for name in ("size", "blake3", "sha256")),
        "stored": tuple(original.get(name) for name in ("b", "k", "ver", "size", "until")),
    }


def _part(leaf: LeafRecord, name: str) -> Mapping[str, Any]:
    found = leaf.body.get(name)
    return found if isinstance(found, dict) else {}


def _known(clip: Clip) -> Mapping[str, object]:
    """Return the same as the catalog says it."""
    about = str(clip.subject)
    place = (Bucket.EVIDENCE.value, original_key(clip.subject), clip.object_version, clip.size, clip.retained_until)
    return {
        "types": ("SECURED", "DEPOSITED"),
        "about": (about, about),
        "device": str(clip.device),
        "content": (clip.size, str(clip.blake3), str(clip.sha256)),
        "stored": place,
    }
