"""
What is known of a kind of camera, as a frozen value read from one TOML file.

A profile says by what a camera is recognised, where it keeps recordings, how it names them, which files belong beside them,
what is never copied and in which zone its clock runs. Every fact names its *source* and a *grade*: **A** an official document
or two independent programs, **B** one working program, **C** habit. Nobody's USB ids are guessed: ids of grade C are refused.

A key that is not known here is refused, with the file and the key, so that a misspelt rule cannot silently do nothing.
"""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, ValidationError, model_validator

FileKind: TypeAlias = Literal["video", "audio", "photo", "sidecar", "other"]
"""What a file looks like from outside; the same words as the vocabulary of evidence."""

NAME_GROUPS = frozenset({"device", "officer", "date", "time", "end", "sequence", "importance", "encrypted"})
"""The named groups a name pattern may have."""

SIDECAR_GROUPS = frozenset({"stem", "time"})
"""How a sidecar points to its recording: by its name (with or without extension) or by the same time in the name."""


def _compiled(pattern: object) -> object:
    if not isinstance(pattern, str):
        return pattern
    try:
        return re.compile(pattern, re.ASCII | re.IGNORECASE)  # ASCII: \d is 0-9, not every digit of the world
    except re.error as error:
        message = f"not a regular expression: {error}"
        raise ValueError(message) from error


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # a folder, a path that leaves the database, an unknown name
        message = f"{name!r} is not a known time zone"
        raise ValueError(message) from error
    return name


def _folder(text: str) -> str:
    if text != text.strip("/") or any(part in {"", ".", ".."} for part in text.split("/")):
        message = f"{text!r}: expected a relative folder such as 'Media/Video'"
        raise ValueError(message)
    return text


Text: TypeAlias = Annotated[str, Field(min_length=1)]
Pattern: TypeAlias = Annotated[re.Pattern[str], BeforeValidator(_compiled)]
FolderGlob: TypeAlias = Annotated[str, AfterValidator(_folder)]
Extension: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9]{1,8}$")]
UsbId: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]
Zone: TypeAlias = Annotated[str, AfterValidator(_known_zone)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fact(_Strict):
    """Something we believe of a camera, with the reason why."""

    source: Text
    grade: Literal["A", "B", "C"]


class Label(_Strict):
    """What people call this kind of camera."""

    zh: Text
    en: Text


class Match(Fact):
    """One way to recognise the camera: everything that is said must hold; a rule that says nothing always does."""

    volume_label: Pattern | None = None
    folders: tuple[FolderGlob, ...] = ()
    """Folders that must exist at the top of the card or one below it; case does not matter."""
    usb_ids: tuple[UsbId, ...] = ()
    """``vid:pid``; never identity, several makers share some."""

    @model_validator(mode="after")
    def _nobodys_ids_are_guessed(self) -> Match:
        if self.usb_ids and self.grade == "C":
            message = "usb_ids of grade C are guesses and are not accepted"
            raise ValueError(message)
        return self


class Recordings(Fact):
    """Which files look like footage, and where they are expected."""

    kind: Literal["video", "audio", "photo"]
    under: tuple[FolderGlob, ...] = ()
    """Folders, with ``*`` in their parts; everything beneath counts. Empty: the whole card."""
    extensions: tuple[Extension, ...]


class NamePattern(Fact):
    """What a file name (or the whole path) says of its recording, by named groups."""

    pattern: Pattern
    on: Literal["name", "path"] = "name"

    @model_validator(mode="after")
    def _groups_are_known(self) -> NamePattern:
        _require_groups(self.pattern, NAME_GROUPS)
        return self


class Sidecar(Fact):
    """A file that belongs to a recording, by a pattern on its name; with no group it belongs to the card as a whole."""

    pattern: Pattern

    @model_validator(mode="after")
    def _groups_are_known(self) -> Sidecar:
        _require_groups(self.pattern, SIDECAR_GROUPS)
        return self


class Ignore(Fact):
    """What is listed and never copied: by the name of a file or any folder above it, or by where it lies."""

    names: tuple[Text, ...] = ()
    under: tuple[FolderGlob, ...] = ()


class Clock(Fact):
    """The zone in which the camera's clock is taken to run, where it does not say."""

    zone: Zone = "Asia/Shanghai"


class Importance(Fact):
    """Folders whose recordings the camera marked as important."""

    under: tuple[FolderGlob, ...]


class Quirk(Fact):
    """Something people must know who write code for this camera or read its footage."""

    code: Literal["encrypted-footage", "maker-blocks-bad-md5", "end-time-in-name", "removable-drive-per-camera"]


class Profile(_Strict):
    """All that is known of one kind of camera."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    label: Label
    priority: StrictInt
    """Higher is asked first."""
    match: Annotated[tuple[Match, ...], Field(min_length=1)]
    """Any one of them is enough."""
    recordings: Annotated[tuple[Recordings, ...], Field(min_length=1)]
    names: tuple[NamePattern, ...] = ()
    """The first that fits speaks."""
    sidecars: tuple[Sidecar, ...] = ()
    ignore: tuple[Ignore, ...] = ()
    clock: Clock
    importance: Importance | None = None
    quirks: tuple[Quirk, ...] = ()


def read_profile(text: str, *, origin: str) -> Profile:
    """Read one profile; raise `ValueError` that names *origin* and the key at fault."""
    try:
        return Profile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        message = f"profile {origin}: not TOML: {error}"
        raise ValueError(message) from error
    except ValidationError as error:
        faults = "; ".join(_fault(tuple(fault["loc"]), fault["msg"]) for fault in error.errors())
        message = f"profile {origin}: {faults}"
        raise ValueError(message) from error


def load_profiles(extra: Path | None = None) -> tuple[Profile, ...]:
    """
    Read every shipped profile, and those in *extra*, first asked first.

    A file is named after its profile; two profiles of one name are refused, so a shipped one is never replaced unseen.
    """
    files = [entry for entry in resources.files("device_profiles").iterdir() if entry.name.endswith(".toml")]
    found: dict[str, Profile] = {}
    for file in [*files, *(sorted(extra.glob("*.toml")) if extra else [])]:
        profile = read_profile(_text(file.read_bytes(), file.name), origin=file.name)
        if f"{profile.name}.toml" != file.name:
            message = f"profile {file.name}: name: expected {file.name.removesuffix('.toml')!r}, found {profile.name!r}"
            raise ValueError(message)
        if profile.name in found:
            message = f"profile {file.name}: name: {profile.name!r} exists already"
            raise ValueError(message)
        found[profile.name] = profile
    return tuple(sorted(found.values(), key=lambda profile: (-profile.priority, profile.name)))


def _require_groups(pattern: re.Pattern[str], known: frozenset[str]) -> None:
    unknown = sorted(set(pattern.groupindex) - known)
    if unknown:
        message = f"unknown group {', '.join(unknown)}; expected some of {', '.join(sorted(known))}"
        raise ValueError(message)


def _fault(location: tuple[int | str, ...], reason: str) -> str:
    key = ".".join(str(part) for part in location) or "whole file"
    return f"{key}: {'unknown key' if reason.startswith('Extra inputs') else reason}"


def _text(raw: bytes, origin: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"profile {origin}: not UTF-8: {error}"
        raise ValueError(message) from error
