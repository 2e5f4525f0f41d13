"""What lies where in a bundle, and how it gets there: originals straight from the store, held to what was recorded of them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from storage.catalog import Clip
from storage.errors import DigestMismatch, LifeCycleError
from storage.export.bag import BagWriter
from storage.export.excerpt import Excerpt
from storage.objects import Bucket, ObjectName, ObjectReader
from storage.promise import BLOCK, Promise, checked
from storage.segments import SegmentManifest

__all__ = ["extension_of", "write_disclosures", "write_excerpt", "write_originals"]

_EXTENSIONS = re.compile(
    "3gp|aac|amr|avi|flac|h264|h265|jpeg|jpg|json|log|m4a|m4v|mkv|mov|mp3|mp4|mts|ogg|png|ts|txt|wav|wmv|xml"
)
"""Those of a camera's file names that may be repeated; everything else about such a name is a personal value."""


def extension_of(name: str) -> str:
    """Return the extension under which an original is handed over: the camera's, where it is a common one, else ``bin``."""
    found = PurePosixPath(name).suffix[1:].lower()
    return found if _EXTENSIONS.fullmatch(found) else "bin"


def write_originals(bag: BagWriter, store: ObjectReader, clips: Iterable[Clip]) -> None:
    """
    Put originals and segment manifests into *bag*, and the list of BLAKE3 digests.

    Raises `LifeCycleError` for a clip that is not in the store yet, and what reading raises where the store gives other bytes
    than were recorded: `DigestMismatch`, `SourceChanged`, `StorageUnavailable`.
    """
    lines = {}
    for clip in clips:
        if clip.object_version is None:
            message = f"{clip.subject}: it is not in the store yet"
            raise LifeCycleError(message)
        name = f"media/{clip.subject.id}.{extension_of(clip.name)}"
        _copy_original(bag, store, clip, f"data/{name}")
        _copy_segments(bag, store, clip)
        lines[name] = f"{clip.blake3.hex}  {name}\n"
    bag.put("data/media.b3", "".join(lines[name] for name in sorted(lines)).encode("ascii"))


def _copy_original(bag: BagWriter, store: ObjectReader, clip: Clip, path: str) -> None:
    name = ObjectName(Bucket.EVIDENCE, str(clip.object_key))
    # one part as long as the whole: nothing is uploaded here, and the whole is what is compared
    promise = Promise(clip.size, clip.sha256, clip.blake3, max(1, clip.size), (clip.sha256.value,))
    source = checked(lambda: store.open(name, version=str(clip.object_version)), promise, str(clip.subject))
    with source() as readable:
        found = bag.copy(path, readable)
    if found != clip.sha256:
        raise DigestMismatch(str(clip.subject), expected=clip.sha256, actual=found)


def _copy_segments(bag: BagWriter, store: ObjectReader, clip: Clip) -> None:
    name = ObjectName(Bucket.EVIDENCE, f"clips/{clip.subject.id}/segments")
    with store.open(name, version=str(clip.manifest_version)) as opened:
        raw = b"".join(iter(lambda: opened.read(BLOCK), b""))
    what = f"segment manifest of {clip.subject}"
    try:
        root = SegmentManifest.decode(raw).summary.root.hex()
    except ValueError as error:
        raise DigestMismatch(what, expected=clip.segment_root, actual=error) from error
    if root != clip.segment_root:
        raise DigestMismatch(what, expected=clip.segment_root, actual=root)
    bag.put(f"data/segments/{clip.subject.id}.seg", raw)


def write_excerpt(bag: BagWriter, excerpt: Excerpt) -> None:
    """Put entries, proofs, heads and the time-stamp into *bag*."""
    for entry in excerpt.entries:
        bag.put(f"data/entries/{entry.seq}.json", entry.leaf)
        bag.put(f"data/proofs/{entry.seq}.tlog-proof", entry.proof.encode())
    bag.put("data/log/checkpoint", excerpt.head.encode())
    for older in excerpt.older:
        lines = [f"old {older.size}\n", *(f"{base64.b64encode(value).decode('ascii')}\n" for value in older.path)]
        if older.note is not None:
            bag.put(f"data/log/heads/{older.size}", older.note.encode())
        bag.put(f"data/consistency/{older.size}", "".join(lines).encode("ascii"))
    if excerpt.stamp is not None:
        bag.put(f"data/timestamps/{excerpt.stamp.name}", excerpt.stamp.token)


def write_disclosures(bag: BagWriter, disclosures: Mapping[int, bytes]) -> None:
    """Put disclosures into *bag*, each by the number of its entry."""
    for seq, raw in sorted(disclosures.items()):
        bag.put(f"data/disclosure/{seq}.json", raw)
