"""
What is known of a recording before its bytes are read: enough to record it later without the camera.

A claim is written into the spool before the first byte is read, so that a process that died after the last one can still say
where the bytes came from. It holds names; it stays in the spool and goes into the vault, never into a leaf.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from device_profiles.clocks import ClockClaim, read_clock, read_modified
from device_profiles.names import read_name
from device_profiles.profile import Profile
from ingest.clock_offset import Corrected, Measured
from ingest.manifest import ManifestRow
from ingest.stitching import Part
from storage.evidence import Actor, DevicePath, Entry, Json, Subject, utc_text
from storage.hashing import Reading, content_json

Key: TypeAlias = tuple[Subject, DevicePath, int, int]

_OF_NAMES = timedelta(seconds=1)
_OF_FAT = timedelta(seconds=2)
"""What a time written there drops."""
_NO_TIME = frozenset({"unreadable", "unset", "rollover", "future", "ambiguous", "skipped"})
"""Times that mean nothing certain, so that nothing is made of them."""
_DIGITS_AS_UTC = frozenset({"tz=UTC", "time_offset=0"})
"""Options of a mount that take the digits of the camera's clock for UTC."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a recording besides its row in the list."""

    clock: Measured | None = None
    """Of its camera, at this docking."""
    part: Part | None = None
    findings: tuple[str, ...] = ()
    mount: str = ""
    """Options of the mount it was listed through."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Where a recording lies and what the camera says of it."""

    device: Subject
    manifest: int
    """Number of the ``MANIFESTED`` entry it was listed in."""
    path: DevicePath
    size: int
    modified_ns: int
    kind: str
    belongs_to: DevicePath | None = None
    officer: str | None = None
    recorded_at: str | None = None
    recorded_raw: str | None = None
    zone: str = ""
    corrected_at: str | None = None
    """The same by our clock, where the camera's was measured; what the camera claims is never changed."""
    uncertainty_ms: int | None = None
    event: Mapping[str, Json] | None = None
    """Which part (``part``) it is of how many (``parts``) of which event (``of``)."""
    findings: tuple[str, ...] = ()
    md5: str | None = None
    """What the camera's own sidecar says, in hexadecimal; a difference is a finding, never a reason to drop anything."""

    @property
    def key(self) -> Key:
        """What is the same for the same recording as it lies on the camera."""
        return self.device, self.path, self.size, self.modified_ns

    @classmethod
    def of(
        cls, row: ManifestRow, *, device: Subject, manifest: int, profile: Profile, now: datetime, known: Known | None = None
    ) -> Claim:
        """Put together what the manifest, the name and the clock claim, and what is known besides."""
        said, besides = read_name(profile, row.path.raw), known or Known()
        clock = clock_of(row, profile, now=now, mount=besides.mount)
        right = _corrected(row, said.time, clock, besides)
        part = besides.part
        marks = [f"clock-{finding}" for finding in clock.findings]
        marks += ["important"] if said.important else []
        marks += ["encrypted"] if said.encrypted else []
        marks += [row.reason] if row.reason else []
        return cls(
            device=device,
            manifest=manifest,
            path=row.path,
            size=row.size,
            modified_ns=row.modified_ns,
            kind=row.kind.value,
            belongs_to=row.belongs_to,
            officer=said.officer,
            recorded_at=None if clock.at is None else utc_text(clock.at),
            recorded_raw=clock.raw,
            zone=clock.zone,
            corrected_at=None if right is None else utc_text(right.at),
            uncertainty_ms=None if right is None else right.uncertainty_ms,
            event=None if part is None else {"of": part.event, "part": part.part, "parts": part.parts},
            findings=tuple(dict.fromkeys((*marks, *besides.findings))),
        )

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Claim:
        """Read what `as_json` wrote; raises `ValueError` for anything else."""
        try:
            return cls._read(value)
        except (KeyError, TypeError) as error:
            message = f"claim: expected the fields of a claim: {error!r}"
            raise ValueError(message) from error

    @classmethod
    def _read(cls, value: Mapping[str, Any]) -> Claim:
        owner = value["belongs_to"]
        return cls(
            device=Subject.parse(str(value["device"])),
            manifest=int(str(value["manifest"])),
            path=DevicePath(bytes.fromhex(str(value["path"]))),
            size=int(str(value["size"])),
            modified_ns=int(str(value["modified_ns"])),
            kind=str(value["kind"]),
            belongs_to=None if owner is None else DevicePath(bytes.fromhex(str(owner))),
            officer=_optional(value["officer"]),
            recorded_at=_optional(value["recorded_at"]),
            recorded_raw=_optional(value["recorded_raw"]),
            zone=str(value["zone"]),
            **_later(value),
            findings=tuple(map(str, value["findings"])),
            md5=_optional(value["md5"]),
        )

    def as_json(self) -> dict[str, Json]:
        """Write the claim for the spool."""
        return {
            "device": str(self.device),
            "manifest": self.manifest,
            "path": self.path.raw.hex(),
            "size": self.size,
            "modified_ns": str(self.modified_ns),
            "kind": self.kind,
            "belongs_to": None if self.belongs_to is None else self.belongs_to.raw.hex(),
            "officer": self.officer,
            "recorded_at": self.recorded_at,
            "recorded_raw": self.recorded_raw,
            "zone": self.zone,
            "corrected_at": self.corrected_at,
            "uncertainty_ms": self.uncertainty_ms,
            "event": self._event(),
            "findings": list(self.findings),
            "md5": self.md5,
        }

    def _event(self) -> dict[str, Json] | None:
        return None if self.event is None else dict(self.event)

    def secured(self, clip: Subject, reading: Reading, *, actor: Actor) -> Entry:
        """Return the entry by which the recording becomes ours: what names somebody goes into the vault."""
        body: dict[str, Json] = {
            "content": content_json(reading.content),
            "device": str(self.device),
            "findings": [*self.findings, *self._compared(reading)],
            "kind": self.kind,
            "manifest": self.manifest,
            "modified_ns": str(self.modified_ns),
            "recorded_at": self.recorded_at,
            "recorded_raw": self.recorded_raw,
            "zone": self.zone,
        }
        if self.corrected_at is not None:
            body |= {"corrected_at": self.corrected_at, "uncertainty_ms": self.uncertainty_ms}
        if self.event is not None:
            body["event"] = self._event()
        file: dict[str, Json] = {
            "path": self.path.raw.hex(),
            "name": self.path.name.text,
            "belongs_to": None if self.belongs_to is None else self.belongs_to.raw.hex(),
            "officer": self.officer,
        }
        return Entry("SECURED", clip, actor, body, {"file": file})

    def _compared(self, reading: Reading) -> tuple[str, ...]:
        if self.md5 is None or reading.md5 is None:
            return ()
        return ("sidecar-md5-equal" if reading.md5.hex == self.md5 else "sidecar-md5-differs",)


