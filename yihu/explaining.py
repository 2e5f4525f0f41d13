"""A card or folder as its profile understands it, for a person who asks: nothing is copied, opened or recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from device_profiles.clocks import ClockClaim, read_clock, read_modified
from device_profiles.matching import CardLook, Decision, decide
from device_profiles.names import NameFacts, read_name
from device_profiles.profile import Profile
from device_profiles.samples import RECORDINGS
from device_profiles.sequences import Gap, gaps
from ingest.cards import Card
from ingest.identify import identify
from ingest.manifest import ManifestRow, Verdict, list_card
from storage.errors import NotFound

Role: TypeAlias = Literal["recording", "sidecar", "other", "ignored", "refused"]

_ASKED = ("device", "officer", "sequence")


@dataclass(frozen=True, slots=True)
class ExplainedFile:
    """One file, and what its name says."""

    row: ManifestRow
    role: Role
    said: NameFacts | None = None
    """Of a recording."""
    clock: ClockClaim | None = None
    """Of a recording: from its name, else from the date of the file."""
    unknown: tuple[str, ...] = ()
    """What nothing on the card tells of this recording."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A card, explained."""

    look: CardLook
    decision: Decision
    files: tuple[ExplainedFile, ...]
    gaps: tuple[Gap, ...]


def explain(path: Path, profiles: Sequence[Profile], told: CardLook, *, now: datetime) -> Explanation:
    """
    Say which profile the card or folder at *path* gets, and what that profile says of each file.

    *told* is what a person knows beyond what can be seen: a label, a USB id, the id the device gave, the profile they chose.
    Raises `NotFound` where there is no card or not one file on it, `SourceChanged` where it is pulled meanwhile.
    """
    with Card(path, identify(path)) as card:
        look = _together(card.appearance(), told)
        decision = decide(profiles, look)
        rows = list_card(card, decision.profile).rows
    if not rows:
        message = f"card {path}: there is no file on it"
        raise NotFound(message)
    files = tuple(_file(decision.profile, row, look, now) for row in rows)
    recordings = [file.row.path.raw for file in files if file.role == "recording"]
    return Explanation(look, decision, files, gaps(decision.profile, recordings))


def _together(seen: CardLook, told: CardLook) -> CardLook:
    return replace(told, volume_label=told.volume_label or seen.volume_label, folders=seen.folders, files=seen.files)


def _file(profile: Profile, row: ManifestRow, look: CardLook, now: datetime) -> ExplainedFile:
    role = _role(row)
    if role != "recording":
        return ExplainedFile(row, role)
    said = _with_label(read_name(profile, row.path.raw), profile, look)
    zone = profile.clock.zone
    clock = read_modified(row.modified_ns, now=now) if said.time is None else read_clock(said.time, zone=zone, now=now)
    unknown = [key for key in _ASKED if getattr(said, key) is None]
    return ExplainedFile(row, role, said, clock, tuple(unknown if said.time else [*unknown, "time"]))


def _role(row: ManifestRow) -> Role:
    if row.verdict is not Verdict.READ:
        return "ignored" if row.verdict is Verdict.IGNORED else "refused"
    if row.kind.value in RECORDINGS:
        return "recording"
    return "sidecar" if row.kind.value == "sidecar" else "other"


def _with_label(said: NameFacts, profile: Profile, look: CardLook) -> NameFacts:
    """Where the label of the volume is the id of the device, a name that does not tell it need not."""
    if profile.identity is None or said.device is not None:
        return said
    return replace(said, device=look.volume_label or None)
