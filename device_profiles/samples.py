"""
A sample card for each profile, as a list of files and of what is expected of each: data, not a folder full of footage.

``samples/NAME.toml`` stands beside ``NAME.toml``. A profile without one is not known to work, and fails the contract.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StrictBool, StrictInt, model_validator

from device_profiles.faults import Misread, decoded, read_model
from device_profiles.fields import FileKind, FolderGlob, Interface, Name, Strict, UsbId
from device_profiles.layout import ignores
from device_profiles.matching import CardLook, considered
from device_profiles.names import NameFacts, speaking_rule
from device_profiles.profile import Profile
from device_profiles.text import lies_under

Content: TypeAlias = Literal["bytes", "md5", "track", "h264", "h264-silent", "hevc", "mjpeg", "photo", "wav", "aac"]
"""``bytes`` of no meaning; the ``md5`` of the recording; an NMEA ``track``; else footage, where there is ffmpeg."""

RECORDINGS: frozenset[FileKind] = frozenset({"video", "audio", "photo"})


class SampleLook(Strict):
    """What a folder cannot show by itself."""

    volume_label: str = ""
    usb_id: UsbId | None = None
    usb_interface: Interface | None = None
    device_id: str | None = None
    chosen: StrictBool = False
    """A person chose the profile."""


class SampleFile(Strict):
    """A file on the sample card, and what is expected of it; what is not said is expected not to be known."""

    path: FolderGlob
    kind: FileKind
    content: Content = "bytes"
    size: Annotated[StrictInt, Field(ge=0, le=1 << 20)] = 64
    """Of ``bytes``."""
    modified: datetime | None = None
    verdict: Literal["read", "ignored"] = "read"
    unexpected: StrictBool = False
    """It lies where its camera writes no recordings."""
    belongs_to: str | None = None
    device: str | None = None
    officer: str | None = None
    time: str | None = None
    end: str | None = None
    sequence: str | None = None
    chapter: str | None = None
    important: StrictBool = False
    encrypted: StrictBool = False

    @property
    def facts(self) -> NameFacts:
        """What the name is expected to say."""
        return NameFacts(
            device=self.device,
            officer=self.officer,
            time=self.time,
            end=self.end,
            sequence=self.sequence,
            chapter=self.chapter,
            important=self.important,
            encrypted=self.encrypted,
        )

    @property
    def is_recording(self) -> bool:
        """Say whether it is expected to be footage that is taken in."""
        return self.kind in RECORDINGS and self.verdict == "read"


class Sample(Strict):
    """A sample card."""

    profile: Name
    look: SampleLook = SampleLook()
    files: Annotated[tuple[SampleFile, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _files_are_there_once(self) -> Sample:
        paths = [file.path.lower() for file in self.files]  # FAT knows no case
        twice = sorted({path for path in paths if paths.count(path) > 1})
        strangers = sorted({file.belongs_to for file in self.files if file.belongs_to} - {file.path for file in self.files})
        if twice or strangers:
            message = f"listed twice: {', '.join(twice)}" if twice else f"belongs_to is not listed: {', '.join(strangers)}"
            raise Misread(message, kind="wrong")
        return self


def read_sample(name: str, raw: bytes) -> Sample:
    """Read the sample in a file called *name*; raise `ProfileError` with every fault."""
    return read_model(Sample, decoded(raw, name), origin=f"samples/{name}")


def load_samples() -> dict[str, Sample]:
    """Read every shipped sample, by the name of its profile."""
    files = [entry for entry in (resources.files("device_profiles") / "samples").iterdir() if entry.name.endswith(".toml")]
    samples = [read_sample(file.name, file.read_bytes()) for file in files]
    return {sample.profile: sample for sample in samples}


def sample_beside(profile: Path) -> Path:
    """Say where the sample of the profile in this file is expected."""
    return profile.parent / "samples" / profile.name


def look_of(sample: Sample) -> CardLook:
    """Say what the sample card shows, without writing it anywhere."""
    parents = {folder for file in sample.files for folder in _above(file.path)}
    return CardLook(
        volume_label=sample.look.volume_label,
        folders=frozenset(folder for folder in parents if folder.count("/") <= 1),
        usb_id=sample.look.usb_id,
        files=frozenset(posixpath.basename(file.path) for file in sample.files if file.path.count("/") <= 2),  # noqa: PLR2004 - as Card.appearance
        usb_interface=sample.look.usb_interface,
        device_id=sample.look.device_id,
        chosen=sample.profile if sample.look.chosen else None,
    )


def unshown(profile: Profile, sample: Sample) -> tuple[str, ...]:
    """Give the keys of rules that no file of the sample shows at work: perhaps they are misspelt."""
    shown: set[str] = set()
    for file in sample.files:
        name = posixpath.basename(file.path)
        shown.update(f"sidecars.{place}" for place in _fitting_sidecars(profile, name)[:1])
        if file.verdict == "ignored":
            shown.update(f"ignore.{place}" for place, rule in enumerate(profile.ignore) if ignores(rule, file.path))
        elif file.kind in RECORDINGS:
            shown.update(_recording_rules(profile, file))
            spoken = speaking_rule(profile, file.path)
            shown.update([f"names.{spoken.rule}"] if spoken else [])
    shown.update(f"match.{each.rule}" for each in considered([profile], look_of(sample)) if each.fits or sample.look.chosen)
    rules = {"match", "recordings", "names", "sidecars", "ignore"}
    keys = [key for key, _fact in profile.facts() if key.partition(".")[0] in rules]
    return tuple(key for key in keys if key not in shown)


def _above(path: str) -> Sequence[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def _fitting_sidecars(profile: Profile, name: str) -> list[int]:
    return [place for place, rule in enumerate(profile.sidecars) if rule.pattern.fullmatch(name)]


def _recording_rules(profile: Profile, file: SampleFile) -> list[str]:
    extension = file.path.rpartition(".")[2].lower()
    return [
        f"recordings.{place}"
        for place, rule in enumerate(profile.recordings)
        if rule.kind == file.kind
        and extension in rule.extensions
        and (not rule.under or any(lies_under(file.path, folder) for folder in rule.under))
    ]
