"""
The words of the project as values that cannot be wrong.

Everything here is frozen, checks itself when it is made, and raises `ValueError` with what was expected and what was found.
Whoever holds a `Digest`, a `Subject` or a `DevicePath` need not look at it again. Only the standard library is imported.

==============  ==============  ===================================================================
word            中文            what it is
==============  ==============  ===================================================================
`Subject`       对象            the pseudonym of anything an entry can be about: ``clip:01J…``
`DevicePath`    设备内路径      where a file lay on the camera, as the raw bytes the camera gave
`Recording`     录音录像文件    a file on a camera that looks like footage; not ours yet
`Content`       内容            size, digests and segment manifest root of the bytes of a clip
`Entry`         流转记录        one line of the ledger, before it has a place in it
`Recorded`      已入账的记录    the same line with its place, time and hash
`Stage`         环节            one of the five stages a case runs through
==============  ==============  ===================================================================

What the law calls things stands in `cases`, built from these.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from storage.content import Algorithm, Content, Digest, SegmentSummary
from storage.roles import Role

__all__ = [
    "Actor",
    "Algorithm",
    "Content",
    "DevicePath",
    "Digest",
    "Entry",
    "Json",
    "Kind",
    "MediaKind",
    "Recorded",
    "Recording",
    "Role",
    "SegmentSummary",
    "Stage",
    "Subject",
    "TimeRange",
    "utc_moment",
    "utc_text",
]

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"
"""What a leaf may hold: no floats, integers within ±(2^53 - 1), object keys in ASCII (RFC 8785, restricted)."""

_IDENTIFIER = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}|[0-9a-f]{32}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Kind(StrEnum):
    """What a `Subject` is."""

    LOG = "log"
    OFFICE = "office"
    OFFICER = "officer"
    ACCOUNT = "account"
    DEVICE = "device"
    DOCK = "dock"
    CLIP = "clip"
    PARTY = "party"
    MATTER = "matter"
    ACTIVITY = "activity"
    DOCUMENT = "document"
    VIEWING = "viewing"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """
    The pseudonym of something an entry can be about or be made by.

    ``id`` is a ULID, or 32 hexadecimal digits of a keyed index where the same thing must be found again.
    """

    kind: Kind
    id: str

    def __post_init__(self) -> None:
        if not _IDENTIFIER.fullmatch(self.id):
            message = f"{self.kind} {self.id!r}: expected a ULID or 32 lower-case hexadecimal digits"
            raise ValueError(message)

    @classmethod
    def parse(cls, text: str, expected: Kind | None = None) -> Subject:
        """Read ``clip:01J…``; with *expected*, refuse any other kind."""
        kind, _, identifier = text.partition(":")
        subject = cls(Kind(kind), identifier)
        if expected is not None and subject.kind is not expected:
            message = f"{text!r}: expected a {expected}"
            raise ValueError(message)
        return subject

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True, order=True)
class DevicePath:
    """
    Where a file lay on the camera, relative to the volume, in the raw bytes the camera gave.

    A camera is not trusted with names: absolute paths, empty, ``.`` and ``..`` components and NUL are refused.
    """

    raw: bytes

    def __post_init__(self) -> None:
        if b"\0" in self.raw or any(part in {b"", b".", b".."} for part in self.raw.split(b"/")):
            message = f"path on device {self.text!r}: expected a relative path without empty, '.' or '..' parts"
            raise ValueError(message)

    @property
    def text(self) -> str:
        """For people: UTF-8, else GB 18030, else escaped; control and invisible characters are always escaped."""
        return "".join(_visible(character) for character in _decoded(self.raw))

    @property
    def name(self) -> DevicePath:
        """The last component."""
        return DevicePath(self.raw.rsplit(b"/", 1)[-1])

    def __str__(self) -> str:
        return self.text


def _decoded(raw: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "backslashreplace")


def _visible(character: str) -> str:
    plain = character == " " or unicodedata.category(character)[0] not in "CZ"
    return character if plain else character.encode("unicode_escape").decode("ascii")


class MediaKind(StrEnum):
    """What a file looks like from outside. ``SIDECAR`` and ``OTHER`` are kept like everything else."""

    VIDEO = "video"
    AUDIO = "audio"
    PHOTO = "photo"
    SIDECAR = "sidecar"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Recording:
    """A file on a camera; not ours yet. Size and times are the camera's claims."""

    device: Subject
    path: DevicePath
    size: int
    modified_ns: int
    """Modification time as the file system gave it, nanoseconds since 1970 (may be before it)."""
    kind: MediaKind

    def __post_init__(self) -> None:
        if self.size < 0:
            message = f"recording {self.path}: size {self.size} is negative"
            raise ValueError(message)


