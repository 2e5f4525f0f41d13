"""
From a listed card to the claims of its recordings, with everything that can be told of them before a byte is read.

`Examining.examine` only looks: at the list, at what was listed last time, at the clips that came from this camera. Then
`Examining.record` writes down what was found: ``CARD_EXAMINED`` about the camera, and ``FOUND`` about clips that are ours
already. Both may be repeated; what is known already is not said again of a clip.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from device_profiles.names import read_name
from ingest import before
from ingest.claims import Claim, Known, clock_of
from ingest.clock_offset import ON_CLIPS
from ingest.docked import Arrival
from ingest.manifest import Manifest, ManifestRow, Verdict
from ingest.stitching import MISSING, Part, Segment, stitched
from storage.clips import found
from storage.custody import Custody
from storage.database import Engine
from storage.earlier import EarlierClip, clips_of, newest_list
from storage.evidence import Actor, DevicePath, Entry, Json, Subject, utc_moment
from storage.identity import blind_index
from storage.vault import Vault

_MOST_PATHS = 200
"""Of one finding, that are written down; the number of all stands beside them."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A card that was just listed."""

    device: Subject
    number: int
    """Of its ``MANIFESTED``."""
    manifest: Manifest
    arrival: Arrival
    now: datetime
    space: before.Space | None = None
    """None where the card is only a folder."""
    folders: Collection[str] = ()
    """Folders at its top, which may be empty."""
    is_whole: bool = True
    """False where only some files of a folder that is being watched were listed."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found on a card."""

    listed: Listed
    claims: tuple[Claim, ...]
    """One for every file that is to be read, in the order of the list."""
    findings: tuple[before.CardFinding, ...] = ()
    of_clips: Mapping[Subject, tuple[str, ...]] | None = None
    """New findings about clips that are ours already."""

    @property
    def codes(self) -> frozenset[str]:
        """What was found about the card as a whole, in short."""
        return frozenset(finding.code for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was seen of this camera before."""

    rows: tuple[ManifestRow, ...] = ()
    at: datetime | None = None
    clips: tuple[EarlierClip, ...] = ()
    removed: Collection[Subject] = ()
    """Clips that we removed from it ourselves."""


def _none_removed(_device: Subject) -> Collection[Subject]:
    return ()


@dataclass(frozen=True, slots=True)
class Examining:
    """What examining a card needs besides the card."""

    engine: Engine
    vault: Vault
    custody: Custody
    actor: Actor
    index_key: bytes
    removed: Callable[[Subject], Collection[Subject]] = _none_removed
    """Which clips of a camera we removed from it ourselves, or were about to when we died."""

    def examine(self, listed: Listed) -> Examination:
        """Look at everything that can be told before a byte is read. Raises `StorageUnavailable`."""
        earlier = self._earlier(listed)
        parts = stitched(listed.arrival.profile, listed.manifest.rows, earlier.clips, lambda first: self._event(listed, first))
        if not listed.is_whole:
            parts = {path: replace(part, findings=()) for path, part in parts.items()}
        return examined(listed, earlier, parts)

    def record(self, examination: Examination) -> None:
        """Write down what was found, if anything was."""
        if examination.findings:
            self.custody.record(examined_entry(examination, self.actor))
        for clip, codes in (examination.of_clips or {}).items():
            self.custody.record(found(clip, self.actor, codes=codes, manifest=examination.listed.number))

    def _earlier(self, listed: Listed) -> Earlier:
        clips = clips_of(self.engine, listed.device)
        last = newest_list(self.engine, self.vault, listed.device, before=listed.number) if listed.is_whole else None
        if last is None:
            return Earlier(clips=clips)
        rows = () if last.rows is None else Manifest.from_json(last.rows).rows
        return Earlier(rows, utc_moment(last.at), clips, self.removed(listed.device))

    def _event(self, listed: Listed, first: Segment) -> str:
        value = f"{listed.device}\0{first.path.hex()}\0{first.size}\0{first.modified_ns}"
        return blind_index(self.index_key, domain="event", value=value)


def examined(listed: Listed, earlier: Earlier, parts: Mapping[DevicePath, Part]) -> Examination:
    """Decide what is said of each recording, of clips that are ours already, and of the card; a pure function."""
    rows, profile = listed.manifest.rows, listed.arrival.profile
    # of a folder that is being watched other files are still to come
    gaps, beside = before.missing_numbers(profile, rows if listed.is_whole else (), earlier.clips)
    lost = before.lost_marks(profile, rows, earlier.clips, earlier.rows)
    of_docking = [code for code in _clock_findings(listed.arrival) if code in ON_CLIPS]
    claims = []
    for row in rows:
        if row.verdict is not Verdict.READ:
            continue
        part = parts.get(row.path)
        marks = [*of_docking, *([before.SEQUENCE_GAP] if row.path in beside else [])]
        marks += [before.VANISHED_MARK] if row.path in lost else []
        marks += part.findings if part is not None else ()
        known = Known(clock=listed.arrival.clock, part=part, findings=tuple(marks), mount=listed.arrival.docking.mount_options)
        claims.append(Claim.of(row, device=listed.device, manifest=listed.number, profile=profile, now=listed.now, known=known))
    cards = [*gaps, *_parts_missing(parts), *_marks_lost(lost), *_whole_card(listed, earlier)]
    return Examination(listed, tuple(claims), tuple(cards), _of_clips(rows, earlier, claims, lost))


def examined_entry(examination: Examination, actor: Actor) -> Entry:
    """Return the ``CARD_EXAMINED`` of what was found; which files it is about is personal."""
    findings: list[Json] = [{"code": one.code, "count": one.count, **one.figures} for one in examination.findings]
    paths: dict[str, Json] = {
        one.code: [path.raw.hex() for path in one.paths[:_MOST_PATHS]] for one in examination.findings if one.paths
    }
    body: dict[str, Json] = {"findings": findings, "manifest": examination.listed.number}
    return Entry("CARD_EXAMINED", examination.listed.device, actor, body, {"paths": paths} if paths else {})


def _of_clips(
    rows: tuple[ManifestRow, ...], earlier: Earlier, claims: list[Claim], lost: Mapping[DevicePath, EarlierClip | None]
) -> Mapping[Subject, tuple[str, ...]]:
    """Say what is new about clips that are ours: they lost their mark, or what is missing is only seen now."""
    late = frozenset({before.SEQUENCE_GAP, MISSING})
    ours = {(clip.path, clip.size, clip.modified_ns): clip for clip in earlier.clips}
    times = {row.path: row.modified_ns for row in rows}
    new: dict[EarlierClip, list[str]] = {clip: [before.VANISHED_MARK] for clip in lost.values() if clip is not None}
    for claim in claims:
        clip = ours.get((claim.path.raw, claim.size, times[claim.path]))
        if clip is not None:
            new.setdefault(clip, []).extend(code for code in claim.findings if code in late)
    fresh = {clip.subject: tuple(dict.fromkeys(c for c in codes if c not in clip.findings)) for clip, codes in new.items()}
    return {clip: codes for clip, codes in fresh.items() if codes}


def _clock_findings(arrival: Arrival) -> tuple[str, ...]:
    return () if arrival.clock is None else arrival.clock.findings


def _parts_missing(parts: Mapping[DevicePath, Part]) -> list[before.CardFinding]:
    paths = tuple(path for path, part in parts.items() if MISSING in part.findings)
    events = Counter(parts[path].event for path in paths)
    return [before.CardFinding(MISSING, len(events), paths=paths)] if paths else []


def _marks_lost(lost: Collection[DevicePath]) -> list[before.CardFinding]:
    return [before.CardFinding(before.VANISHED_MARK, len(lost), paths=tuple(lost))] if lost else []


def _whole_card(listed: Listed, earlier: Earlier) -> list[before.CardFinding]:
    rows, profile = listed.manifest.rows, listed.arrival.profile
    asked = listed.arrival.docking.asked
    return [
        *(before.gone(rows, earlier.rows, earlier.clips, earlier.removed) if listed.is_whole else ()),
        *before.unfamiliar(profile, rows, earlier.rows, earlier.at),
        *(before.ahead(_newest_named(listed), listed.now) if listed.arrival.clock is None else ()),
        *(before.room(rows, listed.space) if listed.is_whole else ()),
        *before.traces(rows, listed.folders),
        *([before.CardFinding("no-password")] if asked is not None and asked.needs_password is False else []),
    ]


def _newest_named(listed: Listed) -> datetime | None:
    """Return the newest moment that a name claims; times of change mean what the mount makes of them and are no measure."""
    profile = listed.arrival.profile
    named = (row for row in listed.manifest.rows if row.verdict is Verdict.READ and read_name(profile, row.path.raw).time)
    times = (clock_of(row, profile, now=listed.now).at for row in named)
    return max((at for at in times if at is not None), default=None)
