"""
What is known of a kind of camera, as a frozen value read from one TOML file.

A profile says by what a camera is recognised, where it keeps recordings, how it names them, which files belong beside them,
what is never copied and in which zone its clock runs. Every fact names its *source* and a *grade*: **A** an official document
or two independent programs, **B** one working program, **C** habit. Nobody's USB ids are guessed: ids of grade C are refused.

A key that is not known here is refused, with the file and the key, so that a misspelt rule cannot silently do nothing. Every
key is explained for authors in docs/cameras.md.
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, model_validator

from device_profiles.faults import Fault, FaultKind, Misread, ProfileError, decoded, read_model
from device_profiles.fields import (
    DialectName,
    Extension,
    Fact,
    FileKind,
    FolderGlob,
    Interface,
    Name,
    Pattern,
    Strict,
    Text,
    UsbId,
    Zone,
)

__all__ = ["Fact", "FileKind", "Profile", "load_profiles", "read_profile"]

NAME_GROUPS = frozenset({"device", "officer", "date", "time", "end", "sequence", "chapter", "importance", "encrypted"})
"""The named groups a name pattern may have."""

SIDECAR_GROUPS = frozenset({"stem", "time", "sequence", "chapter"})
"""How a sidecar points to its recording: by its name (with or without extension), the same time, or the same numbers."""


class Label(Strict):
    """What people call this kind of camera."""

    zh: Text
    en: Text


class Match(Fact):
    """One way to recognise the camera: everything that is said must hold; a rule that says nothing always does."""

    volume_label: Pattern | None = None
    label_is_device: StrictBool = False
    """The volume must be labelled with the id the device gave when it was asked, before it became a volume."""
    folders: tuple[FolderGlob, ...] = ()
    """Folders that must exist at the top of the card or one below it, with ``*`` in their parts; case does not matter."""
    files: tuple[Pattern, ...] = ()
    """For each pattern a file must be named so, among those at the top and up to two folders below."""
    usb_ids: tuple[UsbId, ...] = ()
    """``vid:pid``; never identity, several makers share some."""
    usb_interfaces: tuple[Interface, ...] = ()
    by_hand: StrictBool = False
    """Nothing on the volume tells: a person has to choose the profile."""

    @model_validator(mode="after")
    def _nobodys_ids_are_guessed(self) -> Match:
        _refuse_guesses(self, self.usb_ids)
        return self


class Usb(Fact):
    """How the camera shows itself on USB when it is not a volume: for those who write code that asks it."""

    ids: tuple[UsbId, ...] = ()
    interface: Interface
    number: Annotated[StrictInt, Field(ge=0, le=255)] | None = None
    """Of the interface."""
    bulk_in: Annotated[StrictInt, Field(ge=0x81, le=0x8F)] | None = None
    bulk_out: Annotated[StrictInt, Field(ge=0x01, le=0x0F)] | None = None
    """Addresses of the endpoints."""
    dialects: tuple[DialectName, ...] = ()
    """In which it may be asked and unlocked, tried in this order; empty: it is not asked."""
    verified: StrictBool = False
    """Whether somebody unlocked such a camera with this program; by default nobody has."""

    @model_validator(mode="after")
    def _nobodys_ids_are_guessed(self) -> Usb:
        _refuse_guesses(self, self.ids)
        return self


class Recordings(Fact):
    """Which files look like footage, and where they are expected."""

    kind: Literal["video", "audio", "photo"]
    under: tuple[FolderGlob, ...] = ()
    """Folders, with ``*`` in their parts; everything beneath counts. Empty: the whole card."""
    extensions: Annotated[tuple[Extension, ...], Field(min_length=1)]


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

    @model_validator(mode="after")
    def _says_something(self) -> Ignore:
        if not self.names and not self.under:
            message = "names nothing: expected 'names' or 'under'"
            raise Misread(message, kind="empty-rule")
        return self


class Clock(Fact):
    """The zone in which the camera's clock is taken to run, where it does not say."""

    zone: Zone = "Asia/Shanghai"


