"""
What is known of a recording before its bytes are read: enough to record it later without the camera.

A claim is written into the spool before the first byte is read, so that a process that died after the last one can still say
where the bytes came from. It holds names; it stays in the spool and goes into the vault, never into a leaf.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from device_profiles.clocks import ClockClaim, read_clock, read_modified
from device_profiles.names import read_name
from device_profiles.profile import Profile
from ingest.manifest import ManifestRow
from storage.evidence import Actor, Content, DevicePath, Entry, Json, Subject, utc_text
from storage.hashing import Reading

Key: TypeAlias = tuple[Subject, DevicePath, int, int]


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
    findings: tuple[str, ...] = ()
    md5: str | None = None
    """What the camera's own sidecar says, in hexadecimal; a difference is a finding, never a reason to drop anything."""

    @property
    def key(self) -> Key:
        """What is the same for the same recording as it lies on the camera."""
        return self.device, self.path, self.size, self.modified_ns

    @classmethod
    def of(cls, row: ManifestRow, *, device: Subject, manifest: int, profile: Profile, now: datetime) -> Claim:
        """Put together what the manifest, the name and the clock claim."""
        said = read_name(profile, row.path.raw)
        clock = _clock(said.time, row, profile, now)
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
            findings=tuple(marks),
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
            "findings": list(self.findings),
            "md5": self.md5,
        }

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


def content_json(content: Content) -> dict[str, Json]:
    """Write a content as leaves do."""
    segments = content.segments
    written: dict[str, Json] = {
        "size": content.size,
        "blake3": str(content.blake3),
        "sha256": str(content.sha256),
        "seg": {"n": segments.count, "size": segments.size, "root": segments.root.hex()},
    }
    if content.sm3 is not None:
        written["sm3"] = str(content.sm3)
    return written


def _clock(named: str | None, row: ManifestRow, profile: Profile, now: datetime) -> ClockClaim:
    if named is None:
        return read_modified(row.modified_ns, now=now)
    return read_clock(named, zone=profile.clock.zone, now=now)


def _optional(value: Json) -> str | None:
    return None if value is None else str(value)
