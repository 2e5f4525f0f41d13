"""The kinds of values that profiles and samples are made of, each checked where it is read."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from device_profiles.faults import Misread

FileKind: TypeAlias = Literal["video", "audio", "photo", "sidecar", "other"]
"""What a file looks like from outside; the same words as the vocabulary of evidence."""

Interface: TypeAlias = Literal["mass-storage", "mtp", "vendor"]
"""How a USB interface speaks: by its class, never by who made it."""

DialectName: TypeAlias = Literal["at-sign", "bc-plus"]
"""How a camera that must be asked is spoken to; each is explained where it is spoken, in ``ingest/dialects``."""


def _compiled(pattern: object) -> object:
    if not isinstance(pattern, str):
        return pattern
    try:
        return re.compile(pattern, re.ASCII | re.IGNORECASE)  # ASCII: \d is 0-9, not every digit of the world
    except re.error as error:
        message = f"not a regular expression: {error}"
        raise Misread(message, kind="bad-pattern") from error


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # a folder, a path that leaves the database, an unknown name
        message = f"{name!r} is not a known time zone"
        raise Misread(message, kind="bad-zone") from error
    return name


def _folder(text: str) -> str:
    if text != text.strip("/") or any(part in {"", ".", ".."} for part in text.split("/")):
        message = f"{text!r}: expected a relative folder such as 'Media/Video'"
        raise Misread(message, kind="bad-folder")
    return text


Text: TypeAlias = Annotated[str, Field(min_length=1)]
Name: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Pattern: TypeAlias = Annotated[re.Pattern[str], BeforeValidator(_compiled)]
FolderGlob: TypeAlias = Annotated[str, AfterValidator(_folder)]
Extension: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9]{1,8}$")]
UsbId: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]
Zone: TypeAlias = Annotated[str, AfterValidator(_known_zone)]


class Strict(BaseModel):
    """A value that knows all its keys and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Fact(Strict):
    """Something we believe of a camera, with the reason why."""

    source: Text
    """Where it is known from, in words; never an address."""
    grade: Literal["A", "B", "C"]
    """``A`` an official document or two independent programs, ``B`` one working program, ``C`` habit or our own choice."""