class Stage(StrEnum):
    """The five stages of a case (requirements A2, A3): 程序启动 · 调查取证 · 审核决定 · 送达执行 · 归档管理."""

    INITIATION = "initiation"
    INVESTIGATION = "investigation"
    DECISION = "decision"
    SERVICE = "service"
    ARCHIVING = "archiving"

    @property
    def chinese(self) -> str:
        """The name in the documents."""
        return _STAGE_NAMES[self][0]

    @classmethod
    def parse(cls, text: str) -> Stage:
        """Read the code or any Chinese name of a stage; 审查决定 is an alias of 审核决定 (A3)."""
        for stage, names in _STAGE_NAMES.items():
            if text.strip().lower() == stage or text.strip() in names:
                return stage
        message = f"stage {text!r}: expected one of {', '.join(f'{s} ({s.chinese})' for s in cls)}"
        raise ValueError(message)


_STAGE_NAMES: dict[Stage, tuple[str, ...]] = {
    Stage.INITIATION: ("程序启动", "启动"),
    Stage.INVESTIGATION: ("调查取证",),
    Stage.DECISION: ("审核决定", "审查决定"),
    Stage.SERVICE: ("送达执行",),
    Stage.ARCHIVING: ("归档管理", "归档"),
}


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A part of a clip, from *start* up to, not including, *end*, both from its beginning."""

    start: timedelta
    end: timedelta

    def __post_init__(self) -> None:
        if not timedelta(0) <= self.start < self.end:
            message = f"time range: expected 0 ≤ start < end, found {self.start} to {self.end}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, by pseudonym, and in what capacity."""

    who: Subject
    role: Role


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One line of the ledger, before it has a place in it.

    ``body`` goes into the leaf in clear and so must never hold anything personal: pseudonyms, digests, counts, codes.
    ``personal`` goes into the vault; the leaf carries a salted commitment to each of its values.
    """

    type: str  # in the past tense and capitals, ``SECURED``; which there are is said by the registered life cycles
    subject: Subject
    actor: Actor
    body: Mapping[str, Json] = field(default_factory=dict)
    personal: Mapping[str, Json] = field(default_factory=dict)
    confided_to: Subject | None = field(default=None, compare=False)  # whose key seals ``personal``, if not the subject's

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z][A-Z_]{1,39}", self.type):
            message = f"entry type {self.type!r}: expected capitals and underscores"
            raise ValueError(message)
        for name in filter(lambda each: not _FIELD.fullmatch(each), self.personal):
            message = f"personal field {name!r}: expected lower-case letters, digits and underscores"
            raise ValueError(message)
        object.__setattr__(self, "body", MappingProxyType(dict(self.body)))
        object.__setattr__(self, "personal", MappingProxyType(dict(self.personal)))


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry with its place in the ledger. Personal values that were erased are missing from ``entry.personal``."""

    seq: int
    at: datetime
    """The log's own clock, aware, UTC."""
    leaf_hash: bytes
    entry: Entry

    def __post_init__(self) -> None:
        if self.at.utcoffset() != timedelta(0):
            message = f"entry {self.seq}: expected a time in UTC, found {self.at.isoformat()}"
            raise ValueError(message)


def utc_text(moment: datetime) -> str:
    """The one way a moment is written in leaves: ``2026-11-21T22:29:50.123Z``, milliseconds, UTC."""
    # strftime writes the year 99 with two digits, and a camera's clock may say so
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def utc_moment(text: str) -> datetime:
    """Read what `utc_text` wrote; anything else is refused."""
    moment = datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    if utc_text(moment) != text:
        message = f"time {text!r}: expected YYYY-MM-DDTHH:MM:SS.mmmZ"
        raise ValueError(message)
    return moment
