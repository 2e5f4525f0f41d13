"""
What somebody says of a file before sending it: checked once, here, since all of it is hostile.

It holds names, stays in the spool as the claim of a berth and goes into the vault, never into a leaf.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal, TypeAlias, get_args

from storage.errors import DigestMismatch
from storage.evidence import Algorithm, Content, DevicePath, Digest, Json, Kind, MediaKind, Role, Subject

What: TypeAlias = Literal["third-party", "footage"]
"""``third-party``: filmed by a bystander or a party; ``footage``: our own, from a place without a dock."""

_LONGEST_NAME, _LONGEST_TEXT = 255, 500
_KINDS = {
    MediaKind.VIDEO: "3gp avi flv m2ts m4v mkv mov mp4 mpeg mpg mts ts webm wmv",
    MediaKind.AUDIO: "aac amr flac m4a mp3 ogg opus wav wma",
    MediaKind.PHOTO: "bmp gif heic heif jpeg jpg png tif tiff webp",
}
_BY_SUFFIX = {suffix: kind for kind, suffixes in _KINDS.items() for suffix in suffixes.split()}


@dataclass(frozen=True, slots=True)
class Announced:
    """A file that somebody begins to send. Making one raises `ValueError` for what no honest sender says."""

    clip: Subject
    """What it will be once all of it is here; until then it is called by this too."""
    account: Subject
    role: Role
    size: int
    what: What
    name: str
    given_by: str
    """Who hands it over; may be empty for our own footage."""
    reason: str
    digests: tuple[Digest, ...] = ()
    """What the sender says the bytes are."""
    metadata: str = ""
    """The header as it was sent, which the protocol wants given back."""

    def __post_init__(self) -> None:
        _ = self.path
        if self.size < 1 or self.what not in get_args(What):
            message = f"upload: expected a size and one of {', '.join(get_args(What))}, found {self.size} and {self.what!r}"
            raise ValueError(message)
        for field, text in (("reason", self.reason), ("from", self.given_by)):
            is_missing = not text.strip() and (field == "reason" or self.what == "third-party")
            if is_missing or len(text) > _LONGEST_TEXT or any(unicodedata.category(c)[0] == "C" for c in text):
                message = f"upload: expected in {field!r} up to {_LONGEST_TEXT} printable characters that say something"
                raise ValueError(message)

    @property
    def path(self) -> DevicePath:
        """The name as the path of a recording: the last component alone, whatever system the sender uses."""
        raw = self.name.replace("\\", "/").rsplit("/", 1)[-1].encode()
        if len(raw) > _LONGEST_NAME:
            message = f"upload: expected a name of {_LONGEST_NAME} bytes at most, found {len(raw)}"
            raise ValueError(message)
        return DevicePath(raw)

    @property
    def kind(self) -> MediaKind:
        """What the file looks like by its name."""
        return _BY_SUFFIX.get(PurePosixPath(self.path.text).suffix.lower().removeprefix("."), MediaKind.OTHER)

    def compare(self, content: Content) -> list[str]:
        """Return the algorithms by which the sender's digest is that of *content*; raises `DigestMismatch` where one is not."""
        found = {Algorithm.BLAKE3: content.blake3, Algorithm.SHA256: content.sha256, Algorithm.SM3: content.sm3}
        known = [digest for digest in self.digests if found.get(digest.algorithm) is not None]
        for digest in known:
            if found[digest.algorithm] != digest:
                raise DigestMismatch(str(self.clip), expected=digest, actual=found[digest.algorithm])
        return sorted(digest.algorithm.value for digest in known)

    def as_json(self) -> dict[str, Json]:
        """Write it as the claim of a berth."""
        told: dict[str, Json] = {
            "account": str(self.account),
            "role": self.role.value,
            "size": self.size,
            "what": self.what,
            "name": self.name,
            "given_by": self.given_by,
            "reason": self.reason,
            "digests": [str(digest) for digest in self.digests],
            "metadata": self.metadata,
        }
        return {"upload": told}

    @classmethod
    def from_json(cls, clip: Subject, value: Mapping[str, Any]) -> Announced:
        """Read what `as_json` wrote; raises `ValueError` for anything else."""
        try:
            told = value["upload"]
            return cls(
                clip=clip,
                account=Subject.parse(told["account"], Kind.ACCOUNT),
                role=Role(told["role"]),
                size=int(told["size"]),
                what=told["what"],
                name=told["name"],
                given_by=told["given_by"],
                reason=told["reason"],
                digests=tuple(map(Digest.parse, told["digests"])),
                metadata=told["metadata"],
            )
        except (KeyError, TypeError, AttributeError) as error:
            message = f"{clip}: expected an upload as it was announced: {error!r}"
            raise ValueError(message) from error