class Importance(Fact):
    """Folders whose recordings the camera marked as important, or protects from being overwritten."""

    under: Annotated[tuple[FolderGlob, ...], Field(min_length=1)]


class Identity(Fact):
    """Where, other than in file names, the camera says which one it is."""

    volume_label: Literal["device"]
    """The label of the volume is the id of the device."""


class Segments(Fact):
    """How long the files are into which the camera cuts one recording."""

    seconds: Annotated[StrictInt, Field(ge=1, le=86_400)]


QuirkCode = Literal[
    "encrypted-footage", "maker-blocks-bad-md5", "end-time-in-name", "removable-drive-per-camera", "login-before-storage",
    "ids-shared-by-makers", "overwrites-oldest", "shock-protects", "telemetry-freegps", "telemetry-gpmf",
    "low-resolution-copies", "no-time-in-name",
]  # fmt: skip


class Quirk(Fact):
    """Something people must know who write code for this camera or read its footage."""

    code: QuirkCode


class Profile(Strict):
    """All that is known of one kind of camera."""

    name: Name
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
    identity: Identity | None = None
    segments: Segments | None = None
    usb: tuple[Usb, ...] = ()
    quirks: tuple[Quirk, ...] = ()

    def facts(self) -> tuple[tuple[str, Fact], ...]:
        """Give every fact with its key, as in ``match.0``."""
        lists = ("match", "recordings", "names", "sidecars", "ignore", "usb", "quirks")
        several = [(f"{key}.{place}", fact) for key in lists for place, fact in enumerate(getattr(self, key))]
        single = [(key, getattr(self, key)) for key in ("clock", "importance", "identity", "segments")]
        return tuple(several + [(key, fact) for key, fact in single if fact is not None])


def read_profile(text: str, *, origin: str) -> Profile:
    """Read one profile; raise `ProfileError`, a `ValueError` that names *origin* and every key at fault."""
    return read_model(Profile, text, origin=origin)


def read_profile_file(name: str, raw: bytes) -> Profile:
    """Read the profile in a file called *name*, which must be named after it."""
    profile = read_profile(decoded(raw, name), origin=name)
    if f"{profile.name}.toml" != name:
        reason = f"expected {name.removesuffix('.toml')!r}, found {profile.name!r}"
        raise _about_name(name, "wrong-name", reason)
    return profile


def load_profiles(extra: Path | None = None) -> tuple[Profile, ...]:
    """
    Read every shipped profile, and those in *extra*, first asked first.

    A file is named after its profile; two profiles of one name are refused, so a shipped one is never replaced unseen.
    """
    files = [entry for entry in resources.files("device_profiles").iterdir() if entry.name.endswith(".toml")]
    found: dict[str, Profile] = {}
    for file in [*files, *(sorted(extra.glob("*.toml")) if extra else [])]:
        profile = read_profile_file(file.name, file.read_bytes())
        if profile.name in found:
            raise _about_name(file.name, "taken-name", f"{profile.name!r} exists already")
        found[profile.name] = profile
    return tuple(sorted(found.values(), key=lambda profile: (-profile.priority, profile.name)))


def _about_name(origin: str, kind: FaultKind, reason: str) -> ProfileError:
    return ProfileError(origin, [Fault(kind, "name", reason)])


def _refuse_guesses(fact: Fact, ids: tuple[str, ...]) -> None:
    if ids and fact.grade == "C":
        message = "usb ids of grade C are guesses and are not accepted"
        raise Misread(message, kind="guessed-id")


def _require_groups(pattern: re.Pattern[str], known: frozenset[str]) -> None:
    unknown = sorted(set(pattern.groupindex) - known)
    if unknown:
        message = f"unknown group {', '.join(unknown)}; expected some of {', '.join(sorted(known))}"
        raise Misread(message, kind="bad-group")
