"""
Which object is meant when somebody wants to see a clip, and what is promised about its bytes.

Pure: what the catalog knows goes in, an object to stream comes out. A review copy and a poster are shown in the page; an
original is handed out as a file under the name the camera gave it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from storage.catalog import Clip, Derivative
from storage.errors import EvidenceError, LifeCycleError, NotFound
from storage.evidence import Digest
from storage.objects import Bucket, ObjectName, Stored

_TYPES = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".avi": "video/x-msvideo",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
}
"""What an original may be called to a browser; anything else is bytes. Nothing in the list can carry a script."""


class Wanted(StrEnum):
    """What somebody wants to see of a clip."""

    REVIEW = "review"
    """The copy that browsers play."""
    ORIGINAL = "original"
    """The bytes as read from the camera."""
    POSTER = "poster"
    """One still picture."""
    COPY = "copy"
    """A copy with the viewer's name in the picture, to be taken away."""


@dataclass(frozen=True, slots=True)
class Footage:
    """One stored object, what is promised of its bytes, and how a browser is to take it."""

    name: ObjectName
    version: str
    size: int
    sha256: Digest
    blake3: Digest
    media_type: str
    download_as: str | None
    """The name to save it under; None shows it in the page."""

    @property
    def etag(self) -> str:
        """A strong tag: equal exactly where the bytes are."""
        return f'"{self.sha256.hex}"'


def choose(clip: Clip, derivatives: Mapping[str, Derivative], wanted: Wanted) -> Footage:
    """
    Return the object that shows what is *wanted* of *clip*.

    Raises `LifeCycleError` while the clip is not in the store, `NotFound` where nothing of the sort could be made of it.
    """
    if clip.object_key is None or clip.object_version is None:
        message = f"{clip.subject}: not in the store yet ({clip.state})"
        raise LifeCycleError(message)
    if wanted is Wanted.ORIGINAL:
        name = ObjectName(Bucket.EVIDENCE, clip.object_key)
        kind = _TYPES.get(PurePosixPath(clip.name).suffix.lower(), "application/octet-stream")
        return Footage(name, clip.object_version, clip.size, clip.sha256, clip.blake3, kind, clip.name)
    made = derivatives.get(wanted.value)
    if made is None:
        message = f"{clip.subject}: there is no {wanted} of it"
        raise NotFound(message)
    name = ObjectName(Bucket(made.bucket), made.key)
    return Footage(name, made.version, made.size, made.sha256, made.blake3, made.media_type, None)


def compare(footage: Footage, stored: Stored) -> None:
    """Refuse an object that its own store describes otherwise than the ledger does."""
    promised = (footage.size, footage.sha256, footage.blake3)
    if (stored.size, stored.sha256, stored.blake3) != promised:
        message = f"{footage.name} version {footage.version}: expected {promised}, the store says {stored}"
        raise EvidenceError(message)