def clock_of(row: ManifestRow, profile: Profile, *, now: datetime, mount: str = "") -> ClockClaim:
    """Read the time a recording claims: from its name, else from its file, in the zone that profile and *mount* give it."""
    named = read_name(profile, row.path.raw).time
    if named is not None:
        return read_clock(named, zone=profile.clock.zone, now=now)
    return read_modified(row.modified_ns, now=now, zone=profile.clock.zone if _shows_the_clock(mount) else "UTC")


def _shows_the_clock(mount: str) -> bool:
    """Say whether times of change are what the camera's clock showed; else the host made something of them."""
    return not _DIGITS_AS_UTC.isdisjoint(mount.split(","))


def _corrected(row: ManifestRow, named: str | None, claim: ClockClaim, known: Known) -> Corrected | None:
    if known.clock is None or claim.at is None or not _NO_TIME.isdisjoint(claim.findings):
        return None
    if named is not None:
        return known.clock.corrected(claim.at, _OF_NAMES)
    # a time of change is when the camera wrote for the last time: the end of a recording
    return known.clock.corrected(claim.at, _OF_FAT) if _shows_the_clock(known.mount) and row.modified_ns > 0 else None


def _later(value: Mapping[str, Any]) -> dict[str, Any]:
    """Read what claims say since later versions; those of earlier ones lie in spools."""
    event, uncertainty = value.get("event"), value.get("uncertainty_ms")
    return {
        "corrected_at": _optional(value.get("corrected_at")),
        "uncertainty_ms": None if uncertainty is None else int(str(uncertainty)),
        "event": None if event is None else {"of": str(event["of"]), "part": int(event["part"]), "parts": int(event["parts"])},
    }


def _optional(value: Json) -> str | None:
    return None if value is None else str(value)
