"""
What a card tells of the time before it came to us.

Whoever had a cable could open most cameras. What that leaves behind is looked for here: numbers that are missing, recordings
that are gone though we removed nothing, a mark of importance that vanished, room that is taken by no file, traces of a desktop
computer. Every one of these is a reason to ask and never a proof; none keeps a recording from being taken in.

======================  =====================================================================================================
finding                 meaning
======================  =====================================================================================================
``sequence-gap``        numbers are missing between two recordings (also said of the two)
``segment-missing``     a part of one recording is missing (also said of the parts beside it)
``importance-vanished``  it was marked important and is not any more (also said of it)
``gone-ours``           recordings that are ours already lie no more on the card, and we did not remove them
``gone-unsecured``      recordings that were listed last time and never became ours lie no more on the card
``unfamiliar-new``      recordings newer than the last docking whose names this camera does not give
``clock-ahead``         its clock cannot be asked, and a recording claims to be from a time still to come
``space-unexplained``   more room is taken on the card than its files take
``space-contradicted``  its files claim more room than is taken on the card
``host-windows`` …      files that a desktop system writes: windows, macos, linux or android
``repaired``            a check of the file system put pieces of lost files together
``no-password``         the camera could be opened without a password
======================  =====================================================================================================
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from device_profiles.names import read_name, speaking_rule
from device_profiles.profile import Profile
from device_profiles.sequences import Gap, gaps
from device_profiles.text import readable
from ingest.manifest import ManifestRow, Verdict
from storage.earlier import EarlierClip
from storage.evidence import DevicePath, MediaKind, Subject

SEQUENCE_GAP, VANISHED_MARK = "sequence-gap", "importance-vanished"

_FOOTAGE = frozenset({MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.PHOTO})
_TRACES: Mapping[str, tuple[str, ...]] = {
    "host-windows": ("system volume information", "$recycle.bin", "recycler", "thumbs.db", "desktop.ini", "indexervolumeguid"),
    "host-macos": (".trashes", ".fseventsd", ".spotlight-v100", ".ds_store", ".temporaryitems", "._*"),
    "host-linux": (".trash-*", "lost+found", ".directory"),
    "host-android": ("lost.dir", ".android_secure"),
    "repaired": ("found.[0-9][0-9][0-9]", "file[0-9][0-9][0-9][0-9].chk", "bootex.log", "fsck[0-9][0-9][0-9][0-9].rec"),
}
"""Names that desktop systems and checks of a file system give, in small letters."""

_LEAST_UNEXPLAINED = 16 * 2**20
"""Less is what a file system needs for itself."""
_OWN_SHARE = 200
"""A file system may need one part in so many for itself."""
_SOON = timedelta(minutes=1)
"""A clock may be so far ahead, or a measurement so rough, without anybody being told."""


@dataclass(frozen=True, slots=True)
class CardFinding:
    """Something about the card as a whole, or about several files on it."""

    code: str
    count: int = 1
    figures: Mapping[str, int] = field(default_factory=dict)
    """Further numbers: ``bytes``, ``ms``, ``missing``."""
    paths: tuple[DevicePath, ...] = ()
    """Which files; personal."""


@dataclass(frozen=True, slots=True)
class Space:
    """Room on a file system, as it says itself."""

    used: int
    total: int
    cluster: int

    @classmethod
    def of(cls, root: Path) -> Space | None:
        """Ask the file system mounted at *root*; None where *root* is only a folder of a larger one, or does not tell."""
        try:
            if not os.path.ismount(root):
                return None
            said = os.statvfs(root)
        except OSError:
            return None
        unit = said.f_frsize or said.f_bsize
        return cls((said.f_blocks - said.f_bfree) * unit, said.f_blocks * unit, max(1, said.f_bsize))


def missing_numbers(
    profile: Profile, rows: Sequence[ManifestRow], clips: Iterable[EarlierClip]
) -> tuple[list[CardFinding], frozenset[DevicePath]]:
    """Say which numbers are missing beside recordings on the card, and beside which; what became ours is not missing."""
    here = {row.path.raw: row.path for row in rows if row.verdict is Verdict.READ and row.kind in _FOOTAGE}
    before = {clip.path for clip in clips if clip.path is not None and clip.kind in _FOOTAGE}
    places = _numbered(profile, here)
    found: dict[Gap, set[bytes]] = {}
    for gap in gaps(profile, {*here, *before}):
        beside = places.get((gap.folder, gap.device, gap.first - 1), set()) | places.get(
            (gap.folder, gap.device, gap.last + 1), set()
        )
        if beside:
            found[gap] = beside
    if not found:
        return [], frozenset()
    paths = tuple(here[path] for path in sorted(set().union(*found.values())))
    missing = sum(gap.last - gap.first + 1 for gap in found)
    return [CardFinding(SEQUENCE_GAP, len(found), {"missing": missing}, paths)], frozenset(paths)


def _numbered(profile: Profile, paths: Iterable[bytes]) -> Mapping[tuple[str, str | None, int], set[bytes]]:
    places: dict[tuple[str, str | None, int], set[bytes]] = defaultdict(set)
    for path in paths:
        said = read_name(profile, path)
        if said.sequence is not None and said.sequence.isdecimal():
            places[readable(path).rpartition("/")[0], said.device, int(said.sequence)].add(path)
    return places


def lost_marks(
    profile: Profile, rows: Sequence[ManifestRow], clips: Sequence[EarlierClip], earlier: Sequence[ManifestRow]
) -> Mapping[DevicePath, EarlierClip | None]:
    """
    Say which recordings on the card were marked important before and are not now, each with the clip it was, if it became ours.

    It is the same recording where size and time of change are the same, whatever it is called now and wherever it lies.
    """
    footage = [clip for clip in clips if clip.kind in _FOOTAGE and clip.path is not None]
    listed = [row for row in earlier if row.kind in _FOOTAGE]
    ours = {_likeness(clip): clip for clip in footage if _is_marked(profile, clip.path or b"")}
    known = {_likeness(row) for row in listed if _is_marked(profile, row.path.raw)}
    read = [row for row in rows if row.verdict is Verdict.READ and row.kind in _FOOTAGE and row.size]
    # the same recording may lie there twice, once marked and once copied out of the marked folder
    still = {_likeness(row) for row in read if _is_marked(profile, row.path.raw)}
    # and what lay beside it all the time was never marked, however like it is
    own = {(clip.path, *_likeness(clip)) for clip in footage}
    beside = {(row.path.raw, *_likeness(row)) for row in listed}
    lost: dict[DevicePath, EarlierClip | None] = {}
    for row in read:
        like, place = _likeness(row), (row.path.raw, *_likeness(row))
        if like in ours and like not in still and place not in own:
            lost[row.path] = ours[like]
        elif like in known and like not in still and place not in own | beside:
            lost[row.path] = None
    return lost


def _likeness(file: ManifestRow | EarlierClip) -> tuple[int, int]:
    """Return what stays the same when a file is renamed or moved."""
    return file.size, file.modified_ns


def _is_marked(profile: Profile, path: bytes) -> bool:
    return read_name(profile, path).important


def gone(
    rows: Sequence[ManifestRow],
    earlier: Sequence[ManifestRow],
    clips: Sequence[EarlierClip],
    removed: Collection[Subject] = (),
) -> Iterator[CardFinding]:
    """Say which recordings of the last list are on the card no more, but for those that we *removed* ourselves."""
    paths, before = {row.path for row in rows}, {row.path for row in earlier}
    moved = {(row.size, row.modified_ns) for row in rows if row.path not in before}
    ours = {(clip.path, clip.size): clip for clip in clips if clip.path is not None}
    lost: dict[str, list[DevicePath]] = defaultdict(list)
    for row in earlier:
        is_there = row.path in paths or (row.size, row.modified_ns) in moved
        if row.verdict is not Verdict.READ or row.kind not in _FOOTAGE or is_there:
            continue
        clip = ours.get((row.path.raw, row.size))
        if clip is None:
            lost["gone-unsecured"].append(row.path)
        elif clip.subject not in removed:
            lost["gone-ours"].append(row.path)
    for code, some in sorted(lost.items()):
        yield CardFinding(code, len(some), paths=tuple(some))


def unfamiliar(
    profile: Profile, rows: Sequence[ManifestRow], earlier: Sequence[ManifestRow], since: datetime | None
) -> Iterator[CardFinding]:
    """Say which recordings came since the last docking under names that this camera does not give, if it gives any."""
    if since is None or not profile.names:
        return
    known = {(row.path, row.size) for row in earlier}
    footage = [row for row in rows if row.verdict is Verdict.READ and row.kind in _FOOTAGE]
    silent = [row for row in footage if speaking_rule(profile, readable(row.path.raw)) is None]
    after = int(since.timestamp()) * 10**9
    new = tuple(row.path for row in silent if (row.path, row.size) not in known and row.modified_ns > after)
    if new and len(silent) < len(footage):
        yield CardFinding("unfamiliar-new", len(new), paths=new)


def ahead(newest: datetime | None, now: datetime) -> Iterator[CardFinding]:
    """Say that a clock nobody could ask was ahead by at least so much; *newest* is the newest moment that a name claims."""
    if newest is not None and newest > now + _SOON:
        yield CardFinding("clock-ahead", figures={"ms": (newest - now) // timedelta(milliseconds=1)})


def room(rows: Iterable[ManifestRow], space: Space | None) -> Iterator[CardFinding]:
    """Hold the room taken on the card against what its files take, in whole clusters."""
    if space is None:
        return
    files = list(rows)
    folders = {readable(row.path.raw).rpartition("/")[0] for row in files}
    taken = sum(-(-row.size // space.cluster) for row in files) * space.cluster
    own = max(_LEAST_UNEXPLAINED, space.total // _OWN_SHARE) + len(folders) * space.cluster
    if space.used - taken > own:
        yield CardFinding("space-unexplained", figures={"bytes": space.used - taken})
    if taken - space.used > own:
        yield CardFinding("space-contradicted", figures={"bytes": taken - space.used})


def traces(rows: Iterable[ManifestRow], folders: Collection[str] = ()) -> Iterator[CardFinding]:
    """Say which other systems left something on the card; *folders* are those that may be empty, and so in no row."""
    found: dict[str, set[DevicePath]] = defaultdict(set)
    seen: dict[str, int] = defaultdict(int)
    for row in rows:
        for code in _left_by(readable(row.path.raw)):
            found[code].add(row.path)
    for folder in folders:
        for code in _left_by(folder):
            seen[code] += 1
    for code in _TRACES:
        if found[code] or seen[code]:
            yield CardFinding(
                code, max(len(found[code]), seen[code]), paths=tuple(sorted(found[code], key=lambda path: path.raw))
            )


def _left_by(text: str) -> set[str]:
    parts = text.lower().split("/")
    return {code for code, names in _TRACES.items() if any(fnmatchcase(part, name) for part in parts for name in names)}
